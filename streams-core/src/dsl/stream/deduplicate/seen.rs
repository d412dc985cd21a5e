//! What is kept of a record that was passed on: which one it was.

use std::sync::Arc;
use streams_state::BoxError;
use streams_state::serde::{Serde, SerdeContext, Wrote};

/// The record that an id was passed on with. At least once, an application may come to the same records again after a crash, while the
/// changelog knows already that they were passed on; whether they got out is not known. Then they must be passed on again, so a row counts
/// only against records that come after the one it was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// When the task that wrote it was put together: its own rows always count.
    pub run: i64,
    /// Hash of the input topic. The task's partition is the same for all.
    pub topic: i32,
    /// Offset of the input record.
    pub offset: i64,
    /// Which of the records that were made of it.
    pub ordinal: i32,
    /// Its time in milliseconds.
    pub time: i64,
}

impl Seen {
    /// Whether the record of `self` is passed on, so that `record` is a repetition.
    pub fn counts_against(&self, record: &Seen) -> bool {
        self.run == record.run || self.topic != record.topic || (self.offset, self.ordinal) < (record.offset, record.ordinal)
    }
}

/// `run i64 | offset i64 | topic i32 | ordinal i32 | time i64`, big-endian.
pub(super) struct SeenSerde;

impl SeenSerde {
    pub fn shared() -> Arc<dyn Serde<Seen>> {
        Arc::new(SeenSerde)
    }
}

impl Serde<Seen> for SeenSerde {
    fn serialize(&self, _: &SerdeContext<'_>, seen: &Seen, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        out.extend_from_slice(&seen.run.to_be_bytes());
        out.extend_from_slice(&seen.offset.to_be_bytes());
        out.extend_from_slice(&seen.topic.to_be_bytes());
        out.extend_from_slice(&seen.ordinal.to_be_bytes());
        out.extend_from_slice(&seen.time.to_be_bytes());
        Ok(Wrote::Bytes)
    }

    fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Seen, BoxError> {
        let bytes = bytes.unwrap_or_default();
        let parts = || {
            let (run, rest) = bytes.split_first_chunk()?;
            let (offset, rest) = rest.split_first_chunk()?;
            let (topic, rest) = rest.split_first_chunk()?;
            let (ordinal, rest) = rest.split_first_chunk()?;
            let time = rest.try_into().ok()?;
            let [run, offset, time] = [*run, *offset, time].map(i64::from_be_bytes);
            let [topic, ordinal] = [*topic, *ordinal].map(i32::from_be_bytes);
            Some(Seen { run, topic, offset, ordinal, time })
        };
        parts().ok_or_else(|| format!("{} bytes are not the row of a deduplication, which has 32", bytes.len()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streams_state::NO_HEADERS;

    const SEEN: Seen = Seen { run: 1, topic: 2, offset: 3, ordinal: 4, time: 5 };

    #[test]
    fn rows_are_read_as_they_were_written() -> Result<(), BoxError> {
        let (cx, mut bytes) = (SerdeContext { topic: "log", headers: &NO_HEADERS }, Vec::new());
        SeenSerde.serialize(&cx, &SEEN, &mut bytes)?;
        let long = |n| [0, 0, 0, 0, 0, 0, 0, n];
        assert_eq!(bytes, [long(1), long(3), [0, 0, 0, 2, 0, 0, 0, 4], long(5)].concat());
        assert_eq!(SeenSerde.deserialize(&cx, Some(&bytes))?, SEEN);
        assert!(SeenSerde.deserialize(&cx, Some(&bytes[1..])).is_err());
        assert!(SeenSerde.deserialize(&cx, None).is_err());
        Ok(())
    }

    #[test]
    fn rows_of_records_that_are_still_to_come_do_not_count() {
        let record = Seen { run: 9, ..SEEN };
        let counts = |seen: Seen| seen.counts_against(&record);
        assert!(!counts(SEEN), "the same record, once more");
        assert!(!counts(Seen { offset: 4, ordinal: 0, ..SEEN }), "a later record of an earlier run");
        assert!(counts(Seen { ordinal: 3, ..SEEN }), "made of the same input before it");
        assert!(counts(Seen { offset: 2, ..SEEN }));
        assert!(counts(Seen { offset: 4, topic: 1, ..SEEN }), "offsets of another topic say nothing");
        assert!(counts(Seen { offset: 4, run: 9, ..SEEN }), "this run has passed it on");
    }
}
