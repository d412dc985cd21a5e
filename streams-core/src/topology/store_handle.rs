//! Stores that user code names: typed tokens while a topology is built, opened stores in a processor.

use super::context::ProcessingContext;
use crate::exec::GraphEnv;
use crate::plan::SharedPlan;
use crate::{BoxError, Data, Result};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, ControlFlow};
use std::rc::Rc;
use std::sync::Arc;
use streams_state::store::StateStore;
use streams_state::{KvStore, Slot};

/// A key-value store of a topology: pass it to `.process(..)` to use it there. Nothing else can reach the store.
pub struct KeyValueStoreHandle<K, V> {
    pub(crate) name: Arc<str>,
    pub(crate) plan: SharedPlan,
    pub(crate) types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for KeyValueStoreHandle<K, V> {
    fn clone(&self) -> Self {
        KeyValueStoreHandle { name: self.name.clone(), plan: self.plan.clone(), types: PhantomData }
    }
}

impl<K, V> fmt::Debug for KeyValueStoreHandle<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyValueStoreHandle({})", self.name)
    }
}

/// The stores that a processor is connected to: `()`, a handle, a tuple of them, or a vector. They arrive opened and typed.
pub trait StoreSet: Clone + Send + Sync + 'static {
    /// The opened stores.
    type Open;
    #[doc(hidden)]
    fn names(&self, out: &mut Vec<(Arc<str>, SharedPlan)>);
    #[doc(hidden)]
    fn open(&self, env: &mut GraphEnv<'_>) -> Result<Self::Open>;
}

impl StoreSet for () {
    type Open = ();
    fn names(&self, _: &mut Vec<(Arc<str>, SharedPlan)>) {}
    fn open(&self, _: &mut GraphEnv<'_>) -> Result<()> {
        Ok(())
    }
}

impl<K: Data, V: Data> StoreSet for KeyValueStoreHandle<K, V> {
    type Open = KeyValueStore<K, V>;
    fn names(&self, out: &mut Vec<(Arc<str>, SharedPlan)>) {
        out.push((self.name.clone(), self.plan.clone()));
    }
    fn open(&self, env: &mut GraphEnv<'_>) -> Result<KeyValueStore<K, V>> {
        Ok(KeyValueStore { store: env.store::<KvStore<K, V>>(&self.name)?, buffer: Cell::default() })
    }
}

impl<S: StoreSet> StoreSet for Vec<S> {
    type Open = Vec<S::Open>;
    fn names(&self, out: &mut Vec<(Arc<str>, SharedPlan)>) {
        self.iter().for_each(|stores| stores.names(out));
    }
    fn open(&self, env: &mut GraphEnv<'_>) -> Result<Self::Open> {
        self.iter().map(|stores| stores.open(env)).collect()
    }
}

macro_rules! tuple_of_stores {
    ($($name:ident $index:tt),+) => {
        impl<$($name: StoreSet),+> StoreSet for ($($name,)+) {
            type Open = ($($name::Open,)+);
            fn names(&self, out: &mut Vec<(Arc<str>, SharedPlan)>) {
                $(self.$index.names(out);)+
            }
            fn open(&self, env: &mut GraphEnv<'_>) -> Result<Self::Open> {
                Ok(($(self.$index.open(env)?,)+))
            }
        }
    };
}
tuple_of_stores!(A 0, B 1);
tuple_of_stores!(A 0, B 1, C 2);
tuple_of_stores!(A 0, B 1, C 2, D 3);

/// A key-value store opened in a processor. Each call is complete in itself, so a processor may forward records while it walks a store that
/// a node further down writes.
///
/// Order is that of the keys' bytes, not of the keys.
pub struct KeyValueStore<K, V> {
    store: Rc<RefCell<KvStore<K, V>>>,
    buffer: Cell<Vec<u8>>,
}

impl<K, V> fmt::Debug for KeyValueStore<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyValueStore")
    }
}

