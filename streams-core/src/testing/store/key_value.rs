//! Key-value stores.

use super::{UnderTest, key_bytes, unreadable};
use crate::{Data, Result};
use std::fmt;
use std::ops::{Bound, ControlFlow};
use streams_state::store::StateStore;
use streams_state::{KvStore, NO_HEADERS};

/// A key-value store of the topology under test.
pub struct TestKeyValueStore<K, V>(pub(in crate::testing) UnderTest<KvStore<K, V>>);

impl<K, V> fmt::Debug for TestKeyValueStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestKeyValueStore")
    }
}

impl<K: Data, V: Data> TestKeyValueStore<K, V> {
    /// The value of a key.
    ///
    /// # Errors
    /// When the serdes fail, and when the driver is closed.
    pub fn get(&self, key: &K) -> Result<Option<V>> {
        Ok(self.get_with_timestamp(key)?.map(|(value, _)| value))
    }

    /// The value of a key and its time in milliseconds; -1 in a plain store.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_with_timestamp(&self, key: &K) -> Result<Option<(V, i64)>> {
        self.0.read(|store| {
            let bytes = key_bytes(store.name(), |out| store.write_key(key, out))?;
            Ok(store.get(&bytes)?)
        })
    }

    /// Sets the value of a key and its time (which a plain store does not keep), or deletes it with `None`: to fill the store before a test. The
    /// change goes the way of one that the topology makes: to the changelog, and, out of the cache of a table, downstream.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<String, i64>("in").group_by_key().count_with("counts").to_stream().to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.key_value_store::<String, u64>("counts").expect("a store").put(&"a".to_string(), Some(41), 0)?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 1)?;
    /// let counts = driver.output::<String, Option<u64>>("out").read_all()?;
    /// assert_eq!(counts, [("a".to_string(), Some(41)), ("a".to_string(), Some(42))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The serdes', and those of the nodes that see the change.
    pub fn put(&self, key: &K, value: Option<V>, timestamp: i64) -> Result<()> {
        self.0.change(|store, origin, log| {
            let bytes = key_bytes(store.name(), |out| store.write_key(key, out))?;
            store.set_record_headers(&NO_HEADERS);
            store.put(&bytes, value, timestamp, origin)?;
            if !store.caching() {
                store.flush(log)?;
            }
            Ok(())
        })
    }

    /// All rows with their times, by the order of the keys' bytes.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn all(&self) -> Result<Vec<(K, V, i64)>> {
        self.0.read(|store| rows(store, Bound::Unbounded, Bound::Unbounded))
    }

    /// The rows of keys from `from` to `to`, both included, with their times, by the order of the keys' bytes.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn range(&self, from: &K, to: &K) -> Result<Vec<(K, V, i64)>> {
        self.0.read(|store| {
            let bytes = |key| key_bytes(store.name(), |out| store.write_key(key, out));
            let (from, to) = (bytes(from)?, bytes(to)?);
            rows(store, Bound::Included(&from), Bound::Included(&to))
        })
    }
}

fn rows<K: Data, V: Data>(store: &mut KvStore<K, V>, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Result<Vec<(K, V, i64)>> {
    let mut rows = Vec::new();
    store.scan(from, to, false, &mut |key, value, timestamp| {
        rows.push((key.to_vec(), value.clone(), timestamp));
        Ok(ControlFlow::Continue(()))
    })?;
    let read = |key: &[u8]| store.read_key(key).map_err(|e| unreadable(store.name(), e));
    rows.into_iter().map(|(key, value, timestamp)| Ok((read(&key)?, value, timestamp))).collect()
}
