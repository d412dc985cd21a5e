//! Stores that user code names: typed tokens while a topology is built, opened stores in a processor.

/// What opened stores have in common that are asked by the bytes of one key.
macro_rules! keyed {
    ($opened:ident, $store:ident) => {
        impl<K, V> std::fmt::Debug for $opened<K, V> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($opened))
            }
        }

        impl<K: Data, V: Data> $opened<K, V> {
            pub(in crate::topology) fn new(store: Rc<RefCell<$store<K, V>>>) -> Self {
                $opened { store, buffer: Cell::default() }
            }

            /// Runs `f` with the store and the bytes of the key in it.
            fn with_key<R>(&self, key: &K, f: impl FnOnce(&mut $store<K, V>, &[u8]) -> Result<R, BoxError>) -> Result<R, BoxError> {
                let mut bytes = self.buffer.take();
                bytes.clear();
                let mut store = self.store.borrow_mut();
                let result = store.write_key(key, &mut bytes).and_then(|()| f(&mut store, &bytes));
                self.buffer.set(bytes);
                result
            }
        }
    };
}

mod key_value;
mod own;
mod session;
mod versioned;
mod window;

pub(super) use key_value::keys_with_prefix;
pub use key_value::{KeyValueRows, KeyValueStore};
pub use own::{Own, OwnStoreHandle, ReadOnlyOwn, ReadOnlyOwnHandle};
pub use session::SessionStore;
pub use versioned::VersionedKeyValueStore;
pub use window::{WindowRows, WindowedStore};

use crate::exec::GraphEnv;
use crate::plan::SharedPlan;
use crate::{Data, Result};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use streams_state::{
    KeyValueStoreBuilder, KvStore, SessionStore as OpenedSessionStore, SessionStoreBuilder, StoreSupplier, VersionedStore,
    VersionedStoreBuilder, WindowStore, WindowStoreBuilder,
};

/// A walk whose rows come with their times: see [`KeyValueRows::with_timestamps`] and [`WindowRows::with_timestamps`].
#[derive(Debug)]
#[must_use = "a walk does nothing until it is asked for rows"]
pub struct WithTimestamps<R>(pub(in crate::topology) R);

/// The description of a store that can be added to a topology.
pub trait StateStoreBuilder {
    /// What processors name the store by.
    type Handle: StoreSet;
    #[doc(hidden)]
    fn add_to(self, plan: &SharedPlan) -> Self::Handle;
}

fn add<H>(
    plan: &SharedPlan,
    name: &str,
    supplier: streams_state::Result<Arc<dyn StoreSupplier>>,
    handle: impl FnOnce(Arc<str>, SharedPlan) -> H,
) -> H {
    let mut locked = plan.lock();
    match supplier {
        Ok(store) => locked.stores.push(store),
        Err(e) => locked.error(e.to_string()),
    }
    drop(locked);
    handle(name.into(), plan.clone())
}

/// A handle of a store: what it is called, what a processor gets, and how that is opened.
macro_rules! handle {
    ($(#[$doc:meta])* $handle:ident, $opened:ident, $open:expr) => {
        $(#[$doc])*
        pub struct $handle<K, V> {
            pub(crate) name: Arc<str>,
            pub(crate) plan: SharedPlan,
            pub(crate) types: PhantomData<fn() -> (K, V)>,
        }

        impl<K, V> Clone for $handle<K, V> {
            fn clone(&self) -> Self {
                $handle { name: self.name.clone(), plan: self.plan.clone(), types: PhantomData }
            }
        }

        impl<K, V> fmt::Debug for $handle<K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($handle), "({})"), self.name)
            }
        }

        impl<K: Data, V: Data> StoreSet for $handle<K, V> {
            type Open = $opened<K, V>;
            fn names(&self, out: &mut Vec<(Arc<str>, SharedPlan)>) {
                out.push((self.name.clone(), self.plan.clone()));
            }
            fn open(&self, env: &mut GraphEnv<'_>) -> Result<$opened<K, V>> {
                $open(env, &self.name)
            }
        }
    };
}

pub(super) use handle;

/// The handle of a store that is described by a builder.
macro_rules! built_handle {
    ($(#[$doc:meta])* $handle:ident, $builder:ident, $store:ident, $opened:ident) => {
        handle!(
            $(#[$doc])*
            $handle, $opened, |env: &mut GraphEnv<'_>, name: &Arc<str>| Ok($opened::new(env.store::<$store<K, V>>(name)?))
        );

        impl<K: Data, V: Data> StateStoreBuilder for $builder<K, V> {
            type Handle = $handle<K, V>;
            fn add_to(self, plan: &SharedPlan) -> Self::Handle {
                let name = self.name().to_owned();
                add(plan, &name, self.build(), |name, plan| $handle { name, plan, types: PhantomData })
            }
        }
    };
}

built_handle!(
    /// A key-value store of a topology: pass it to `.process(..)` to use it there. Nothing else can reach the store.
    KeyValueStoreHandle, KeyValueStoreBuilder, KvStore, KeyValueStore
);
built_handle!(
    /// A window store of a topology: pass it to `.process(..)` to use it there. Nothing else can reach the store.
    WindowStoreHandle, WindowStoreBuilder, WindowStore, WindowedStore
);

built_handle!(
    /// A session store of a topology: pass it to `.process(..)` to use it there. Nothing else can reach the store.
    SessionStoreHandle, SessionStoreBuilder, OpenedSessionStore, SessionStore
);

built_handle!(
    /// A versioned store of a topology: pass it to `.process(..)` to use it there. Nothing else can reach the store.
    VersionedStoreHandle, VersionedStoreBuilder, VersionedStore, VersionedKeyValueStore
);

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
