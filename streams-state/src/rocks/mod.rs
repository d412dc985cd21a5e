//! The durable engine: RocksDB in Java's directories, column families and keys (COMPATIBILITY.md).
//!
//! The write-ahead log is on and never synced: what a commit wrote survives the death of the process. After a power failure RocksDB comes
//! back with an earlier commit, and the changelog has the rest. All column families of a database flush together, so rows and offsets agree
//! in its files too.

use crate::keys::Segments;

mod config_setter;
mod cursor;
mod database;
mod error;
mod key_value;
mod options;
mod rows;
mod segment;
mod segments;
#[cfg(test)]
mod tests;

pub use config_setter::{RocksDbConfigSetter, library};
pub(crate) use key_value::RocksEngine;
pub(crate) use options::Shared;
pub(crate) use rows::Rows;
pub(crate) use segments::SegmentedEngine;

/// What every database of a store is opened with.
pub(crate) struct Spec {
    /// Name of the store.
    pub store: std::sync::Arc<str>,
    /// What rows have before the value; decides the column family.
    pub rows: Rows,
    /// `<changelog topic>-<partition>`.
    pub offset_key: Vec<u8>,
    /// Set where the database is one of several of its store.
    pub segments: Option<Segments>,
    /// Whether the store has all partitions of its topic: then the position is its offsets.
    pub global: bool,
    pub shared: crate::SharedResources,
}
