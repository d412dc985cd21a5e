//! The state directory, laid out and locked as Java's.
//!
//! ```text
//! <state.dir>/<application.id>/            mode 750
//!     .lock                                held while the application lives
//!     kafka-streams-process-metadata       {"processId": "<uuid>"}
//!     repartition-topics                   not Java's: names and ids
//!     0_1/                                 a task: sub-topology and partition
//!         rocksdb/<store>/                 point stores
//!         <store>/<store>.<ms>/            window stores, by segment
//!     global/                              stores of the global task
//! ```

mod lock;
mod process_id;
mod task;
#[cfg(test)]
mod tests;
mod topics;

pub use task::{TaskDirectory, TaskOnDisk};

use crate::{Error, ErrorKind, Result};
use lock::AppLock;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use uuid::Uuid;

/// Directory of the global task.
const GLOBAL: &str = "global";

/// A task: sub-topology and partition.
type Task = (u32, i32);

/// The directory of one application, locked against other processes and other instances of this one until the last clone is gone.
#[derive(Clone, Debug)]
pub struct StateDirectory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    mode: u32,
    process_id: Uuid,
    /// Tasks whose directories are in use in this process.
    held: Mutex<BTreeSet<Task>>,
    _lock: AppLock,
}

impl StateDirectory {
    /// Creates `<state_dir>/<application_id>` where it is missing, locks it and reads, or makes, the process id. Group members may write in
    /// it only where `group_write` says so (`allow.os.group.write.access`).
    ///
    /// An application whose stores are all in memory needs none of this.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the directory cannot be created or written, and when somebody else holds it; the message names the directory
    /// and, where the system tells it, the process.
    pub fn open(state_dir: &Path, application_id: &str, group_write: bool) -> Result<Self> {
        let mode = if group_write { 0o770 } else { 0o750 };
        let path = state_dir.join(application_id);
        let refused = |e| io_error(&path, "create the state directory", e, "check `state.dir` and its permissions");
        DirBuilder::new().recursive(true).mode(mode).create(&path).map_err(refused)?;
        // The umask had a say in it.
        fs::set_permissions(&path, Permissions::from_mode(mode)).map_err(refused)?;
        let lock = AppLock::acquire(&path)?;
        let process_id = process_id::load(&path)?;
        Ok(StateDirectory(Arc::new(Inner { path, mode, process_id, held: Mutex::default(), _lock: lock })))
    }

    /// `<state.dir>/<application.id>`.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Names this process's share of the state across restarts.
    pub fn process_id(&self) -> Uuid {
        self.0.process_id
    }

    /// Takes the directory of a task, creating it. `None` while somebody else in this process still has it: try again later.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be created.
    pub fn lock_task(&self, subtopology: u32, partition: i32) -> Result<Option<TaskDirectory>> {
        let task = (subtopology, partition);
        if !self.held().insert(task) {
            return Ok(None);
        }
        let directory = TaskDirectory::new(self.clone(), task);
        self.create(directory.path())?;
        Ok(Some(directory))
    }

    /// The directory of the global task, created.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be created.
    pub fn global(&self) -> Result<PathBuf> {
        let path = self.0.path.join(GLOBAL);
        self.create(&path)?;
        Ok(path)
    }

    /// The tasks that have state here, in order, whoever holds them. Empty directories do not count.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the directory cannot be read.
    pub fn tasks(&self) -> Result<Vec<TaskOnDisk>> {
        task::list(&self.0.path)
    }

    /// Deletes the directories of tasks that nobody here holds and that were let go longer than `delay` before `now`
    /// (`state.cleanup.delay.ms`). Returns them.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when one cannot be deleted; those before it are gone.
    pub fn clean_obsolete(&self, now: SystemTime, delay: Duration) -> Result<Vec<TaskOnDisk>> {
        let let_go = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
        self.clean(let_go, now, delay)
    }

    /// Deletes the directories of tasks that nobody here holds and in which nothing was written for longer than `age` before `now`
    /// (`state.cleanup.dir.max.age.ms`, KIP-1259). Returns them.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when one cannot be deleted; those before it are gone.
    pub fn clean_outdated(&self, now: SystemTime, age: Duration) -> Result<Vec<TaskOnDisk>> {
        self.clean(task::last_written, now, age)
    }

    fn clean(&self, last_used: impl Fn(&Path) -> Option<SystemTime>, now: SystemTime, most: Duration) -> Result<Vec<TaskOnDisk>> {
        let mut gone = Vec::new();
        for (task, path) in task::directories(&self.0.path)? {
            // Held for the time of the deletion, so that no thread opens the task meanwhile.
            if !self.held().insert(task) {
                continue;
            }
            let _directory = TaskDirectory::quiet(self.clone(), task);
            let idle = last_used(&path).and_then(|last| now.duration_since(last).ok());
            if idle.is_some_and(|idle| idle > most) {
                let stores = task::stores(&path)?;
                remove(&path)?;
                gone.push(TaskOnDisk { subtopology: task.0, partition: task.1, path, stores });
            }
        }
        Ok(gone)
    }

    /// Deletes the state of all tasks and the global one, forgets the repartition topics, and keeps the process id. Only for an application that
    /// is not running.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] while a task is in use, [`ErrorKind::Io`] when something cannot be deleted.
    #[doc(alias = "cleanUp")]
    pub fn clean_up(&self) -> Result<()> {
        if let Some((subtopology, partition)) = self.held().first() {
            let message = format!("task {subtopology}_{partition} in {} is in use: close the application first", self.0.path.display());
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        for (_, path) in task::directories(&self.0.path)? {
            remove(&path)?;
        }
        self.forget_repartition_topics()?;
        remove(&self.0.path.join(GLOBAL))
    }

    fn held(&self) -> MutexGuard<'_, BTreeSet<Task>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, path: &Path) -> Result<()> {
        let refused = |e| io_error(path, "create the directory", e, "check `state.dir` and its permissions");
        DirBuilder::new().recursive(true).mode(self.0.mode).create(path).map_err(refused)
    }
}

/// Deletes a directory that may be gone already.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(io_error(path, "delete", e, "check its permissions")),
        _ => Ok(()),
    }
}

/// Renamed into place, so that nobody ever reads half of it.
fn write_whole(path: &Path, text: &str) -> Result<()> {
    let draft = path.with_extension("tmp");
    fs::write(&draft, text).and_then(|()| fs::rename(&draft, path)).map_err(|e| io_error(path, "write", e, "check its permissions"))
}

#[cold]
fn io_error(path: &Path, doing: &str, cause: io::Error, advice: &str) -> Error {
    let advice = match cause.kind() {
        io::ErrorKind::StorageFull => "the disk is full: make room",
        _ => advice,
    };
    Error::caused(ErrorKind::Io, format!("could not {doing} {}: {advice}", path.display()), cause)
}
