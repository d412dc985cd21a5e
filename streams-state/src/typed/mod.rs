//! The typed stores: values in a write-back cache, serialized rows that wait for their commit, an engine of committed rows below.
//!
//! Two limits that must not be confused. The *record cache* is emission control: it holds values until eviction or commit sends the newest
//! one downstream ([`CacheBudget`]). The *uncommitted buffer* holds every change since the last commit, evicted or not, so that nothing
//! uncommitted ever reaches an engine ([`StateStore::uncommitted_bytes`](crate::store::StateStore::uncommitted_bytes)).
//! Reads see the cache, then the buffer, then the engine.

mod answers;
mod budget;
mod by_time;
mod cache;
mod codec;
mod core;
mod expiry;
mod key_value;
mod key_view;
mod kv_cursor;
mod layout;
mod list;
mod lru;
mod merge;
mod pending;
mod reader;
mod record_buffer;
mod scan;
mod session;
mod session_cursor;
pub(crate) mod small;
mod store_reader;
mod take;
#[cfg(test)]
mod tests;
mod versioned;
pub(crate) mod view;
mod window;
mod window_cursor;
mod window_walks;
mod with_headers;

pub(crate) use self::core::StoreParts;
pub use budget::CacheBudget;
pub use key_value::KvStore;
pub use kv_cursor::KvCursor;
pub(crate) use layout::Layout;
pub use list::{List, ListCursor, ListStore};
pub(crate) use lru::Limit;
pub use reader::{CommittedReader, KvReader};
pub use record_buffer::{RecordBuffer, Waiting};
pub(crate) use session::SessionShape;
pub use session::{SessionStore, VisitKeyedSession, VisitSession};
pub use session_cursor::SessionCursor;
pub use store_reader::StoreReader;
pub(crate) use versioned::VersionedShape;
pub use versioned::{PutResult, VersionedRecord, VersionedStore};
pub(crate) use window::WindowShape;
pub use window::WindowStore;
pub use window_cursor::WindowCursor;
pub use window_walks::VisitWindow;
pub use with_headers::WithHeaders;
pub(crate) use with_headers::{HeadersOf, WithHeadersSerde};

use crate::Headers;
use crate::store::Origin;

/// A value with its time, as operators see and change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot<V> {
    /// `None` where there is no row, and to delete one.
    pub value: Option<V>,
    /// Milliseconds. -1 where there is no row or the store keeps no times; set it to the time of the change.
    pub timestamp: i64,
}

impl<V> Slot<V> {
    /// The slot of a key that has no row.
    pub const fn absent() -> Self {
        Slot { value: None, timestamp: -1 }
    }
}

/// One change to emit, made of all updates since the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirty<V> {
    /// The value before; always `None` unless the store was told to keep it.
    pub old: Option<V>,
    /// The value now; `None` is a deletion.
    pub new: Option<V>,
    /// The value's time; for a deletion the time that was set with it.
    pub timestamp: i64,
    /// The record that changed it last.
    pub origin: Origin,
    /// That record's headers, if the store was [told](KvStore::set_record_headers).
    pub headers: Headers,
}

/// What an eviction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evicted<V> {
    /// The cache is empty.
    Nothing,
    /// An entry went that had nothing to emit.
    Clean,
    /// An entry went whose change must be forwarded.
    Dirty(Dirty<V>),
}

/// A key's hash, made once per access and used by cache and buffer.
#[derive(Clone, Copy)]
pub(crate) struct Hash(u64);
