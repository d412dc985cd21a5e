//! One application per state directory: the lock that Java takes, and one for this process.

use super::io_error;
use crate::{Error, ErrorKind, Result};
use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;
use rustix::process::{Flock, FlockType, fcntl_getlk};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const FILE: &str = ".lock";

/// Directories locked by this process. POSIX locks do not exclude their own process, and closing *any* descriptor of the file gives its lock
/// up: so this is asked before the file is touched.
static HELD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A POSIX write lock over the whole of `.lock`, as Java's `FileChannel.tryLock` takes it; given up when dropped.
#[derive(Debug)]
pub(super) struct AppLock {
    directory: PathBuf,
    /// `Some` until it is dropped: the file must be closed before the entry in `HELD` goes.
    file: Option<File>,
}

impl AppLock {
    pub fn acquire(directory: &Path) -> Result<Self> {
        let refused = |e| io_error(directory, "lock the state directory", e, "check `state.dir` and its permissions");
        let directory = directory.canonicalize().map_err(refused)?;
        if !HELD.lock().unwrap_or_else(PoisonError::into_inner).insert(directory.clone()) {
            return Err(taken(&directory, "by another instance of the application in this process"));
        }
        let mut lock = AppLock { directory, file: None };
        let path = lock.directory.join(FILE);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(refused)?;
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                lock.file = Some(file);
                Ok(lock)
            }
            Err(Errno::ACCESS | Errno::AGAIN) => Err(taken(&lock.directory, &holder(&file))),
            Err(e) => Err(refused(e.into())),
        }
    }
}

impl Drop for AppLock {
    fn drop(&mut self) {
        self.file = None;
        HELD.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.directory);
    }
}

/// Who has the lock, as far as the system tells: a process in another container is not seen.
fn holder(file: &File) -> String {
    match fcntl_getlk(file, &Flock::from(FlockType::WriteLock)) {
        Ok(Some(Flock { pid: Some(pid), .. })) => format!("by process {pid}"),
        _ => "by another process".to_owned(),
    }
}

#[cold]
fn taken(directory: &Path, by: &str) -> Error {
    let message = format!("the state directory {} is in use {by}: stop it, or give this instance its own `state.dir`", directory.display());
    Error::new(ErrorKind::Io, message)
}
