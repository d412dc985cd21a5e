//! Rows of values: `ts i64 | V` in timestamped stores, `V` in plain ones.

use super::Slot;
use crate::serde::{Serde, SerdeContext, Wrote};
use crate::store::Origin;
use crate::{Error, ErrorKind, Headers, NO_HEADERS, Result};
use std::fmt;
use std::sync::Arc;

/// Serde and layout of a store's values.
pub(crate) struct Codec<V> {
    pub store: Arc<str>,
    pub topic: Arc<str>,
    pub values: Arc<dyn Serde<V>>,
    pub timestamped: bool,
}

impl<V> Clone for Codec<V> {
    fn clone(&self) -> Self {
        Codec { store: self.store.clone(), topic: self.topic.clone(), values: self.values.clone(), timestamped: self.timestamped }
    }
}

impl<V: 'static> Codec<V> {
    /// The row without its time: what the changelog carries.
    #[inline]
    pub fn bare<'a>(&self, row: &'a [u8]) -> &'a [u8] {
        if self.timestamped { row.get(8..).unwrap_or_default() } else { row }
    }

    /// Appends a row, told the time and the headers of the record that changed it. `false` where the serde wrote null, which means a deletion.
    #[inline]
    pub fn encode(&self, key: &[u8], value: &V, (timestamp, headers): (i64, &Headers), origin: Origin, row: &mut Vec<u8>) -> Result<bool> {
        if self.timestamped {
            row.extend_from_slice(&timestamp.to_be_bytes());
        }
        match self.values.serialize(&SerdeContext { topic: &self.topic, headers }, value, row) {
            Ok(wrote) => Ok(wrote == Wrote::Bytes),
            Err(e) => Err(self.unwritable(key, origin, e)),
        }
    }

    /// Turns a changelog value into a row.
    pub fn convert(&self, bare: &[u8], timestamp: i64, row: &mut Vec<u8>) {
        if self.timestamped {
            row.extend_from_slice(&timestamp.to_be_bytes());
        }
        row.extend_from_slice(bare);
    }

    /// Reads a row.
    #[inline]
    pub fn decode(&self, key: &[u8], row: &[u8]) -> Result<Slot<V>> {
        let (timestamp, bare) = match self.timestamped {
            false => (-1, row),
            true => match row.split_first_chunk::<8>() {
                Some((timestamp, bare)) => (i64::from_be_bytes(*timestamp), bare),
                None => return Err(self.too_short(key, row.len())),
            },
        };
        match self.values.deserialize(&SerdeContext { topic: &self.topic, headers: &NO_HEADERS }, Some(bare)) {
            Ok(value) => Ok(Slot { value: Some(value), timestamp }),
            Err(e) => Err(self.unreadable(key, e)),
        }
    }

    #[cold]
    fn unreadable(&self, key: &[u8], cause: crate::BoxError) -> Error {
        let message = format!("store {}: the value of key {} cannot be read; was its serde changed?", self.store, Shown(key));
        Error::caused(ErrorKind::Serde, message, cause)
    }

    #[cold]
    fn unwritable(&self, key: &[u8], origin: Origin, cause: crate::BoxError) -> Error {
        let message = format!("store {}: the value of key {} cannot be written", self.store, Shown(key));
        Error::caused(ErrorKind::Serde, message, cause).with_origin(origin)
    }

    #[cold]
    fn too_short(&self, key: &[u8], got: usize) -> Error {
        let message = format!(
            "store {}: the row of key {} has {got} bytes, too few for its timestamp; wipe the store, or open it as a plain one",
            self.store,
            Shown(key)
        );
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
