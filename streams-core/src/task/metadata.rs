//! The text that goes with committed offsets: Java's `TopicPartitionMetadata`, so that partition time survives a restart and a change of
//! sides. Base64 of `version u8 | time i64 | processor metadata`, big-endian.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const VERSION: u8 = 2;

/// What is known of an input partition beside its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartitionMetadata {
    /// Largest time seen, in milliseconds.
    pub time: Option<i64>,
}

impl PartitionMetadata {
    pub fn encode(self) -> String {
        let mut bytes = [VERSION; 9];
        bytes[1..].copy_from_slice(&self.time.unwrap_or(-1).to_be_bytes());
        STANDARD.encode(bytes)
    }

    /// Text of another program, or none, is no error: the time is unknown then.
    pub fn decode(text: &str) -> Self {
        let time = STANDARD.decode(text).ok().and_then(|bytes| match bytes.split_first() {
            Some((1 | 2, rest)) => rest.get(..8).and_then(|time| time.try_into().ok()).map(i64::from_be_bytes),
            _ => None,
        });
        PartitionMetadata { time: time.filter(|&t| t >= 0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_javas() {
        assert_eq!(PartitionMetadata { time: Some(1_700_000_000_000) }.encode(), "AgAAAYvP5WgA");
        assert_eq!(PartitionMetadata { time: None }.encode(), "Av//////////");
        assert_eq!(PartitionMetadata::decode("AgAAAYvP5WgA").time, Some(1_700_000_000_000));
        assert_eq!(PartitionMetadata::decode("AgAAAYvP5WgAAAAAAQAAAAVzdG9yZQAAAYvP5UDw").time, Some(1_700_000_000_000));
        for garbage in ["", "x", "AgAA", "////", "Av//////////"] {
            assert_eq!(PartitionMetadata::decode(garbage).time, None, "{garbage}");
        }
    }
}
