//! Rows of values: `ts i64 | V` in timestamped stores, `V` in plain ones; behind their headers where a store keeps them.

use super::Slot;
use super::with_headers::{self, HeadersOf};
use crate::serde::{Serde, SerdeContext, Wrote};
use crate::store::{ChangelogRecord, Origin};
use crate::{BoxError, Error, ErrorKind, Headers, Result};
use std::fmt;
use std::sync::Arc;

/// Serde and layout of a store's values.
pub(crate) struct Codec<V> {
    pub store: Arc<str>,
    pub topic: Arc<str>,
    pub values: Arc<dyn Serde<V>>,
    pub timestamped: bool,
    /// Tells the headers of a value, where rows carry them.
    pub headers: Option<HeadersOf<V>>,
}

impl<V> Clone for Codec<V> {
    fn clone(&self) -> Self {
        let Codec { store, topic, values, timestamped, headers } = self;
        Codec { store: store.clone(), topic: topic.clone(), values: values.clone(), timestamped: *timestamped, headers: *headers }
    }
}

impl<V: 'static> Codec<V> {
    /// The same of other values, whose rows are plain.
    pub fn of<W>(&self, values: &Arc<dyn Serde<W>>) -> Codec<W> {
        Codec { store: self.store.clone(), topic: self.topic.clone(), values: values.clone(), timestamped: false, headers: None }
    }

    /// The row without its headers and its time: what the changelog carries.
    #[inline]
    pub fn bare<'a>(&self, row: &'a [u8]) -> &'a [u8] {
        let row = match self.headers {
            Some(_) => with_headers::split(row).map_or(&[][..], |(_, rest)| rest),
            None => row,
        };
        if self.timestamped { row.get(8..).unwrap_or_default() } else { row }
    }

    /// The headers that a row carries into the changelog: its own, for a deletion those of the record that made it. `None` where rows have none.
    #[inline]
    pub fn headers<'a>(&self, value: Option<&'a V>, of_record: &'a Headers) -> Option<&'a Headers> {
        self.headers.map(|headers| value.map_or(of_record, headers))
    }

    /// Appends a row, told the time and the headers of the record that changed it; headers that it has of its own count more. `false` where the serde wrote null, which means a deletion.
    #[inline]
    pub fn encode(&self, key: &[u8], value: &V, (timestamp, headers): (i64, &Headers), origin: Origin, row: &mut Vec<u8>) -> Result<bool> {
        let headers = self.headers(Some(value), headers).unwrap_or(headers);
        self.begin(headers, timestamp, row).map_err(|e| self.unwritable(key, origin, e))?;
        match self.values.serialize(&SerdeContext { topic: &self.topic, headers }, value, row) {
            Ok(wrote) => Ok(wrote == Wrote::Bytes),
            Err(e) => Err(self.unwritable(key, origin, e)),
        }
    }

    /// What lies before a value.
    #[inline]
    fn begin(&self, headers: &Headers, timestamp: i64, row: &mut Vec<u8>) -> Result<(), BoxError> {
        if self.headers.is_some() {
            with_headers::write(headers, row)?;
        }
        if self.timestamped {
            row.extend_from_slice(&timestamp.to_be_bytes());
        }
        Ok(())
    }

    /// Turns a record of the changelog into a row.
    pub fn convert(&self, record: &ChangelogRecord<'_>, bare: &[u8], row: &mut Vec<u8>) -> Result<()> {
        let origin = Origin { source: 0, offset: record.offset };
        self.begin(record.headers, record.timestamp, row).map_err(|e| self.unwritable(record.key, origin, e))?;
        row.extend_from_slice(bare);
        Ok(())
    }

    /// Reads a row.
    #[inline]
    pub fn decode(&self, key: &[u8], row: &[u8]) -> Result<Slot<V>> {
        let (headers, behind) = match self.headers {
            None => (Headers::new(), row),
            Some(_) => match with_headers::split(row).and_then(|(headers, behind)| Some((with_headers::read(headers)?, behind))) {
                Some(split) => split,
                None => return Err(self.damaged(key, row, "headers")),
            },
        };
        let (timestamp, bare) = match self.timestamped {
            false => (-1, behind),
            true => match behind.split_first_chunk::<8>() {
                Some((timestamp, bare)) => (i64::from_be_bytes(*timestamp), bare),
                None => return Err(self.damaged(key, row, "timestamp")),
            },
        };
        match self.values.deserialize(&SerdeContext { topic: &self.topic, headers: &headers }, Some(bare)) {
            Ok(value) => Ok(Slot { value: Some(value), timestamp }),
            Err(e) => Err(self.unreadable(key, e)),
        }
    }

    #[cold]
    fn unreadable(&self, key: &[u8], cause: BoxError) -> Error {
        let message = format!("store {}: the value of key {} cannot be read; was its serde changed?", self.store, Shown(key));
        Error::caused(ErrorKind::Serde, message, cause)
    }

    #[cold]
    fn unwritable(&self, key: &[u8], origin: Origin, cause: BoxError) -> Error {
        let message = format!("store {}: the value of key {} cannot be written", self.store, Shown(key));
        Error::caused(ErrorKind::Serde, message, cause).with_origin(origin)
    }

    #[cold]
    fn damaged(&self, key: &[u8], row: &[u8], what: &str) -> Error {
        let (store, key, bytes) = (&self.store, Shown(key), row.len());
        let message =
            format!("store {store}: the row of key {key} has {bytes} bytes in which its {what} is not to be found; wipe the store");
        Error::new(ErrorKind::Corrupted, message)
    }
}

/// A key for people: as text where it is some, in hexadecimal otherwise.
pub(crate) struct Shown<'a>(pub &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 64;
        let cut = &self.0[..self.0.len().min(MOST)];
        match std::str::from_utf8(cut) {
            Ok(text) if !text.chars().any(char::is_control) => write!(f, "{text:?}")?,
            _ => {
                f.write_str("0x")?;
                cut.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            }
        }
        if cut.len() < self.0.len() {
            write!(f, " ... ({} bytes)", self.0.len())?;
        }
        Ok(())
    }
}
