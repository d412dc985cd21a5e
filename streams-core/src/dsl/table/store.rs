//! The store of a table, for processors.

use super::KTable;
use crate::Data;
use crate::topology::{KeyValueStoreHandle, SessionStoreHandle, VersionedStoreHandle, WindowStoreHandle};
use std::marker::PhantomData;
use std::sync::Arc;
use streams_state::StoreKind;
use streams_state::serde::Windowed;

impl<K: Data, V: Data> KTable<K, V> {
    /// The table's store, for a processor: pass it to [`process`](crate::KStream::process) and its kin, which puts the processor into the
    /// table's sub-topology, so that the processor's input must be partitioned as the table is. It must be a key-value store with a name; a
    /// versioned table has a [`versioned_store`](Self::versioned_store), one by window a [`window_store`](KTable::window_store), one by
    /// session a [`session_store`](KTable::session_store).
    ///
    /// What is read is the newest row, also where a cache holds its change back from the nodes behind the table.
    ///
    /// As in Java a processor may write the store too, and must know what it does: the row is the table's from then on, but only a cached
    /// table tells it to the nodes behind it, with its next change or commit; one without a cache does not. In a table with a time to live
    /// such a row does not expire.
    ///
    /// ```
    /// # use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, KeyValueStore};
    /// # use streams_core::{BoxError, StreamsBuilder, testing::TopologyTestDriver};
    /// /// Says how often a key was clicked so far.
    /// struct Clicks(KeyValueStore<String, u64>);
    ///
    /// impl FixedKeyProcessor<String, String, u64> for Clicks {
    ///     fn process(&mut self, ctx: &mut FixedKeyContext<'_, String, u64>, r: FixedKeyRecord<'_, String, String>) -> Result<(), BoxError> {
    ///         let clicks = self.0.get(r.key())?.unwrap_or(0);
    ///         ctx.forward(r.with_value(clicks))
    ///     }
    /// }
    ///
    /// let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, String>("clicks").group_by_key().count_with("click-counts");
    /// builder.stream::<String, String>("questions").process_values(clicks.store(), |_, store| Clicks(store)).to("answers");
    ///
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("clicks").pipe("a".to_string(), "here".to_string())?;
    /// driver.input::<String, String>("questions").pipe("a".to_string(), "how often?".to_string())?;
    /// assert_eq!(driver.output::<String, u64>("answers").read_all()?, [("a".to_string(), 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `build()` fails where the table has no store with a name, or one of another kind; the message says which method gives it.
    pub fn store(&self) -> KeyValueStoreHandle<K, V> {
        KeyValueStoreHandle { name: self.named_store("store"), plan: self.plan.clone(), types: PhantomData }
    }

    /// The store of a versioned table, for a processor; see [`store`](Self::store). What a processor puts into it is told to no other node.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn versioned_store(&self) -> VersionedStoreHandle<K, V> {
        VersionedStoreHandle { name: self.named_store("versioned_store"), plan: self.plan.clone(), types: PhantomData }
    }

    /// The name of the store, if `asked` is the method for its kind.
    fn named_store(&self, asked: &str) -> Arc<str> {
        let store = self.table.queryable();
        let error = match store.map(|store| (store, giver(store.kind()))) {
            Some((store, gives)) if gives == asked => return store.name().clone(),
            Some((store, gives)) => {
                format!("{asked}() of table {}: store {} is of another kind: {gives}() gives it", self.name, store.name())
            }
            None => format!("{asked}() of table {}: it has no store with a name: make the table with `Materialized::named(..)`", self.name),
        };
        self.plan.lock().error(error);
        self.name.clone()
    }
}

impl<K: Data, V: Data> KTable<Windowed<K>, V> {
    /// The store of a table by window, for a processor; see [`store`](Self::store).
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn window_store(&self) -> WindowStoreHandle<K, V> {
        WindowStoreHandle { name: self.named_store("window_store"), plan: self.plan.clone(), types: PhantomData }
    }

    /// The store of a table by session, for a processor; see [`store`](Self::store).
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn session_store(&self) -> SessionStoreHandle<K, V> {
        SessionStoreHandle { name: self.named_store("session_store"), plan: self.plan.clone(), types: PhantomData }
    }
}

/// The method that gives the handle of a store.
fn giver(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Versioned { .. } => "versioned_store",
        StoreKind::Window { .. } => "window_store",
        StoreKind::Session { .. } => "session_store",
        _ => "store",
    }
}

#[cfg(test)]
mod tests {
    use crate::{KTable, StreamsBuilder, TimeWindows};
    use std::time::Duration;

    #[test]
    fn a_table_without_a_named_store_has_none_for_processors() {
        let builder = StreamsBuilder::new();
        let table: KTable<String, String> = builder.table("rows");
        let _ = table.store();
        let error = builder.build().expect_err("it is not kept").to_string();
        assert!(error.contains("it has no store with a name"), "{error}");
    }

    #[test]
    fn a_store_of_another_kind_is_named_with_what_gives_it() {
        let builder = StreamsBuilder::new();
        let windows = TimeWindows::tumbling(Duration::from_secs(1)).no_grace();
        let counts = builder.stream::<String, String>("in").group_by_key().windowed_by(windows).count_with("counts");
        let _ = counts.session_store();
        let error = builder.build().expect_err("it is kept by windows").to_string();
        assert!(error.contains("store counts is of another kind: window_store() gives it"), "{error}");
    }
}
