//! The directories of tasks.

use super::{StateDirectory, Task, io_error};
use crate::Result;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where point stores lie in a task's directory.
const ROCKSDB: &str = "rocksdb";

/// The directory of a task that this process works on; free for others of the process when dropped.
#[derive(Debug)]
pub struct TaskDirectory {
    directory: StateDirectory,
    task: Task,
    path: PathBuf,
    /// Whether letting go starts the time after which the directory counts as obsolete.
    touch: bool,
}

impl TaskDirectory {
    pub(super) fn new(directory: StateDirectory, task: Task) -> Self {
        let path = directory.path().join(format!("{}_{}", task.0, task.1));
        TaskDirectory { directory, task, path, touch: true }
    }

    pub(super) fn quiet(directory: StateDirectory, task: Task) -> Self {
        let mut directory = Self::new(directory, task);
        directory.touch = false;
        directory
    }

    /// `<state.dir>/<application.id>/<sub-topology>_<partition>`.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TaskDirectory {
    fn drop(&mut self) {
        if self.touch {
            // Nothing else changes the directory itself. If it cannot be done, the directory only looks older than it is.
            let _ = File::open(&self.path).and_then(|file| file.set_modified(SystemTime::now()));
        }
        self.directory.held().remove(&self.task);
    }
}

/// A task that has state on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOnDisk {
    /// Number of the sub-topology.
    pub subtopology: u32,
    /// Number of the partition.
    pub partition: i32,
    /// Its directory.
    pub path: PathBuf,
    /// Names of its stores, in order.
    pub stores: Vec<String>,
}

/// The tasks with at least one store.
pub(super) fn list(application: &Path) -> Result<Vec<TaskOnDisk>> {
    let mut tasks = Vec::new();
    for ((subtopology, partition), path) in directories(application)? {
        let stores = stores(&path)?;
        if !stores.is_empty() {
            tasks.push(TaskOnDisk { subtopology, partition, path, stores });
        }
    }
    Ok(tasks)
}

/// When anything in a task's directory was written last: a process that was killed did not touch the directory itself. `None` where that cannot
/// be known.
pub(super) fn last_written(path: &Path) -> Option<SystemTime> {
    let data = fs::metadata(path).ok()?;
    let mut last = data.modified().ok()?;
    if data.is_dir() {
        for entry in fs::read_dir(path).ok()? {
            last = last.max(last_written(&entry.ok()?.path())?);
        }
    }
    Some(last)
}

/// Every directory with the name of a task, by task.
pub(super) fn directories(application: &Path) -> Result<Vec<(Task, PathBuf)>> {
    let mut tasks: Vec<_> = subdirectories(application)?.into_iter().filter_map(|(name, path)| Some((parse(&name)?, path))).collect();
    tasks.sort();
    Ok(tasks)
}

/// `0_1`: digits, an underscore, digits.
fn parse(name: &str) -> Option<Task> {
    let (subtopology, partition) = name.split_once('_')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(subtopology) || !digits(partition) {
        return None;
    }
    Some((subtopology.parse().ok()?, partition.parse().ok()?))
}

/// Names of the stores in a task's directory.
pub(super) fn stores(task: &Path) -> Result<Vec<String>> {
    let mut stores = Vec::new();
    for (name, path) in subdirectories(task)? {
        if name == ROCKSDB {
            stores.extend(subdirectories(&path)?.into_iter().map(|(name, _)| name));
        } else {
            let prefix = format!("{name}.");
            let is_segment = |(file, _): &(String, _)| file.strip_prefix(&prefix).is_some_and(|start| start.parse::<i64>().is_ok());
            if subdirectories(&path)?.iter().any(is_segment) {
                stores.push(name);
            }
        }
    }
    stores.sort();
    Ok(stores)
}

fn subdirectories(path: &Path) -> Result<Vec<(String, PathBuf)>> {
    let read = || -> io::Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if let (true, Ok(name)) = (entry.file_type()?.is_dir(), entry.file_name().into_string()) {
                found.push((name, entry.path()));
            }
        }
        Ok(found)
    };
    match read() {
        // Deleted while it was looked at.
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(|e| io_error(path, "list the directory", e, "check its permissions")),
    }
}
