//! The process id: names a process's share of the state to the group, across restarts.

use super::{io_error, write_whole};
use crate::Result;
use serde::Deserialize;
use std::fs;
use std::io;
use std::path::Path;
use uuid::Uuid;

const FILE: &str = "kafka-streams-process-metadata";

/// The file's content; fields of later versions are ignored.
#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "processId")]
    process_id: String,
}

/// Reads the id. One that is missing, or that a crash left unreadable, is made anew: the tasks here are then found by their directories.
pub(super) fn load(directory: &Path) -> Result<Uuid> {
    let path = directory.join(FILE);
    match fs::read(&path) {
        Ok(bytes) => {
            let stored = serde_json::from_slice::<Metadata>(&bytes).ok().and_then(|data| Uuid::try_parse(&data.process_id).ok());
            if let Some(process_id) = stored {
                return Ok(process_id);
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(io_error(&path, "read", e, "check its permissions")),
    }
    let process_id = Uuid::new_v4();
    write_whole(&path, &format!("{{\"processId\":\"{process_id}\"}}"))?;
    Ok(process_id)
}