impl<K: Data, V: Data> KeyValueStore<K, V> {
    fn with_key<R>(&self, key: &K, f: impl FnOnce(&mut KvStore<K, V>, &[u8]) -> Result<R, BoxError>) -> Result<R, BoxError> {
        let mut bytes = self.buffer.take();
        bytes.clear();
        let mut store = self.store.borrow_mut();
        let result = store.write_key(key, &mut bytes).and_then(|()| f(&mut store, &bytes));
        self.buffer.set(bytes);
        result
    }

    /// The value of a key.
    ///
    /// # Errors
    /// When the key cannot be serialized or the row not be read.
    pub fn get(&self, key: &K) -> Result<Option<V>, BoxError> {
        Ok(self.get_with_timestamp(key)?.map(|(value, _)| value))
    }

    /// The value of a key and its time; -1 in a plain store.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_with_timestamp(&self, key: &K) -> Result<Option<(V, i64)>, BoxError> {
        self.with_key(key, |store, bytes| Ok(store.get(bytes)?))
    }

    /// Sets the value of a key, at the time of the record being processed.
    ///
    /// # Errors
    /// The serdes', and the changelog's.
    pub fn put(&self, ctx: &mut impl ProcessingContext, key: &K, value: V) -> Result<(), BoxError> {
        let timestamp = ctx.cx().timestamp;
        self.put_at(ctx, key, value, timestamp)
    }

    /// Sets the value of a key at a given time.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_at(&self, ctx: &mut impl ProcessingContext, key: &K, value: V, timestamp: i64) -> Result<(), BoxError> {
        self.update(ctx, key, |slot| *slot = Slot { value: Some(value), timestamp })
    }

    /// Sets the value of a key that has none; the answer is the value that it had.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    #[doc(alias = "putIfAbsent")]
    pub fn put_if_absent(&self, ctx: &mut impl ProcessingContext, key: &K, value: V) -> Result<Option<V>, BoxError> {
        let existing = self.get(key)?;
        if existing.is_none() {
            self.put(ctx, key, value)?;
        }
        Ok(existing)
    }

    /// Deletes a key; the answer is the value that it had.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete(&self, ctx: &mut impl ProcessingContext, key: &K) -> Result<Option<V>, BoxError> {
        let timestamp = ctx.cx().timestamp;
        self.update(ctx, key, |slot| {
            slot.timestamp = timestamp;
            slot.value.take()
        })
    }

    fn update<R>(&self, ctx: &mut impl ProcessingContext, key: &K, change: impl FnOnce(&mut Slot<V>) -> R) -> Result<R, BoxError> {
        let cx = ctx.cx();
        self.with_key(key, |store, bytes| {
            let result = store.update(bytes, cx.origin, change)?;
            if !store.caching() {
                store.flush(&mut *cx.out)?;
            }
            Ok(result)
        })
    }

    /// All rows.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn all(&self) -> Result<Vec<(K, V)>, BoxError> {
        self.scan(Bound::Unbounded, Bound::Unbounded)
    }

    /// The rows of keys from `from` to `to`, both included, by the order of their bytes.
    ///
    /// # Errors
    /// When a key cannot be serialized or a row not be read.
    pub fn range(&self, from: &K, to: &K) -> Result<Vec<(K, V)>, BoxError> {
        let (mut low, mut high) = (Vec::new(), Vec::new());
        {
            let store = self.store.borrow();
            store.write_key(from, &mut low)?;
            store.write_key(to, &mut high)?;
        }
        self.scan(Bound::Included(&low), Bound::Included(&high))
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Result<Vec<(K, V)>, BoxError> {
        let mut raw = Vec::new();
        let mut store = self.store.borrow_mut();
        store.scan(from, to, false, &mut |key, value, _| {
            raw.push((key.to_vec(), value.clone()));
            Ok(ControlFlow::Continue(()))
        })?;
        raw.into_iter().map(|(key, value)| Ok((store.read_key(&key)?, value))).collect()
    }
}
