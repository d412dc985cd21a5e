//! Keys and values of the store where left and outer joins of two streams keep what has no partner yet, in Java's bytes.

use super::{Serde, SerdeContext, Wrote};
use crate::BoxError;
use std::sync::Arc;

/// Bytes before the record's key: time and side.
const PREFIX: usize = 9;

/// One of the two streams of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The stream that the join was called on.
    Left,
    /// The other one.
    Right,
}

impl Side {
    const fn byte(self) -> u8 {
        match self {
            Side::Left => 1,
            Side::Right => 0,
        }
    }

    const fn of(byte: u8) -> Self {
        if byte == 1 { Side::Left } else { Side::Right }
    }
}

/// A record's time, the side it came from, and its key: ordered by time first, so that what has waited longest comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "TimestampedKeyAndJoinSide")]
pub struct SideKey<K> {
    /// Milliseconds.
    pub timestamp: i64,
    /// Where the record came from.
    pub side: Side,
    /// Its key.
    pub key: K,
}

/// A [`SideKey`] as Java writes it: `time i64 | side u8 (1 = left) | K`.
#[doc(alias = "TimestampedKeyAndJoinSideSerde")]
pub struct SideKeySerde<K>(Arc<dyn Serde<K>>);

impl<K: 'static> SideKeySerde<K> {
    /// Adds time and side to the bytes of `inner`.
    pub fn new(inner: impl Serde<K>) -> Self {
        SideKeySerde(Arc::new(inner))
    }
}

impl SideKeySerde<()> {
    /// Writes such a key over what `out` holds, from the bytes of the record's key.
    #[inline]
    pub fn compose(out: &mut Vec<u8>, timestamp: i64, side: Side, key: &[u8]) {
        out.clear();
        out.extend_from_slice(&timestamp.to_be_bytes());
        out.push(side.byte());
        out.extend_from_slice(key);
    }

    /// Time, side and the bytes of the record's key. `None` for bytes too short to hold them.
    #[inline]
    pub fn split(bytes: &[u8]) -> Option<(i64, Side, &[u8])> {
        let (prefix, key) = bytes.split_first_chunk::<PREFIX>()?;
        let (timestamp, side) = prefix.split_first_chunk::<8>()?;
        Some((i64::from_be_bytes(*timestamp), Side::of(side[0]), key))
    }
}

impl<K: 'static> Serde<SideKey<K>> for SideKeySerde<K> {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<SideKey<K>, BoxError> {
        let bytes = bytes.unwrap_or_default();
        let Some((timestamp, side, key)) = SideKeySerde::split(bytes) else {
            return Err(format!("{} bytes are too few for time and side of a joined record", bytes.len()).into());
        };
        Ok(SideKey { timestamp, side, key: self.0.deserialize(cx, Some(key))? })
    }

    fn serialize(&self, cx: &SerdeContext<'_>, value: &SideKey<K>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        let at = out.len();
        out.extend_from_slice(&value.timestamp.to_be_bytes());
        out.push(value.side.byte());
        let wrote = self.0.serialize(cx, &value.key, out)?;
        if wrote == Wrote::Null {
            out.truncate(at);
        }
        Ok(wrote)
    }
}

/// A value of either stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "LeftOrRightValue")]
pub enum LeftOrRight<L, R> {
    /// Of the stream that the join was called on.
    Left(L),
    /// Of the other one.
    Right(R),
}

/// A [`LeftOrRight`] as Java writes it: `u8 (1 = left) | V`.
#[doc(alias = "LeftOrRightValueSerde")]
pub struct LeftOrRightSerde<L, R> {
    left: Arc<dyn Serde<L>>,
    right: Arc<dyn Serde<R>>,
}

impl<L: 'static, R: 'static> LeftOrRightSerde<L, R> {
    /// Adds the side to the bytes of these.
    pub fn new(left: impl Serde<L>, right: impl Serde<R>) -> Self {
        LeftOrRightSerde { left: Arc::new(left), right: Arc::new(right) }
    }
}

