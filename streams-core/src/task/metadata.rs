//! The text that goes with committed offsets: Java's `TopicPartitionMetadata`, so that partition time, and the numbers that nodes keep,
//! survive a restart and a change of sides. Brokers refuse more than `offset.metadata.max.bytes` of it. Base64 of `version u8 | time i64 | numbers`, where numbers are nothing or
//! `count i32 | { length i32 | name | number i64 }*`, big-endian.

use crate::TaskId;
use crate::exec::KeptNumbers;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const VERSION: u8 = 2;
/// Bytes before Base64 of the 4096 that brokers take by default.
const MOST: usize = 4096 / 4 * 3;

/// What is known of an input partition beside its offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartitionMetadata {
    /// Largest time seen, in milliseconds.
    pub time: Option<i64>,
    /// What the task's nodes keep.
    pub kept: KeptNumbers,
}

impl PartitionMetadata {
    /// The text, and how many numbers of ours it has no room for: Java's are always there.
    pub fn encode(time: Option<i64>, kept: &KeptNumbers) -> (String, usize) {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&time.unwrap_or(-1).to_be_bytes());
        let (at, javas) = (bytes.len(), kept.javas());
        let (mut count, mut left_out) = (0_u32, 0);
        for (index, (name, number)) in kept.iter().enumerate() {
            if index >= javas && bytes.len() + 4 + 4 + name.len() + 8 > MOST {
                left_out += 1;
                continue;
            }
            if count == 0 {
                bytes.extend_from_slice(&[0; 4]);
            }
            count += 1;
            bytes.extend_from_slice(&(name.len() as u32).to_be_bytes());
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        if count > 0 {
            bytes[at..at + 4].copy_from_slice(&count.to_be_bytes());
        }
        (STANDARD.encode(bytes), left_out)
    }

    /// Text of another program, or none, is no error: nothing is known then.
    pub fn decode(text: &str) -> Self {
        let Ok(bytes) = STANDARD.decode(text) else { return Self::default() };
        let Some((1 | 2, rest)) = bytes.split_first() else { return Self::default() };
        let Some((time, rest)) = rest.split_first_chunk::<8>() else { return Self::default() };
        let time = Some(i64::from_be_bytes(*time)).filter(|&time| time >= 0);
        PartitionMetadata { time, kept: numbers(rest).unwrap_or_default() }
    }
}

#[cold]
pub(super) fn tell_left_out(task: TaskId, left_out: usize) {
    tracing::warn!(
        target: "streams::task",
        %task,
        "the metadata of a committed offset has no room for the stream time of {left_out} of the task's operators and stores: after a restart \
         these may take records that are late; cut the topology in two by `repartition`"
    );
}

/// `None` for bytes that are something else.
fn numbers(bytes: &[u8]) -> Option<KeptNumbers> {
    let mut kept = KeptNumbers::default();
    let (count, mut rest) = bytes.split_first_chunk::<4>()?;
    for _ in 0..u32::from_be_bytes(*count) {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let (name, tail) = tail.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let (number, tail) = tail.split_first_chunk::<8>()?;
        kept.merge(std::str::from_utf8(name).ok()?, i64::from_be_bytes(*number));
        rest = tail;
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_javas() {
        let none = KeptNumbers::default();
        let mut store = KeptNumbers::default();
        store.merge("store", 1_699_999_990_000);
        let time = Some(1_700_000_000_000);
        assert_eq!(PartitionMetadata::encode(time, &none).0, "AgAAAYvP5WgA");
        assert_eq!(PartitionMetadata::encode(None, &none).0, "Av//////////");
        assert_eq!(PartitionMetadata::encode(time, &store).0, "AgAAAYvP5WgAAAAAAQAAAAVzdG9yZQAAAYvP5UDw");
        assert_eq!(PartitionMetadata::decode("AgAAAYvP5WgA"), PartitionMetadata { time, kept: none.clone() });
        assert_eq!(PartitionMetadata::decode("AgAAAYvP5WgAAAAAAQAAAAVzdG9yZQAAAYvP5UDw"), PartitionMetadata { time, kept: store });
        for garbage in ["", "x", "AgAA", "////", "Av//////////"] {
            assert_eq!(PartitionMetadata::decode(garbage), PartitionMetadata::default(), "{garbage}");
        }
        // numbers that are cut short, or more than there are
        for cut in ["AgAAAYvP5WgAAAAAAQAAAAVzdG9y", "AgAAAYvP5WgA/////w=="] {
            assert_eq!(PartitionMetadata::decode(cut), PartitionMetadata { time, kept: none.clone() }, "{cut}");
        }
    }

    #[test]
    fn what_brokers_would_refuse_is_left_out_ours_first() {
        let mut kept = KeptNumbers::default();
        for n in 0..200 {
            let index = kept.index_beyond_java(&format!("operator {n}"), "time");
            kept.set(index, n);
        }
        kept.merge("a store of Java's", 7);
        let (text, left_out) = PartitionMetadata::encode(Some(1), &kept);
        assert!(text.len() <= 4096, "{}", text.len());
        let read = PartitionMetadata::decode(&text);
        assert_eq!(read.kept.iter().next(), Some(("a store of Java's", 7)));
        assert_eq!(read.kept.iter().count() + left_out, 201);
        assert!(left_out < 60, "{left_out}");
    }
}
