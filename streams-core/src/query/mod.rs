//! Interactive queries: the stores of a running application, read from other threads.
//!
//! A store is read on this instance only: its tasks that run elsewhere, or are on their way while work is shared anew, are not asked. Two views are to be had, as KIP-892 names them:
//!
//! - [`IsolationLevel::ReadUncommitted`], the default as in Java: the newest value, with what the record cache holds and what no commit covers yet. The
//!   stream thread that owns the store answers between two of its steps; a closure that takes its time keeps a query waiting.
//! - [`IsolationLevel::ReadCommitted`]: what the last commit covers, and under exactly-once nothing that may still be aborted. Key-value stores on disk
//!   are read without asking the thread; of all others it is asked, too.
//!
//! A global store, or that of a global table, is whole on every instance, and what it has is committed: the thread that asks reads it itself, while the
//! global thread goes on.

mod ask;
mod key_value;
mod session;
mod window;

pub use key_value::QueryableKeyValueStore;
pub use session::QueryableSessionStore;
pub use window::QueryableWindowStore;

use crate::topology::Subtopology;
use crate::{Data, Error, ErrorKind, KafkaStreams, Result};
use ask::Asked;
use std::sync::Arc;

/// What a query sees of changes that are not committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IsolationLevel {
    /// All of them.
    #[default]
    ReadUncommitted,
    /// None.
    ReadCommitted,
}

impl KafkaStreams {
    /// A key-value store of the topology, or the rows of a table that is kept under that name, as far as this instance has it.
    ///
    /// ```no_run
    /// # use streams_core::{KafkaStreams, StreamsBuilder, config::StreamsConfig, query::IsolationLevel};
    /// # let builder = StreamsBuilder::new();
    /// builder.stream::<String, String>("visits").group_by_key().count_with("visits-by-user").to_stream().to("counts");
    /// let app = KafkaStreams::start(builder.build()?, StreamsConfig::new("visits", "localhost:9092"))?;
    /// let visits = app.key_value_store::<String, u64>("visits-by-user")?;
    /// let newest = visits.get(&"ann".to_string())?;
    /// let certain = visits.isolation(IsolationLevel::ReadCommitted).range("a".to_string()..="b".to_string())?;
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Topology`: there is no such store.
    #[doc(alias = "store")]
    #[doc(alias = "QueryableStoreTypes")]
    pub fn key_value_store<K: Data + Sync, V: Data>(&self, name: &str) -> Result<QueryableKeyValueStore<K, V>> {
        Ok(QueryableKeyValueStore::new(self.asked(name)?))
    }

    /// A window store of the topology, or that of a windowed table; `K` is the key without its window.
    ///
    /// # Errors
    /// As [`key_value_store`](Self::key_value_store).
    #[doc(alias = "store")]
    pub fn window_store<K: Data + Sync, V: Data>(&self, name: &str) -> Result<QueryableWindowStore<K, V>> {
        Ok(QueryableWindowStore::new(self.asked(name)?))
    }

    /// A session store of the topology, or that of a table of sessions; `K` is the key without its window.
    ///
    /// # Errors
    /// As [`key_value_store`](Self::key_value_store).
    #[doc(alias = "store")]
    pub fn session_store<K: Data + Sync, V: Data>(&self, name: &str) -> Result<QueryableSessionStore<K, V>> {
        Ok(QueryableSessionStore::new(self.asked(name)?))
    }

    fn asked(&self, name: &str) -> Result<Asked> {
        let topology = &self.shared.topology;
        let stores_of = |subtopologies: &[Subtopology]| {
            let stores = subtopologies.iter().flat_map(|subtopology| &subtopology.stores);
            stores.map(|store| store.name().clone()).collect::<Vec<Arc<str>>>()
        };
        let (own, global) = (stores_of(topology.subtopologies()), stores_of(topology.globals()));
        let of_tasks = own.len();
        let names = [own, global].concat();
        match names.iter().position(|known| &**known == name) {
            Some(at) => Ok(Asked {
                shared: self.shared.clone(),
                name: names[at].clone(),
                global: at >= of_tasks,
                isolation: IsolationLevel::default(),
            }),
            None => Err(Error::new(ErrorKind::Topology, format!("the topology has no store {name}; its stores: [{}]", names.join(", ")))),
        }
    }
}
