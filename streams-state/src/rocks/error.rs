//! RocksDB's errors in the words of this crate.

use crate::{Error, ErrorKind};
use rocksdb::ErrorKind as Rocks;
use std::path::Path;

/// `doing` completes "RocksDB could not ...".
#[cold]
pub(super) fn refused(path: &Path, doing: &str, cause: rocksdb::Error) -> Error {
    let path = path.display();
    let text = cause.to_string();
    let (kind, advice) = match cause.kind() {
        Rocks::Corruption | Rocks::NotFound => {
            (ErrorKind::Corrupted, "its files are damaged: delete the directory, the store is rebuilt from its changelog")
        }
        Rocks::IOError if text.contains("lock hold by") || text.contains("While lock file") => {
            (ErrorKind::Io, "another process or store has it open")
        }
        Rocks::IOError if text.contains("No space left") => (ErrorKind::Io, "the disk is full: make room"),
        Rocks::IOError if text.contains("quota exceeded") || text.contains("File too large") => {
            (ErrorKind::Io, "a quota or a limit on the size of files is reached: make room, or raise it")
        }
        Rocks::IOError if text.contains("Permission denied") => (ErrorKind::Io, "permission is denied: check owner and mode"),
        Rocks::IOError if text.contains("No such file") => {
            (ErrorKind::Corrupted, "files are missing: delete the directory, the store is rebuilt from its changelog")
        }
        _ => (ErrorKind::Io, "see the cause"),
    };
    Error::caused(kind, format!("RocksDB could not {doing} {path}: {advice}"), cause)
}

/// The same for what the file system refused before RocksDB saw it.
#[cold]
pub(super) fn refused_io(path: &Path, doing: &str, cause: std::io::Error) -> Error {
    Error::caused(ErrorKind::Io, format!("could not {doing} {}", path.display()), cause)
}
