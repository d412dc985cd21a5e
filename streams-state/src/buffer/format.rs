//! What a buffer writes to its changelog, byte for byte as Java does, and what Java wrote before.
//!
//! A value: `context | prior | old | new | time i64`. The context is that of the record that made the change: `timestamp i64 | offset i64 |
//! topic | partition i32 | headers i32 { key | value }`. Each part but times and numbers is `length i32 | bytes`; -1 is null, and a length
//! of -2 for `old` says that it is `prior` once more.

use crate::store::ChangelogRecord;
use crate::{Header, Headers};

/// Length of a part that is null.
const NULL: i32 = -1;
/// Length of an old value that equals the prior one.
const AS_PRIOR: i32 = -2;

/// The record that made a change: Java's `ProcessorRecordContext`.
#[derive(Clone, Copy, Debug)]
pub struct RecordContext<'a> {
    /// Time of the change in milliseconds.
    pub timestamp: i64,
    /// Where the record stands in its partition.
    pub offset: i64,
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its headers.
    pub headers: &'a Headers,
}

impl RecordContext<'_> {
    /// Java's `residentMemorySizeEstimate`: it counts characters where texts are concerned.
    fn size(&self) -> u64 {
        let chars = |text: &str| if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
        let headers = self.headers.iter().map(|h| chars(&h.key) + h.value.as_ref().map_or(0, Vec::len));
        (8 + 8 + 4 + chars(self.topic) + headers.sum::<usize>()) as u64
    }
}

/// A buffered change: the value before the first change that is buffered, the value before the last one, and the value now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Values<'a> {
    pub prior: Option<&'a [u8]>,
    pub old: Option<&'a [u8]>,
    pub new: Option<&'a [u8]>,
}

/// Appends a change's bytes and tells what it counts for in the buffer, its key included.
pub(crate) fn write(context: &RecordContext<'_>, values: Values<'_>, time: i64, key: &[u8], out: &mut Vec<u8>) -> u64 {
    out.extend_from_slice(&context.timestamp.to_be_bytes());
    out.extend_from_slice(&context.offset.to_be_bytes());
    put(Some(context.topic.as_bytes()), out);
    out.extend_from_slice(&context.partition.to_be_bytes());
    out.extend_from_slice(&(context.headers.len() as i32).to_be_bytes());
    for header in context.headers.iter() {
        put(Some(header.key.as_bytes()), out);
        put(header.value.as_deref(), out);
    }
    let Values { prior, old, new } = values;
    put(prior, out);
    match old {
        Some(_) if old == prior => out.extend_from_slice(&AS_PRIOR.to_be_bytes()),
        _ => put(old, out),
    }
    put(new, out);
    out.extend_from_slice(&time.to_be_bytes());
    size(context, values, key)
}

fn size(context: &RecordContext<'_>, values: Values<'_>, key: &[u8]) -> u64 {
    let Values { prior, old, new } = values;
    let length = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len) as u64;
    let old = if old == prior { 0 } else { length(old) };
    8 + key.len() as u64 + length(prior) + old + length(new) + context.size()
}

fn put(part: Option<&[u8]>, out: &mut Vec<u8>) {
    match part {
        Some(bytes) => {
            out.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
            out.extend_from_slice(bytes);
        }
        None => out.extend_from_slice(&NULL.to_be_bytes()),
    }
}

/// What [`write`] wrote.
pub(crate) struct Parsed<'a> {
    pub timestamp: i64,
    pub offset: i64,
    pub topic: &'a str,
    pub partition: i32,
    pub headers: Headers,
    pub values: Values<'a>,
    pub time: i64,
}

impl Parsed<'_> {
    fn context(&self) -> RecordContext<'_> {
        RecordContext {
            timestamp: self.timestamp,
            offset: self.offset,
            topic: self.topic,
            partition: self.partition,
            headers: &self.headers,
        }
    }
}

/// Reads today's bytes (Java's version 3).
pub(super) fn read(bytes: &[u8]) -> Result<Parsed<'_>, Unreadable> {
    let mut reader = Reader(bytes);
    let mut parsed = reader.body()?;
    parsed.time = reader.i64()?;
    reader.end(parsed)
}

/// Reads bytes that are not followed by a time.
pub(crate) fn read_untimed(bytes: &[u8]) -> Result<Parsed<'_>, Unreadable> {
    let mut reader = Reader(bytes);
    let parsed = reader.body()?;
    reader.end(parsed)
}

