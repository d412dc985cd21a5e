//! One grouped stream of a cogroup, the type of its values forgotten.

use crate::Data;
use crate::dsl::folder::Folder;
use crate::dsl::grouped::{GroupedInput, KGroupedStream, aggregate_factory};
use crate::dsl::session::{Folders, SessionTable, session_aggregate_factory};
use crate::dsl::stream::RepartitionNames;
use crate::dsl::table::TableStore;
use crate::dsl::windowed::{WindowedTable, window_aggregate_factory};
use crate::dsl::windows::{Cut, EmitStrategy, SessionWindows};
use crate::exec::NodeFactory;
use crate::plan::Plan;
use std::any::TypeId;
use std::sync::{Arc, Mutex, PoisonError};
use streams_state::serde::Serde;

/// Makes an aggregate.
pub(super) type Init<A> = Arc<dyn Fn() -> A + Send + Sync>;

/// An input of a cogroup.
pub(super) trait CogroupInput<K, A>: Send + Sync {
    /// Tells groupings apart.
    fn identity(&self) -> usize;

    /// The serde that its keys came with or that it was grouped with.
    fn key_serde(&self) -> Option<Arc<dyn Serde<K>>>;

    /// The stream partitioned by its key. Several aggregations of one cogroup share a repartition topic, but burn names each.
    fn partitioned(&self, plan: &mut Plan, store: &str, key_serde: &Arc<dyn Serde<K>>) -> GroupedInput;

    /// Its node over a table's store.
    fn plain(&self, store: &Arc<TableStore<K, A>>, init: &Init<A>, key_bytes: Option<TypeId>) -> Arc<dyn NodeFactory>;

    /// Its node over a window store.
    fn windowed(&self, windows: &Cut, table: &Arc<WindowedTable>, init: &Init<A>, key_bytes: Option<TypeId>) -> Arc<dyn NodeFactory>;

    /// Its node over a store of sessions.
    fn by_session(
        &self,
        windows: SessionWindows,
        table: &Arc<SessionTable>,
        begin: (&Init<A>, &Folder<K, A, A>),
        key_bytes: Option<TypeId>,
    ) -> Arc<dyn NodeFactory>;
}

/// Makes the closure that folds records of one.
type MakeFolder<K, V, A> = Box<dyn Fn(&Init<A>) -> Folder<K, V, A> + Send + Sync>;

pub(super) struct Input<K, V, A> {
    grouped: KGroupedStream<K, V>,
    folder: MakeFolder<K, V, A>,
    partitioned: Mutex<Option<GroupedInput>>,
}

impl<K: Data, V: Data, A: Data> Input<K, V, A> {
    pub fn new(grouped: KGroupedStream<K, V>, folder: impl Fn(&Init<A>) -> Folder<K, V, A> + Send + Sync + 'static) -> Self {
        Input { grouped, folder: Box::new(folder), partitioned: Mutex::default() }
    }
}

impl<K: Data, V: Data, A: Data> CogroupInput<K, A> for Input<K, V, A> {
    fn identity(&self) -> usize {
        self.grouped.identity()
    }

    fn key_serde(&self) -> Option<Arc<dyn Serde<K>>> {
        self.grouped.key.given_or(&self.grouped.stream.key_serde)
    }

    fn partitioned(&self, plan: &mut Plan, store: &str, key_serde: &Arc<dyn Serde<K>>) -> GroupedInput {
        let mut known = self.partitioned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(input) = &*known {
            if self.grouped.stream.repartition_required {
                RepartitionNames::burn(plan, self.grouped.named.get().map_or(store, |name| name));
            }
            return input.clone();
        }
        known.insert(self.grouped.partitioned(plan, store, key_serde)).clone()
    }

    fn plain(&self, store: &Arc<TableStore<K, A>>, init: &Init<A>, key_bytes: Option<TypeId>) -> Arc<dyn NodeFactory> {
        aggregate_factory((self.folder)(init), store, key_bytes)
    }

    fn windowed(&self, windows: &Cut, table: &Arc<WindowedTable>, init: &Init<A>, key_bytes: Option<TypeId>) -> Arc<dyn NodeFactory> {
        window_aggregate_factory(((self.folder)(init), None), (windows.clone(), EmitStrategy::default()), table, key_bytes)
    }

    fn by_session(
        &self,
        windows: SessionWindows,
        table: &Arc<SessionTable>,
        (init, merge): (&Init<A>, &Folder<K, A, A>),
        key_bytes: Option<TypeId>,
    ) -> Arc<dyn NodeFactory> {
        let folders = Folders { add: (self.folder)(init), merge: merge.clone() };
        session_aggregate_factory(folders, (windows, EmitStrategy::default()), table, key_bytes)
    }
}
