//! State of stream tasks: serdes, key and value layouts, byte engines (RocksDB, memory), the typed stores above them, and the state
//! directory.
//!
//! It is not a general database: a store belongs to one task, is written by one thread, and its durable truth is a changelog that the
//! caller keeps. This crate knows no Kafka client and no async runtime.
//!
//! ```
//! use streams_state::store::{NoChangelog, Origin, StateStore};
//! use streams_state::{KvStore, OpenEnv, SharedResources, Stores};
//!
//! // Described once, opened for each task.
//! let counts = Stores::key_value::<String, u64>("counts").caching(true).build()?;
//! let env = OpenEnv {
//!     task_dir: None, // in memory
//!     changelog_topic: "app-counts-changelog".into(),
//!     partition: 0,
//!     shared: SharedResources::default(),
//! };
//! let store = counts.open(&env)?;
//! let mut store = *store.into_any().downcast::<KvStore<String, u64>>().expect("the type it was described with");
//!
//! // Updates change the cached value in place.
//! for time in [10, 20] {
//!     store.update(b"word", Origin::default(), |slot| {
//!         *slot.value.get_or_insert(0) += 1;
//!         slot.timestamp = slot.timestamp.max(time);
//!     })?;
//! }
//! // A flush gives the newest of them to changelog and downstream, a commit to the engine.
//! let mut key = Vec::new();
//! let change = store.pop_dirty(&mut NoChangelog, &mut key)?.expect("one key was changed");
//! assert_eq!((&key[..], change.new, change.timestamp), (&b"word"[..], Some(2), 20));
//! store.commit(Some(41), &[])?;
//! assert_eq!(store.committed_offset(), Some(41));
//! # Ok::<(), streams_state::Error>(())
//! ```

mod buffer;
mod dir;
mod engine;
mod error;
mod headers;
mod keys;
mod locked;
mod memory;
mod own;
mod position;
#[cfg(feature = "rocksdb")]
mod rocks;
pub mod serde;
mod shared;
pub mod store;
mod stores;
mod time_first;
mod typed;
#[doc(hidden)]
pub mod varint;

pub use buffer::{Buffered, ChangeBuffer, RecordContext};
pub use dir::{StateDirectory, TaskDirectory, TaskOnDisk};
#[doc(hidden)]
pub use error::panic_text;
pub use error::{BoxError, Error, ErrorKind, Result};
pub use headers::{Header, Headers, NO_HEADERS};
pub use own::{OwnState, OwnStore, OwnStoreContext, StoreChange};
pub use position::Position;
#[cfg(feature = "rocksdb")]
pub use rocks::{RocksDbConfigSetter, library as rocks_library};
pub use shared::{ResourceLimits, SharedResources};
pub use store::ReadCommitted;
pub use stores::{
    BytesStoreSupplier, ChangeBufferBuilder, KeyValueBytesStoreSupplier, KeyValueStoreBuilder, ListStoreBuilder, OpenEnv, OwnStoreBuilder,
    RecordBufferBuilder, SessionBytesStoreSupplier, SessionStoreBuilder, StoreKind, StoreSupplier, StoreType, Stores,
    VersionedStoreBuilder, WindowBytesStoreSupplier, WindowStoreBuilder,
};
pub use typed::{
    CacheBudget, CommittedReader, Dirty, Evicted, KvCursor, KvReader, KvStore, List, ListCursor, ListStore, PutResult, RecordBuffer,
    SessionCursor, SessionStore, Slot, StoreReader, VersionedRecord, VersionedStore, VisitKeyedSession, VisitSession, VisitWindow, Waiting,
    WindowCursor, WindowStore, WithHeaders,
};
