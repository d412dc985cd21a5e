//! Both values of a change in one record, as Java's `ChangedSerializer` writes them to the repartition topics of grouped tables. The last byte
//! says what stands before it.

use crate::{BoxError, Change, Data};
use std::sync::Arc;
use streams_state::serde::{Serde, SerdeContext, Wrote};
use streams_state::varint;

/// `old | 0`
const OLD: u8 = 0;
/// `new | 1`
const NEW: u8 = 1;
/// `varint(length of new) | new | old | 2` (KIP-904)
const BOTH: u8 = 2;
/// The same with a byte before the last one, which says whether the change is the newest of its row. Java reads it and never writes it.
const WITH_LATEST: u8 = 3;

/// Changes of values.
pub(super) struct ChangeSerde<V> {
    pub values: Arc<dyn Serde<V>>,
}

impl<V: Data> Serde<Change<V>> for ChangeSerde<V> {
    fn serialize(&self, cx: &SerdeContext<'_>, change: &Change<V>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        let begin = out.len();
        let has_new = self.write(cx, change.new.as_ref(), out)?;
        let end_of_new = out.len();
        let has_old = self.write(cx, change.old.as_ref(), out)?;
        let flag = match (has_old, has_new) {
            (true, false) => OLD,
            (false, true) => NEW,
            (true, true) => {
                let length = end_of_new - begin;
                varint::insert_length(length, begin, out).ok_or("a value of more than 2 GiB cannot be part of a record")?;
                BOTH
            }
            (false, false) => return Err("a change without an old and without a new value says nothing".into()),
        };
        out.push(flag);
        Ok(Wrote::Bytes)
    }

    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Change<V>, BoxError> {
        let Some((&flag, mut rest)) = bytes.unwrap_or_default().split_last() else {
            return Err("a change of a grouped table has at least one byte: does something else write to this topic?".into());
        };
        let mut is_latest = true;
        let kind = match flag {
            OLD..=BOTH => flag,
            _ if flag <= WITH_LATEST + BOTH => {
                rest = match rest.split_last() {
                    Some((latest @ (0 | 1), values)) => {
                        is_latest = *latest == 1;
                        values
                    }
                    _ => return Err(format!("a change with the flag {flag} has a byte 0 or 1 before it").into()),
                };
                flag - WITH_LATEST
            }
            _ => return Err(format!("{flag} is no flag of a change: does something else write to this topic?").into()),
        };
        let (new, old) = match kind {
            OLD => (None, Some(rest)),
            NEW => (Some(rest), None),
            _ => {
                let Some((Some(new), old)) = varint::read_bytes(rest) else {
                    return Err("the length of the new value of a change does not end, is negative or longer than the change".into());
                };
                (Some(new), Some(old))
            }
        };
        let read = |bytes: Option<&[u8]>| bytes.map(|bytes| self.values.deserialize(cx, Some(bytes))).transpose();
        Ok(Change { new: read(new)?, old: read(old)?, is_latest })
    }
}

impl<V: Data> ChangeSerde<V> {
    /// Says whether there is a value.
    fn write(&self, cx: &SerdeContext<'_>, value: Option<&V>, out: &mut Vec<u8>) -> Result<bool, BoxError> {
        match value {
            Some(value) => Ok(self.values.serialize(cx, value, out)? == Wrote::Bytes),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streams_state::NO_HEADERS;
    use streams_state::serde::DefaultSerde;

    const CX: SerdeContext<'static> = SerdeContext { topic: "t", headers: &NO_HEADERS };

    fn serde() -> ChangeSerde<String> {
        ChangeSerde { values: String::default_serde() }
    }

    fn change(old: Option<&str>, new: Option<&str>) -> Change<String> {
        Change { old: old.map(str::to_owned), new: new.map(str::to_owned), is_latest: true }
    }

    #[test]
    fn bytes_are_javas() {
        let long = "x".repeat(100);
        for (change, bytes) in [
            (change(Some("o"), None), b"o\x00".to_vec()),
            (change(None, Some("nn")), b"nn\x01".to_vec()),
            (change(Some("o"), Some("nn")), b"\x04nno\x02".to_vec()),
            (change(Some(""), Some("")), b"\x00\x02".to_vec()),
            (change(Some("o"), Some(&long)), [b"\xc8\x01", long.as_bytes(), b"o\x02"].concat()),
        ] {
            let mut out = b"before".to_vec();
            assert_eq!(serde().serialize(&CX, &change, &mut out).expect("it is written"), Wrote::Bytes);
            assert_eq!(out, [b"before", &*bytes].concat());
            assert_eq!(serde().deserialize(&CX, Some(&bytes)).expect("it is read"), change);
        }
        assert!(serde().serialize(&CX, &change(None, None), &mut Vec::new()).is_err());
    }

    #[test]
    fn what_only_readers_know_is_read() {
        for (bytes, expected) in [
            (&b"o\x01\x03"[..], change(Some("o"), None)),
            (b"nn\x00\x04", Change { is_latest: false, ..change(None, Some("nn")) }),
            (b"\x04nno\x01\x05", change(Some("o"), Some("nn"))),
        ] {
            assert_eq!(serde().deserialize(&CX, Some(bytes)).expect("it is read"), expected);
        }
    }

    #[test]
    fn what_is_no_change_is_an_error() {
        for bytes in [
            None,
            Some(&b""[..]),
            Some(b"x\x06"),
            Some(b"\x04n\x02"),
            Some(b"\x02"),
            Some(b"\x03n\x02"),
            Some(b"\x02\x04"),
            Some(b"\x80\x80\x80\x80\x80\x00\x02"),
        ] {
            assert!(serde().deserialize(&CX, bytes).is_err(), "{bytes:?}");
        }
    }
}
