//! State of stream tasks: serdes, key and value layouts, byte engines (RocksDB, memory), the typed stores above them, and the state
//! directory.
//!
//! It is not a general database: a store belongs to one task, is written by one thread, and its durable truth is a changelog that the
//! caller keeps. This crate knows no Kafka client and no async runtime.

mod dir;
mod engine;
mod error;
mod headers;
mod keys;
mod memory;
mod position;
#[cfg(feature = "rocksdb")]
mod rocks;
pub mod serde;
mod shared;
pub mod store;
mod stores;
mod typed;

pub use dir::{StateDirectory, TaskDirectory, TaskOnDisk};
pub use error::{BoxError, Error, ErrorKind, Result};
pub use headers::{Header, Headers, NO_HEADERS};
pub use position::Position;
pub use shared::{ResourceLimits, SharedResources};
pub use stores::{KeyValueStoreBuilder, OpenEnv, StoreKind, StoreSupplier, StoreType, Stores, WindowStoreBuilder};
pub use typed::{CacheBudget, Dirty, Evicted, KvCursor, KvStore, Slot, VisitWindow, WindowCursor, WindowStore};
