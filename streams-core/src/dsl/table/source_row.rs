//! The rows that a table makes of the records of its topic, for a restore from that topic.

use crate::cluster::RawRecord;
use crate::topology::ReadRow;
use crate::{BoxError, Data, Headers};
use std::sync::Arc;
use streams_state::NO_HEADERS;
use streams_state::serde::{Serde, SerdeContext, Wrote};

/// Reads as the source does and writes as the store does: the topic's bytes need not be those that the store would have written.
pub(super) struct SourceRow<K, V> {
    pub key_serde: Arc<dyn Serde<K>>,
    pub value_serde: Arc<dyn Serde<V>>,
}

impl<K: Data, V: Data> ReadRow for SourceRow<K, V> {
    fn read(
        &self,
        topic: &str,
        record: &RawRecord<'_>,
        headers: &Headers,
        key: &mut Vec<u8>,
        value: &mut Vec<u8>,
    ) -> Result<bool, BoxError> {
        let (from, to) = (SerdeContext { topic, headers }, SerdeContext { topic, headers: &NO_HEADERS });
        let read_key = self.key_serde.deserialize(&from, record.key)?;
        let wrote_key = match (self.key_serde.canonical_id(), record.key) {
            (Some(_), Some(bytes)) => {
                key.extend_from_slice(bytes);
                Wrote::Bytes
            }
            _ => self.key_serde.serialize(&to, &read_key, key)?,
        };
        if wrote_key == Wrote::Null {
            return Err("its key is null".into());
        }
        let Some(bytes) = record.value else { return Ok(false) };
        let read_value = self.value_serde.deserialize(&from, Some(bytes))?;
        if self.value_serde.canonical_id().is_some() {
            value.extend_from_slice(bytes);
            return Ok(true);
        }
        Ok(self.value_serde.serialize(&to, &read_value, value)? == Wrote::Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streams_state::serde::DefaultSerde;

    /// Texts that may be written with spaces around them, and are never written so.
    struct Trimmed;

    impl Serde<String> for Trimmed {
        fn serialize(&self, cx: &SerdeContext<'_>, value: &String, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
            assert!(cx.headers.is_empty(), "a store has no headers to give");
            out.extend_from_slice(value.as_bytes());
            Ok(Wrote::Bytes)
        }
        fn deserialize(&self, cx: &SerdeContext<'_>, data: Option<&[u8]>) -> Result<String, BoxError> {
            Ok(String::default_serde().deserialize(cx, data)?.trim().to_owned())
        }
    }

    /// Key and value of the row; `None`: the record is left out.
    fn row<K: Data, V: Data>(row: &SourceRow<K, V>, key: Option<&[u8]>, value: Option<&[u8]>) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let (mut key_out, mut value_out) = (Vec::new(), Vec::new());
        let record = RawRecord { key, value, timestamp: 0, offset: 0 };
        let is_there = row.read("topic", &record, &Headers::new(), &mut key_out, &mut value_out).ok()?;
        Some((key_out, is_there.then_some(value_out)))
    }

    #[test]
    fn rows_are_those_that_processing_would_have_made() {
        let canonical = SourceRow { key_serde: String::default_serde(), value_serde: i64::default_serde() };
        assert_eq!(row(&canonical, Some(b" k"), Some(&[0; 8])), Some((b" k".to_vec(), Some(vec![0; 8]))));
        assert_eq!(row(&canonical, Some(b"k"), None), Some((b"k".to_vec(), None)));
        assert_eq!(row(&canonical, Some(b"k"), Some(b"short")), None);
        assert_eq!(row(&canonical, Some(b"\xff"), Some(&[0; 8])), None, "no text");
        assert_eq!(row(&canonical, None, Some(&[0; 8])), None);
        let trimmed = SourceRow::<String, String> { key_serde: Arc::new(Trimmed), value_serde: Arc::new(Trimmed) };
        assert_eq!(row(&trimmed, Some(b" k "), Some(b"v ")), Some((b"k".to_vec(), Some(b"v".to_vec()))));
    }
}
