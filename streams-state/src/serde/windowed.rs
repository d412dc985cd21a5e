//! Keys of windowed tables: `K | start` for time windows, `K | end | start` for sessions.

use super::{Serde, SerdeContext, Wrote, no_null};
use crate::BoxError;
use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

/// A span of event time in milliseconds: `[start, end)` for time windows, `[start, end]` for sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// First millisecond.
    pub start: i64,
    /// One past the last millisecond of a time window; the last one of a session.
    pub end: i64,
}

impl Window {
    /// A window from `start` to `end`, both in milliseconds since 1970.
    pub const fn new(start: i64, end: i64) -> Self {
        Window { start, end }
    }
}

/// A key and the window it was aggregated in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Windowed<K> {
    /// The record key.
    pub key: K,
    /// The window.
    pub window: Window,
}

impl<K> Windowed<K> {
    /// `key` in `window`.
    pub const fn new(key: K, window: Window) -> Self {
        Windowed { key, window }
    }
}

/// As Java prints it, `[key@start/end]`.
impl<K: fmt::Display> fmt::Display for Windowed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}@{}/{}]", self.key, self.window.start, self.window.end)
    }
}

/// Bytes of a time, and of a sequence number, in a key.
const TIME: usize = 8;
const SEQUENCE: usize = 4;

/// Keys of time windows: `K | start i64`. The end is not written, so the reader must know the windows' size.
pub struct TimeWindowedSerde<K> {
    inner: Arc<dyn Serde<K>>,
    size_ms: i64,
    changelog: bool,
}

impl<K: 'static> TimeWindowedSerde<K> {
    /// `size_ms` is the length of every window; an end beyond `i64::MAX` is clamped to it.
    pub fn new(inner: impl Serde<K>, size_ms: i64) -> Self {
        TimeWindowedSerde { inner: Arc::new(inner), size_ms, changelog: false }
    }

    /// For keys of a window store's changelog topic, which carry a sequence number (4 bytes) behind the start; it is written as 0.
    #[must_use]
    pub fn for_changelog(mut self) -> Self {
        self.changelog = true;
        self
    }
}

impl<K: 'static> Serde<Windowed<K>> for TimeWindowedSerde<K> {
    fn partition_bytes<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let window = if self.changelog { TIME + SEQUENCE } else { TIME };
        &bytes[..bytes.len().saturating_sub(window)]
    }

    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Windowed<K>, BoxError> {
        let bytes = bytes.ok_or_else(|| no_null("a windowed key"))?;
        let bytes = match self.changelog {
            true => bytes.split_last_chunk::<4>().ok_or_else(|| too_short(bytes.len(), 12))?.0,
            false => bytes,
        };
        let (key, start) = split(bytes, 8)?;
        let window = Window::new(start, start.saturating_add(self.size_ms));
        Ok(Windowed { key: self.inner.deserialize(cx, Some(key))?, window })
    }

    fn serialize(&self, cx: &SerdeContext<'_>, value: &Windowed<K>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        not_null(self.inner.serialize(cx, &value.key, out)?)?;
        out.extend_from_slice(&value.window.start.to_be_bytes());
        if self.changelog {
            out.extend_from_slice(&[0; 4]);
        }
        Ok(Wrote::Bytes)
    }

    fn canonical_id(&self) -> Option<TypeId> {
        None
    }
}

/// Keys of session windows: `K | end i64 | start i64`.
pub struct SessionWindowedSerde<K>(Arc<dyn Serde<K>>);

impl<K: 'static> SessionWindowedSerde<K> {
    /// Sessions of keys written by `inner`.
    pub fn new(inner: impl Serde<K>) -> Self {
        SessionWindowedSerde(Arc::new(inner))
    }
}

impl<K: 'static> Serde<Windowed<K>> for SessionWindowedSerde<K> {
    fn partition_bytes<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[..bytes.len().saturating_sub(2 * TIME)]
    }

    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Windowed<K>, BoxError> {
        let (rest, start) = split(bytes.ok_or_else(|| no_null("a windowed key"))?, 16)?;
        let (key, end) = split(rest, 8)?;
        Ok(Windowed { key: self.0.deserialize(cx, Some(key))?, window: Window::new(start, end) })
    }

    fn serialize(&self, cx: &SerdeContext<'_>, value: &Windowed<K>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        not_null(self.0.serialize(cx, &value.key, out)?)?;
        out.extend_from_slice(&value.window.end.to_be_bytes());
        out.extend_from_slice(&value.window.start.to_be_bytes());
        Ok(Wrote::Bytes)
    }
}

fn split(bytes: &[u8], at_least: usize) -> Result<(&[u8], i64), BoxError> {
    match bytes.split_last_chunk::<8>() {
        Some((rest, time)) if bytes.len() >= at_least => Ok((rest, i64::from_be_bytes(*time))),
        _ => Err(too_short(bytes.len(), at_least)),
    }
}

#[cold]
fn too_short(got: usize, at_least: usize) -> BoxError {
    format!("expected at least {at_least} bytes for a windowed key, got {got}").into()
}

fn not_null(wrote: Wrote) -> Result<(), BoxError> {
    match wrote {
        Wrote::Bytes => Ok(()),
        Wrote::Null => Err("a windowed key cannot be null".into()),
    }
}