/// Reads a changelog value of any version: appends today's bytes to `out` and tells time and size. `prior` is that of the change that is
/// buffered for this key; versions 0 and 1 do not write it.
pub(super) fn convert(
    record: &ChangelogRecord<'_>,
    value: &[u8],
    at: (&str, i32),
    prior: Option<Option<&[u8]>>,
    out: &mut Vec<u8>,
) -> Result<(i64, u64), Unreadable> {
    let version = record.headers.last("v").map(|header| header.value.as_deref().unwrap_or_default());
    let parsed = match version {
        Some([3]) => read(value)?,
        // 2.4.0, 2.4.1 and 2.5.0 wrote version 3 and called it 2
        Some([2]) => version_2(value).or_else(|_| read(value))?,
        Some([1]) => version_1(value, prior)?,
        None => version_0(record, value, at, prior)?,
        Some(_) => return Err(Unreadable("its header `v` names a version that is not known here")),
    };
    let size = write(&parsed.context(), parsed.values, parsed.time, record.key, out);
    Ok((parsed.time, size))
}

fn version_0<'a>(
    record: &ChangelogRecord<'_>,
    value: &'a [u8],
    (topic, partition): (&'a str, i32),
    prior: Option<Option<&'a [u8]>>,
) -> Result<Parsed<'a>, Unreadable> {
    let mut reader = Reader(value);
    let time = reader.i64()?;
    let values = reader.legacy_change(prior)?;
    let headers = record.headers.clone();
    reader.end(Parsed { timestamp: record.timestamp, offset: record.offset, topic, partition, headers, values, time })
}

fn version_1<'a>(value: &'a [u8], prior: Option<Option<&'a [u8]>>) -> Result<Parsed<'a>, Unreadable> {
    let mut reader = Reader(value);
    let time = reader.i64()?;
    let parsed = reader.context()?;
    let mut change = Reader(reader.part()?.ok_or(Unreadable("its change is null"))?);
    let values = change.legacy_change(prior)?;
    change.end(())?;
    reader.end(Parsed { values, time, ..parsed })
}

fn version_2(value: &[u8]) -> Result<Parsed<'_>, Unreadable> {
    let mut reader = Reader(value);
    let parsed = reader.context()?;
    let mut change = Reader(reader.part()?.ok_or(Unreadable("its change is null"))?);
    let mut values = change.legacy_change(None)?;
    change.end(())?;
    values.prior = reader.part()?;
    let time = reader.i64()?;
    reader.end(Parsed { values, time, ..parsed })
}

/// Why bytes are no buffered change.
#[derive(Debug)]
pub(crate) struct Unreadable(pub &'static str);

const SHORT: Unreadable = Unreadable("it ends too early");

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn i32(&mut self) -> Result<i32, Unreadable> {
        let (number, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(i32::from_be_bytes(*number))
    }

    fn i64(&mut self) -> Result<i64, Unreadable> {
        let (number, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(i64::from_be_bytes(*number))
    }

    fn bytes(&mut self, length: i32) -> Result<Option<&'a [u8]>, Unreadable> {
        match usize::try_from(length) {
            Ok(length) => self.take(length).map(Some),
            Err(_) if length == NULL => Ok(None),
            Err(_) => Err(Unreadable("a length in it is negative")),
        }
    }

    fn part(&mut self) -> Result<Option<&'a [u8]>, Unreadable> {
        let length = self.i32()?;
        self.bytes(length)
    }

    fn text(&mut self) -> Result<&'a str, Unreadable> {
        let bytes = self.part()?.ok_or(Unreadable("a topic or the name of a header in it is null"))?;
        std::str::from_utf8(bytes).map_err(|_| Unreadable("a topic or the name of a header in it is not UTF-8"))
    }

    /// Values and time are filled in by the caller.
    fn context(&mut self) -> Result<Parsed<'a>, Unreadable> {
        let (timestamp, offset, topic, partition) = (self.i64()?, self.i64()?, self.text()?, self.i32()?);
        let mut headers = Headers::new();
        // -1 is what older versions wrote for none
        for _ in 0..self.i32()?.max(0) {
            headers.push(Header { key: self.text()?.to_owned(), value: self.part()?.map(<[u8]>::to_vec) });
        }
        let values = Values { prior: None, old: None, new: None };
        Ok(Parsed { timestamp, offset, topic, partition, headers, values, time: 0 })
    }

    /// The time is filled in by the caller.
    fn body(&mut self) -> Result<Parsed<'a>, Unreadable> {
        let mut parsed = self.context()?;
        let prior = self.part()?;
        let old = match self.i32()? {
            AS_PRIOR => prior,
            length => self.bytes(length)?,
        };
        let new = self.part()?;
        parsed.values = Values { prior, old, new };
        Ok(parsed)
    }

    /// `old | new`, as versions before 3 wrote a change.
    fn legacy_change(&mut self, prior: Option<Option<&'a [u8]>>) -> Result<Values<'a>, Unreadable> {
        let (old, new) = (self.part()?, self.part()?);
        Ok(Values { prior: prior.flatten().or(old), old, new })
    }

    fn end<T>(&self, read: T) -> Result<T, Unreadable> {
        if self.0.is_empty() { Ok(read) } else { Err(Unreadable("it goes on behind its end")) }
    }
}
