//! Key-value stores as queries see them.

use super::IsolationLevel;
use super::ask::Asked;
use crate::{Data, Error, ErrorKind, Result};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, ControlFlow, RangeBounds};
use streams_state::{CommittedReader, KvReader, KvStore};

/// Rows read at a time where nobody has to wait for them.
const PAGE: usize = 512;

/// The rows of a key-value store on this instance; see [`KafkaStreams::key_value_store`](crate::KafkaStreams::key_value_store).
#[doc(alias = "ReadOnlyKeyValueStore")]
pub struct QueryableKeyValueStore<K, V> {
    asked: Asked,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for QueryableKeyValueStore<K, V> {
    fn clone(&self) -> Self {
        QueryableKeyValueStore { asked: self.asked.clone(), types: PhantomData }
    }
}

impl<K, V> fmt::Debug for QueryableKeyValueStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueryableKeyValueStore({:?})", self.asked)
    }
}

/// Bounds of a walk, their keys not written yet.
struct Span<K> {
    from: Bound<K>,
    to: Bound<K>,
    reverse: bool,
}

impl<K: Data + Sync, V: Data> QueryableKeyValueStore<K, V> {
    pub(super) fn new(asked: Asked) -> Self {
        QueryableKeyValueStore { asked, types: PhantomData }
    }

    /// The same store, seen so.
    #[must_use]
    pub fn isolation(mut self, level: IsolationLevel) -> Self {
        self.asked.isolation = level;
        self
    }

    /// The value of a key. `None` also where the task that has the key is not on this instance, or is on its way from one thread to another, as in Java.
    ///
    /// # Errors
    /// `Closed`: the application does not run. `Unavailable`: no task of this instance has the store, or one is being restored: ask again. `Topology`: the
    /// store's types are others. `Serde` and `Io` when it cannot be read.
    pub fn get(&self, key: &K) -> Result<Option<V>> {
        Ok(self.get_with_timestamp(key)?.map(|(value, _)| value))
    }

    /// The value of a key and its time in milliseconds; -1 in a plain store.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    #[doc(alias = "TimestampedKeyQuery")]
    pub fn get_with_timestamp(&self, key: &K) -> Result<Option<(V, i64)>> {
        if let Some(readers) = self.readers()? {
            let mut bytes = Vec::new();
            for reader in readers {
                bytes.clear();
                reader.write_key(key, &mut bytes).map_err(unwritable)?;
                if let Some(found) = reader.get(&bytes, &mut Vec::new())? {
                    return Ok(Some(found));
                }
            }
            return Ok(None);
        }
        let key = key.clone();
        let found = self.asked.of_each(move |store: &mut KvStore<K, V>| {
            let mut bytes = Vec::new();
            store.write_key(&key, &mut bytes).map_err(unwritable)?;
            Ok(store.get(&bytes)?)
        })?;
        Ok(found.into_iter().flatten().next())
    }

    /// The rows with keys in a range: partition after partition, in each by the order of the keys' bytes.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    #[doc(alias = "RangeQuery")]
    pub fn range(&self, keys: impl RangeBounds<K>) -> Result<Vec<(K, V)>> {
        self.walk(Span { from: keys.start_bound().cloned(), to: keys.end_bound().cloned(), reverse: false })
    }

