//! The rows that a table, or a store that is read only, makes of the records of its topic, for a restore from that topic.

use super::ReadRow;
use crate::cluster::RawRecord;
use crate::{BoxError, Data, Headers};
use std::sync::Arc;
use streams_state::NO_HEADERS;
use streams_state::serde::{Serde, SerdeContext, Wrote};

/// Reads as the source does and writes as the store does: the topic's bytes need not be those that the store would have written.
pub(crate) struct SourceRow<K, V> {
    pub key: Recoded<K>,
    pub value: Recoded<V>,
}

/// How a key or a value is read, and how it is written.
pub(crate) struct Recoded<T> {
    pub from: Arc<dyn Serde<T>>,
    pub to: Arc<dyn Serde<T>>,
}

impl<T: 'static> Recoded<T> {
    /// A serde that reads what it has written itself.
    pub fn by(serde: &Arc<dyn Serde<T>>) -> Self {
        Recoded { from: serde.clone(), to: serde.clone() }
    }

    /// Whether the bytes stay as they are.
    fn keeps_bytes(&self) -> bool {
        self.from.canonical_id().is_some_and(|id| self.to.canonical_id() == Some(id))
    }
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
        let read_key = self.key.from.deserialize(&from, record.key)?;
        let wrote_key = match record.key {
            Some(bytes) if self.key.keeps_bytes() => {
                key.extend_from_slice(bytes);
                Wrote::Bytes
            }
            _ => self.key.to.serialize(&to, &read_key, key)?,
        };
        if wrote_key == Wrote::Null {
            return Err("its key is null".into());
        }
        let Some(bytes) = record.value else { return Ok(false) };
        let read_value = self.value.from.deserialize(&from, Some(bytes))?;
        if self.value.keeps_bytes() {
            value.extend_from_slice(bytes);
            return Ok(true);
        }
        Ok(self.value.to.serialize(&to, &read_value, value)? == Wrote::Bytes)
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
        let canonical = SourceRow { key: Recoded::by(&String::default_serde()), value: Recoded::by(&i64::default_serde()) };
        assert_eq!(row(&canonical, Some(b" k"), Some(&[0; 8])), Some((b" k".to_vec(), Some(vec![0; 8]))));
        assert_eq!(row(&canonical, Some(b"k"), None), Some((b"k".to_vec(), None)));
        assert_eq!(row(&canonical, Some(b"k"), Some(b"short")), None);
        assert_eq!(row(&canonical, Some(b"\xff"), Some(&[0; 8])), None, "no text");
        assert_eq!(row(&canonical, None, Some(&[0; 8])), None);
        let trim: Arc<dyn Serde<String>> = Arc::new(Trimmed);
        let trimmed = SourceRow { key: Recoded::by(&trim), value: Recoded::by(&trim) };
        assert_eq!(row(&trimmed, Some(b" k "), Some(b"v ")), Some((b"k".to_vec(), Some(b"v".to_vec()))));
        // a store with other serdes than its source
        let kept = || Recoded { from: trim.clone(), to: String::default_serde() };
        assert_eq!(row(&SourceRow { key: kept(), value: kept() }, Some(b" k "), Some(b"v ")), Some((b"k".to_vec(), Some(b"v".to_vec()))));
    }
}
