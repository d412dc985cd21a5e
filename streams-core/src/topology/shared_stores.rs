//! How stores are described that one processor keeps and others only read: global ones, and those filled from their topic.

use super::ReadRow;
use super::read_only::{GlobalStoreHandle, ReadOnlyStateStoreHandle};
use super::read_only_kinds::{
    GlobalSessionStoreHandle, GlobalVersionedStoreHandle, GlobalWindowStoreHandle, ReadOnlySessionStoreHandle,
    ReadOnlyVersionedStoreHandle, ReadOnlyWindowStoreHandle,
};
use super::source_row::{Recoded, SourceRow};
use super::stores::{
    KeyValueStoreHandle, OwnStoreHandle, ReadOnlyOwnHandle, SessionStoreHandle, StateStoreBuilder, StoreSet, VersionedStoreHandle,
    WindowStoreHandle,
};
use crate::Data;
use crate::plan::SharedPlan;
use std::marker::PhantomData;
use std::sync::Arc;
use streams_state::serde::{Serde, SessionWindowedSerde, TimeWindowedSerde, Windowed};
use streams_state::{
    KeyValueStoreBuilder, OwnStore, OwnStoreBuilder, SessionStoreBuilder, StoreSupplier, VersionedStoreBuilder, WindowStoreBuilder,
};

/// The description of a store that every instance can have whole: see [`add_global_store`](crate::StreamsBuilder::add_global_store).
pub trait GlobalStoreBuilder: StateStoreBuilder {
    /// What other processors than the one that keeps the store name it by.
    type Global: StoreSet;
    #[doc(hidden)]
    fn describe(self, plan: &SharedPlan) -> GlobalStore<Self::Handle, Self::Global>;
}

/// The description of a store that can be filled from a topic: see
/// [`add_read_only_state_store`](crate::StreamsBuilder::add_read_only_state_store).
pub trait ReadOnlyStoreBuilder: StateStoreBuilder {
    /// Keys of the topic: those of the store, for windows and sessions with the window.
    type Key: Data;
    /// Values of the topic and of the store.
    type Value: Data;
    /// What other processors than the one that fills the store name it by.
    type ReadOnly: StoreSet;
    #[doc(hidden)]
    fn fill(self, plan: &SharedPlan, source: SourceSerdes<Self::Key, Self::Value>) -> FilledStore<Self::Handle, Self::ReadOnly>;
}

/// A described store with its two handles.
#[doc(hidden)]
pub struct GlobalStore<H, G> {
    pub(crate) supplier: streams_state::Result<Arc<dyn StoreSupplier>>,
    /// For the processor that keeps it.
    pub(crate) own: H,
    pub(crate) global: G,
}

/// How the source of a store reads its topic.
#[doc(hidden)]
pub struct SourceSerdes<K, V> {
    pub(crate) key: Arc<dyn Serde<K>>,
    pub(crate) value: Arc<dyn Serde<V>>,
}

/// A store that was added, with its two handles.
#[doc(hidden)]
pub struct FilledStore<H, R> {
    pub(crate) name: Arc<str>,
    /// For the processor that fills it.
    pub(crate) own: H,
    pub(crate) read_only: R,
    /// Makes rows of the topic's records when it is restored.
    pub(crate) row: Arc<dyn ReadRow>,
}

/// The handles of a store that others only read, and that it can be had from a builder. `$keys` makes the serde of the store's changelog keys,
/// for keys of the type `$key`, and `$check` tells why a store cannot be restored from a topic.
macro_rules! shared_store {
    ($builder:ident, $handle:ident, $global:ident, $read_only:ident, $key:ty, $keys:expr, $check:expr) => {
        impl<K: Data, V: Data> GlobalStoreBuilder for $builder<K, V> {
            type Global = $global<K, V>;
            fn describe(self, plan: &SharedPlan) -> GlobalStore<$handle<K, V>, $global<K, V>> {
                let name: Arc<str> = self.name().into();
                let own = $handle { name: name.clone(), plan: plan.clone(), types: PhantomData };
                let global = $global { name, plan: plan.clone(), types: PhantomData };
                // what was read is committed at once, and its topic is the truth
                GlobalStore { supplier: self.caching(false).without_logging().build(), own, global }
            }
        }

        impl<K: Data, V: Data> ReadOnlyStoreBuilder for $builder<K, V> {
            type Key = $key;
            type Value = V;
            type ReadOnly = $read_only<K, V>;
            fn fill(self, plan: &SharedPlan, source: SourceSerdes<$key, V>) -> FilledStore<$handle<K, V>, $read_only<K, V>> {
                let (keys, values) = self.serdes();
                let key = Recoded { from: source.key, to: $keys(keys.clone()) };
                let row: Arc<dyn ReadRow> = Arc::new(SourceRow { key, value: Recoded { from: source.value, to: values.clone() } });
                if let Some(why) = $check(&self) {
                    plan.lock().error(format!("store {} cannot be restored from a topic: {why}", self.name()));
                }
                let own = self.add_to(plan);
                let name = own.name.clone();
                let read_only = $read_only { name: name.clone(), plan: plan.clone(), types: PhantomData };
                FilledStore { name, own, read_only, row }
            }
        }
    };
}
shared_store!(KeyValueStoreBuilder, KeyValueStoreHandle, GlobalStoreHandle, ReadOnlyStateStoreHandle, K, |keys| keys, |_: &Self| None::<
    &str,
>);
shared_store!(
    VersionedStoreBuilder,
    VersionedStoreHandle,
    GlobalVersionedStoreHandle,
    ReadOnlyVersionedStoreHandle,
    K,
    |keys| keys,
    |_: &Self| None::<&str>
);
shared_store!(
    WindowStoreBuilder,
    WindowStoreHandle,
    GlobalWindowStoreHandle,
    ReadOnlyWindowStoreHandle,
    Windowed<K>,
    |keys: Arc<dyn Serde<K>>| -> Arc<dyn Serde<Windowed<K>>> { Arc::new(TimeWindowedSerde::new(keys, 0).for_changelog()) },
    |store: &Self| store.retains_duplicates().then_some("it retains duplicates, and keys of windows do not number them; leave them out")
);
shared_store!(
    SessionStoreBuilder,
    SessionStoreHandle,
    GlobalSessionStoreHandle,
    ReadOnlySessionStoreHandle,
    Windowed<K>,
    |keys: Arc<dyn Serde<K>>| -> Arc<dyn Serde<Windowed<K>>> { Arc::new(SessionWindowedSerde::new(keys)) },
    |_: &Self| None::<&str>
);

/// The changes of a store of one's own kind are bytes, those of its topic.
impl<S: OwnStore> ReadOnlyStoreBuilder for OwnStoreBuilder<S> {
    type Key = Vec<u8>;
    type Value = Vec<u8>;
    type ReadOnly = ReadOnlyOwnHandle<S>;
    fn fill(self, plan: &SharedPlan, source: SourceSerdes<Vec<u8>, Vec<u8>>) -> FilledStore<OwnStoreHandle<S>, ReadOnlyOwnHandle<S>> {
        let row: Arc<dyn ReadRow> = Arc::new(SourceRow { key: Recoded::by(&source.key), value: Recoded::by(&source.value) });
        let own = self.add_to(plan);
        FilledStore { name: own.name.clone(), read_only: ReadOnlyOwnHandle(own.clone()), own, row }
    }
}
