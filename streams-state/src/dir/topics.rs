//! The repartition topics that the application was last seen with. A changelog that is deleted is missed by the store that it belongs to;
//! of what lay unprocessed in a repartition topic nothing else is left. A file of our own beside Java's.

use super::{StateDirectory, io_error, write_whole};
use crate::Result;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const FILE: &str = "repartition-topics";

impl StateDirectory {
    /// Topics, and what tells each from a later one of the same name.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when the file is there and cannot be read.
    pub fn repartition_topics(&self) -> Result<BTreeMap<String, String>> {
        let path = file(self.path());
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().filter_map(|line| line.split_once(' ')).map(|(name, id)| (name.into(), id.into())).collect()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(e) => Err(io_error(&path, "read", e, "check its permissions, or delete it")),
        }
    }

    /// Remembers them, in place of those before.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when that cannot be written.
    pub fn remember_repartition_topics(&self, topics: &BTreeMap<String, String>) -> Result<()> {
        let text: String = topics.iter().map(|(name, id)| format!("{name} {id}\n")).collect();
        write_whole(&file(self.path()), &text)
    }

    pub(super) fn forget_repartition_topics(&self) -> Result<()> {
        let path = file(self.path());
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(io_error(&path, "delete", e, "check its permissions")),
            _ => Ok(()),
        }
    }
}

fn file(directory: &Path) -> PathBuf {
    directory.join(FILE)
}