impl<L: 'static, R: 'static> Serde<LeftOrRight<L, R>> for LeftOrRightSerde<L, R> {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<LeftOrRight<L, R>, BoxError> {
        let Some((&side, value)) = bytes.and_then(<[u8]>::split_first) else {
            return Err("no bytes where the side of a joined value should stand".into());
        };
        Ok(match Side::of(side) {
            Side::Left => LeftOrRight::Left(self.left.deserialize(cx, Some(value))?),
            Side::Right => LeftOrRight::Right(self.right.deserialize(cx, Some(value))?),
        })
    }

    fn serialize(&self, cx: &SerdeContext<'_>, value: &LeftOrRight<L, R>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        let at = out.len();
        let wrote = match value {
            LeftOrRight::Left(value) => {
                out.push(Side::Left.byte());
                self.left.serialize(cx, value, out)?
            }
            LeftOrRight::Right(value) => {
                out.push(Side::Right.byte());
                self.right.serialize(cx, value, out)?
            }
        };
        if wrote == Wrote::Null {
            out.truncate(at);
        }
        Ok(wrote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NO_HEADERS;
    use crate::serde::{OptionSerde, StringSerde, U64Serde};

    const CX: SerdeContext<'_> = SerdeContext { topic: "t", headers: &NO_HEADERS };

    #[test]
    fn golden_key() {
        let serde = SideKeySerde::new(StringSerde);
        let key = SideKey { timestamp: 0x0102, side: Side::Left, key: "k".to_owned() };
        let (mut out, mut composed) = (Vec::new(), b"left over".to_vec());
        assert_eq!(serde.serialize(&CX, &key, &mut out).unwrap(), Wrote::Bytes);
        SideKeySerde::compose(&mut composed, 0x0102, Side::Left, b"k");
        assert_eq!(out, [0, 0, 0, 0, 0, 0, 1, 2, 1, 0x6b]);
        assert_eq!(composed, out);
        assert_eq!(SideKeySerde::split(&out), Some((0x0102, Side::Left, &b"k"[..])));
        assert_eq!(serde.deserialize(&CX, Some(&out)).unwrap(), key);
        out[8] = 0;
        assert_eq!(serde.deserialize(&CX, Some(&out)).unwrap().side, Side::Right);
        assert!(serde.deserialize(&CX, Some(&out[..8])).unwrap_err().to_string().contains("8 bytes are too few"));
    }

    #[test]
    fn golden_value() {
        let serde = LeftOrRightSerde::new(StringSerde, U64Serde);
        for (value, bytes) in [(LeftOrRight::Left("ab".to_owned()), &b"\x01ab"[..]), (LeftOrRight::Right(7), b"\0\0\0\0\0\0\0\0\x07")] {
            let mut out = Vec::new();
            assert_eq!(serde.serialize(&CX, &value, &mut out).unwrap(), Wrote::Bytes);
            assert_eq!(out, bytes);
            assert_eq!(serde.deserialize(&CX, Some(bytes)).unwrap(), value);
        }
        assert!(serde.deserialize(&CX, Some(b"")).is_err() && serde.deserialize(&CX, None).is_err());
    }

    #[test]
    fn what_is_null_inside_is_null_and_leaves_nothing_behind() {
        let mut out = b"kept".to_vec();
        let keys = SideKeySerde::new(OptionSerde::new(StringSerde));
        let key = SideKey { timestamp: 1, side: Side::Left, key: None };
        assert_eq!(keys.serialize(&CX, &key, &mut out).unwrap(), Wrote::Null);
        let values = LeftOrRightSerde::new(OptionSerde::new(StringSerde), StringSerde);
        assert_eq!(values.serialize(&CX, &LeftOrRight::Left(None), &mut out).unwrap(), Wrote::Null);
        assert_eq!(out, b"kept");
    }
}