    /// [`range`](Self::range), in each partition backwards.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn reverse_range(&self, keys: impl RangeBounds<K>) -> Result<Vec<(K, V)>> {
        self.walk(Span { from: keys.start_bound().cloned(), to: keys.end_bound().cloned(), reverse: true })
    }

    /// All rows, in the order of [`range`](Self::range).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn all(&self) -> Result<Vec<(K, V)>> {
        self.range(..)
    }

    /// How many rows there are on this instance, roughly.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn approximate_num_entries(&self) -> Result<u64> {
        use streams_state::store::StateStore as _;
        if let Some(readers) = self.readers()? {
            return Ok(readers.iter().map(KvReader::approximate_num_entries).sum());
        }
        Ok(self.asked.of_each(|store: &mut KvStore<K, V>| Ok(store.approximate_num_entries()))?.into_iter().sum())
    }

    /// What the committed rows of every task here are read with; `None` where the threads must be asked.
    fn readers(&self) -> Result<Option<Vec<KvReader<K, V>>>> {
        if self.asked.global {
            self.asked.shared.must_be_alive("a query")?;
            let reader = self.asked.global_reader::<CommittedReader<K, V>>()?;
            return Ok(Some(vec![reader.open().ok_or_else(|| self.asked.not_here())?]));
        }
        if self.asked.isolation == IsolationLevel::ReadUncommitted {
            return Ok(None);
        }
        self.asked.shared.must_be_alive("a query")?;
        let mut readers = Vec::new();
        for reader in self.asked.shared.committed_readers(&self.asked.name) {
            let Some(reader) = reader else { return Ok(None) };
            let reader = reader.downcast_ref::<CommittedReader<K, V>>().ok_or_else(|| self.other_types())?;
            // a store that closes just now: its thread says so
            let Some(reader) = reader.open() else { return Ok(None) };
            readers.push(reader);
        }
        Ok((!readers.is_empty()).then_some(readers))
    }

    #[cold]
    fn other_types(&self) -> Error {
        let types = std::any::type_name::<(K, V)>();
        Error::new(ErrorKind::Topology, format!("store {} has other types than {types}", self.asked.name))
    }

    fn walk(&self, span: Span<K>) -> Result<Vec<(K, V)>> {
        if let Some(readers) = self.readers()? {
            let mut rows = Vec::new();
            for reader in readers {
                read_all(&reader, &span, &mut rows)?;
            }
            return Ok(rows);
        }
        let Span { from, to, reverse } = span;
        let rows = self.asked.of_each(move |store: &mut KvStore<K, V>| {
            let bytes = |bound: &Bound<K>| written(bound, |key, out| store.write_key(key, out));
            let (from, to, mut found) = (bytes(&from)?, bytes(&to)?, Vec::new());
            store.scan(slice(&from), slice(&to), reverse, &mut |key, value, _| {
                found.push((key.to_vec(), value.clone()));
                Ok(ControlFlow::Continue(()))
            })?;
            let read = |(key, value): (Vec<u8>, V)| Ok((store.read_key(&key).map_err(unreadable)?, value));
            found.into_iter().map(read).collect::<Result<Vec<_>>>()
        })?;
        Ok(rows.into_iter().flatten().collect())
    }
}

/// All rows of a reader in pages, so that what is read is never a large copy within the engine.
fn read_all<K: Data, V: Data>(reader: &KvReader<K, V>, span: &Span<K>, rows: &mut Vec<(K, V)>) -> Result<()> {
    let bytes = |bound: &Bound<K>| {
        written(bound, |key, out| match reader.write_key(key, out)? {
            true => Ok(()),
            false => Err("a null key has no place in a range".into()),
        })
    };
    let (mut from, mut to) = (bytes(&span.from)?, bytes(&span.to)?);
    loop {
        let page = reader.page(slice(&from), slice(&to), span.reverse, PAGE)?;
        let (count, last) = (page.len(), page.last().map(|(key, ..)| key.clone()));
        for (key, value, _) in page {
            rows.push((reader.read_key(&key).map_err(unreadable)?, value));
        }
        match last {
            Some(last) if count == PAGE => *(if span.reverse { &mut to } else { &mut from }) = Bound::Excluded(last),
            _ => return Ok(()),
        }
    }
}

fn written<K>(bound: &Bound<K>, write: impl Fn(&K, &mut Vec<u8>) -> Result<(), crate::BoxError>) -> Result<Bound<Vec<u8>>> {
    let bytes = |key: &K| {
        let mut bytes = Vec::new();
        write(key, &mut bytes).map_err(unwritable).map(|()| bytes)
    };
    Ok(match bound {
        Bound::Included(key) => Bound::Included(bytes(key)?),
        Bound::Excluded(key) => Bound::Excluded(bytes(key)?),
        Bound::Unbounded => Bound::Unbounded,
    })
}

fn slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

#[cold]
pub(super) fn unwritable(cause: crate::BoxError) -> Error {
    Error::caused(ErrorKind::Serde, "the key of the query cannot be serialized", cause)
}

#[cold]
pub(super) fn unreadable(cause: crate::BoxError) -> Error {
    Error::caused(ErrorKind::Serde, "a key of the store cannot be deserialized", cause)
}
