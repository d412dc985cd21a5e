//! Values that a store keeps with headers.

use crate::serde::{Serde, SerdeContext, Wrote};
use crate::{BoxError, Header, Headers, varint};
use std::sync::Arc;

/// A value with the headers that a store keeps beside it (KIP-1271): what the rows of a store are whose builder was told
/// [`with_headers`](crate::KeyValueStoreBuilder::with_headers). Whoever puts a row says which headers it has; they are not taken from the record
/// in hand. The value's serde is told them, and the row's record in the changelog carries them.
#[doc(alias = "ValueTimestampHeaders")]
#[doc(alias = "AggregationWithHeaders")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WithHeaders<V> {
    /// The value.
    pub value: V,
    /// Its headers, perhaps none.
    pub headers: Headers,
}

impl<V> WithHeaders<V> {
    /// A value with these headers.
    pub const fn new(value: V, headers: Headers) -> Self {
        WithHeaders { value, headers }
    }
}

/// Tells the headers of a value that has some.
pub(crate) type HeadersOf<V> = fn(&V) -> &Headers;

/// Serde of the values alone: headers lie before them, and come with the context.
pub(crate) struct WithHeadersSerde<V>(pub Arc<dyn Serde<V>>);

impl<V: 'static> Serde<WithHeaders<V>> for WithHeadersSerde<V> {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<WithHeaders<V>, BoxError> {
        Ok(WithHeaders { value: self.0.deserialize(cx, bytes)?, headers: cx.headers.clone() })
    }

    fn serialize(&self, cx: &SerdeContext<'_>, row: &WithHeaders<V>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        self.0.serialize(cx, &row.value, out)
    }
}

/// Appends headers as rows begin with them: the length of what follows, and where there are some their number, then of each the lengths and bytes
/// of name and value, -1 for a null.
pub(super) fn write(headers: &Headers, out: &mut Vec<u8>) -> Result<(), BoxError> {
    if headers.is_empty() {
        out.push(0);
        return Ok(());
    }
    let begin = out.len();
    let mut all = || {
        varint::write_length(headers.len(), out)?;
        for Header { key, value } in headers.iter() {
            varint::write_length(key.len(), out)?;
            out.extend_from_slice(key.as_bytes());
            match value {
                Some(value) => {
                    varint::write_length(value.len(), out)?;
                    out.extend_from_slice(value);
                }
                None => varint::write(-1, out),
            }
        }
        varint::insert_length(out.len() - begin, begin, out)
    };
    all().ok_or_else(|| "headers of more than 2 GiB cannot be kept".into())
}

/// The bytes of the headers that a row begins with, and what follows them; `None` where it does not begin with headers.
pub(super) fn split(row: &[u8]) -> Option<(&[u8], &[u8])> {
    let (headers, rest) = varint::read_bytes(row)?;
    Some((headers?, rest))
}

/// Reads what [`split`] found.
pub(super) fn read(bytes: &[u8]) -> Option<Headers> {
    if bytes.is_empty() {
        return Some(Headers::new());
    }
    let (count, mut rest) = varint::read(bytes)?;
    let mut headers = Headers::new();
    for _ in 0..count {
        let (key, behind) = varint::read_bytes(rest)?;
        let (value, behind) = varint::read_bytes(behind)?;
        headers.push(Header { key: String::from_utf8_lossy(key?).into_owned(), value: value.map(<[u8]>::to_vec) });
        rest = behind;
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_javas() {
        let headers = |all: &[(&str, Option<&str>)]| -> Headers {
            all.iter().map(|(key, value)| Header { key: (*key).to_owned(), value: value.map(|value| value.as_bytes().to_vec()) }).collect()
        };
        for (headers, bytes) in [
            (headers(&[]), &b"\x00"[..]),
            (headers(&[("h", Some("x"))]), b"\x0a\x02\x02h\x02x"),
            (headers(&[("h", None)]), b"\x08\x02\x02h\x01"),
            (headers(&[("", Some("")), ("h", Some("x")), ("h", Some("yy"))]), b"\x18\x06\x00\x00\x02h\x02x\x02h\x04yy"),
        ] {
            let mut row = Vec::new();
            write(&headers, &mut row).expect("they are written");
            assert_eq!(row, bytes);
            row.extend_from_slice(b"rest");
            let (found, rest) = split(&row).expect("they are found");
            assert_eq!((read(found), rest), (Some(headers), &b"rest"[..]));
        }
    }

    #[test]
    fn what_are_no_headers_is_told() {
        for row in [&b""[..], b"\x01", b"\x80", b"\x0a\x02"] {
            assert_eq!(split(row), None, "{row:?}");
        }
        for bytes in [&b"\x02"[..], b"\x02\x01", b"\x02\x02h", b"\x02\x02h\x04x", b"\x80"] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
