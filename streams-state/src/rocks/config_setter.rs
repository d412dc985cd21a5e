//! Options that the user changes.

use std::sync::Arc;

/// The `rocksdb` crate in the version that stores use: for the types of its options.
pub mod library {
    pub use rocksdb::*;
}

/// Changes the options of a store's database: called with the store's name when one is opened, once for the options of the database and once for
/// those of its rows, which are of one type. A window or session store has a database per segment.
#[doc(alias = "RocksDBConfigSetter")]
pub type RocksDbConfigSetter = Arc<dyn Fn(&str, &mut library::Options) + Send + Sync>;
