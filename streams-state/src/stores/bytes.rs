//! Stores described without the types of their rows, for operators that know them.

use super::{Stores, millis};
use std::sync::Arc;
use std::time::Duration;

/// A key-value store of a name, for a table to be kept in: `Materialized::from(supplier)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValueBytesStoreSupplier {
    name: Arc<str>,
    form: Form,
    most_keys: Option<usize>,
}

/// A window store of a name, for windowed aggregates and the sides of stream-stream joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowBytesStoreSupplier {
    name: Arc<str>,
    form: Form,
    retention: Duration,
    window_size: Duration,
    retain_duplicates: bool,
}

/// A session store of a name, for aggregates by session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionBytesStoreSupplier {
    name: Arc<str>,
    form: Form,
    retention: Duration,
}

/// A supplier of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BytesStoreSupplier {
    /// One row per key.
    KeyValue(KeyValueBytesStoreSupplier),
    /// Rows by key and window.
    Window(WindowBytesStoreSupplier),
    /// Rows by key and session.
    Session(SessionBytesStoreSupplier),
}

/// Where rows lie, and whether their times lie with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plain,
    Timestamped,
    InMemory,
}

macro_rules! answers {
    ($($supplier:ident => $kind:ident),*) => {$(
        impl $supplier {
            /// The store's name.
            pub fn name(&self) -> &Arc<str> {
                &self.name
            }

            /// Whether rows are kept in memory, not in RocksDB.
            pub fn in_memory(&self) -> bool {
                self.form == Form::InMemory
            }

            /// Whether rows on disk have their times with them.
            pub fn timestamped(&self) -> bool {
                self.form != Form::Plain
            }
        }

        impl From<$supplier> for BytesStoreSupplier {
            fn from(supplier: $supplier) -> Self {
                BytesStoreSupplier::$kind(supplier)
            }
        }
    )*};
}
answers!(KeyValueBytesStoreSupplier => KeyValue, WindowBytesStoreSupplier => Window, SessionBytesStoreSupplier => Session);

impl KeyValueBytesStoreSupplier {
    /// How many keys it may have; `None`: any number.
    pub fn most_keys(&self) -> Option<usize> {
        self.most_keys
    }
}

impl WindowBytesStoreSupplier {
    /// How long windows are kept, from their start on, in milliseconds.
    pub fn retention_ms(&self) -> i64 {
        millis(self.retention)
    }

    /// How long windows are, in milliseconds.
    pub fn window_size_ms(&self) -> i64 {
        millis(self.window_size)
    }

    /// Whether every put makes a row.
    pub fn retain_duplicates(&self) -> bool {
        self.retain_duplicates
    }
}

impl SessionBytesStoreSupplier {
    /// How long sessions are kept, from their end on, in milliseconds.
    pub fn retention_ms(&self) -> i64 {
        millis(self.retention)
    }
}

impl BytesStoreSupplier {
    /// The store's name.
    pub fn name(&self) -> &Arc<str> {
        match self {
            BytesStoreSupplier::KeyValue(supplier) => supplier.name(),
            BytesStoreSupplier::Window(supplier) => supplier.name(),
            BytesStoreSupplier::Session(supplier) => supplier.name(),
        }
    }

    /// Whether rows are kept in memory, not in RocksDB.
    pub fn in_memory(&self) -> bool {
        match self {
            BytesStoreSupplier::KeyValue(supplier) => supplier.in_memory(),
            BytesStoreSupplier::Window(supplier) => supplier.in_memory(),
            BytesStoreSupplier::Session(supplier) => supplier.in_memory(),
        }
    }

    /// Whether rows on disk have their times with them.
    pub fn timestamped(&self) -> bool {
        match self {
            BytesStoreSupplier::KeyValue(supplier) => supplier.timestamped(),
            BytesStoreSupplier::Window(supplier) => supplier.timestamped(),
            BytesStoreSupplier::Session(supplier) => supplier.timestamped(),
        }
    }
}

/// Stores for the options of operators, which know the types of the rows. Errors of names and times come when the topology is built.
impl Stores {
    /// A key-value store in RocksDB that keeps no times: a table finds its rows without one.
    pub fn persistent_key_value_store(name: impl Into<Arc<str>>) -> KeyValueBytesStoreSupplier {
        KeyValueBytesStoreSupplier { name: name.into(), form: Form::Plain, most_keys: None }
    }

    /// A key-value store in RocksDB with the times of the rows, as tables have it by default.
    pub fn persistent_timestamped_key_value_store(name: impl Into<Arc<str>>) -> KeyValueBytesStoreSupplier {
        KeyValueBytesStoreSupplier { name: name.into(), form: Form::Timestamped, most_keys: None }
    }

    /// A key-value store in memory.
    pub fn in_memory_key_value_store(name: impl Into<Arc<str>>) -> KeyValueBytesStoreSupplier {
        KeyValueBytesStoreSupplier { name: name.into(), form: Form::InMemory, most_keys: None }
    }

    /// A key-value store in memory for so many keys at most (one at least): when the row of one more is written, the one that was read or written
    /// longest ago is forgotten. As in Java nothing is said of it: what the table was made into keeps what it made of that row, a record
    /// that comes for it later finds none, and the changelog keeps it, so that a table that is to stay small on the topic too needs a
    /// `cleanup.policy` of `compact,delete`. After a restart the rows that were written last are there.
    ///
    /// A record cache lies in front: only what it cannot answer is a read of the store, and rows are forgotten when it is flushed.
    #[doc(alias = "lruMap")]
    pub fn lru_map_store(name: impl Into<Arc<str>>, most_keys: usize) -> KeyValueBytesStoreSupplier {
        KeyValueBytesStoreSupplier { name: name.into(), form: Form::InMemory, most_keys: Some(most_keys) }
    }

    /// A window store in RocksDB that keeps no times beside those of the windows. `retain_duplicates`: every put makes a row, as a
    /// stream-stream join needs it.
    pub fn persistent_window_store(
        name: impl Into<Arc<str>>,
        retention: Duration,
        window_size: Duration,
        retain_duplicates: bool,
    ) -> WindowBytesStoreSupplier {
        WindowBytesStoreSupplier { name: name.into(), form: Form::Plain, retention, window_size, retain_duplicates }
    }

    /// A window store in RocksDB with the times of the rows, as windowed aggregates have it by default.
    pub fn persistent_timestamped_window_store(
        name: impl Into<Arc<str>>,
        retention: Duration,
        window_size: Duration,
        retain_duplicates: bool,
    ) -> WindowBytesStoreSupplier {
        WindowBytesStoreSupplier { name: name.into(), form: Form::Timestamped, retention, window_size, retain_duplicates }
    }

    /// A window store in memory.
    pub fn in_memory_window_store(
        name: impl Into<Arc<str>>,
        retention: Duration,
        window_size: Duration,
        retain_duplicates: bool,
    ) -> WindowBytesStoreSupplier {
        WindowBytesStoreSupplier { name: name.into(), form: Form::InMemory, retention, window_size, retain_duplicates }
    }

    /// A session store in RocksDB.
    pub fn persistent_session_store(name: impl Into<Arc<str>>, retention: Duration) -> SessionBytesStoreSupplier {
        SessionBytesStoreSupplier { name: name.into(), form: Form::Plain, retention }
    }

    /// A session store in memory.
    pub fn in_memory_session_store(name: impl Into<Arc<str>>, retention: Duration) -> SessionBytesStoreSupplier {
        SessionBytesStoreSupplier { name: name.into(), form: Form::InMemory, retention }
    }
}
