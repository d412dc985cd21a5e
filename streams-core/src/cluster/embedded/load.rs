//! Filling a topic quickly.

use super::EmbeddedCluster;
use super::errors::rejected;
use crate::cluster::ProduceRecord;
use crate::{Error, ErrorKind, Headers, Result};
use std::io::BufRead;

/// Text that goes to one partition before the next one gets its turn.
const BLOCK_BYTES: usize = 64 * 1024;

impl EmbeddedCluster {
    /// Writes each line of a text as a record without a key, block by block over all partitions; how many lines there were. Line ends
    /// (`\n`, `\r\n`) are not part of the value. `timestamp` (milliseconds) is that of every record.
    pub fn load_lines(&self, topic: &str, mut text: impl BufRead, timestamp: i64) -> Result<u64> {
        let topic = self.shared.topics.get(topic)?;
        let limit = topic.config.max_message_bytes;
        let mut lines = 0;
        // A block: the lines behind one another, and where each ends.
        let (mut block, mut ends) = (Vec::with_capacity(2 * BLOCK_BYTES), Vec::new());
        for partition in topic.partitions.iter().cycle() {
            block.clear();
            ends.clear();
            while block.len() < BLOCK_BYTES {
                let start = block.len();
                let read = text.read_until(b'\n', &mut block).map_err(|e| {
                    Error::caused(ErrorKind::Io, format!("the text for topic `{}` cannot be read after line {lines}", topic.name), e)
                })?;
                if read == 0 {
                    break;
                }
                let line = &block[start..];
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                let line = line.strip_suffix(b"\r").unwrap_or(line).len();
                lines += 1;
                if line > limit {
                    return Err(rejected(format!(
                        "line {lines} has {line} bytes, topic `{}` takes at most {limit}: raise its config `max.message.bytes`",
                        topic.name
                    )));
                }
                block.truncate(start + line);
                ends.push(start + line);
            }
            if ends.is_empty() {
                break;
            }
            partition.append_many(|append| {
                let mut start = 0;
                for end in &ends {
                    append(&ProduceRecord { key: None, value: Some(&block[start..*end]), timestamp, headers: &Headers::new() });
                    start = *end;
                }
            })?;
        }
        Ok(lines)
    }
}
