//! Late records that the table tells which aggregates a stream: a record that is late itself may still be near to windows that are open.

use super::grouped::KGroupedStream;
use super::{KStream, KTable};
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process, StreamTime, operator};
use crate::handlers::ProductionStage;
use crate::plan::{Named, Role, Target};
use crate::{Data, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{Serde, SerdeContext, Windowed, Wrote};
use streams_state::store::StateStore;
use streams_state::{SessionStore, StoreKind, WindowStore};

/// A store that is asked for the windows of a key.
pub(crate) trait WindowsOfKey<K>: StateStore {
    fn is_of(kind: StoreKind) -> bool;
    fn serde(&self) -> (&Arc<str>, &Arc<dyn Serde<K>>);
}

impl<K: Data, A: Data> WindowsOfKey<K> for SessionStore<K, A> {
    fn is_of(kind: StoreKind) -> bool {
        matches!(kind, StoreKind::Session { .. })
    }
    fn serde(&self) -> (&Arc<str>, &Arc<dyn Serde<K>>) {
        (self.topic(), self.key_serde())
    }
}

impl<K: Data, A: Data> WindowsOfKey<K> for WindowStore<K, A> {
    fn is_of(kind: StoreKind) -> bool {
        matches!(kind, StoreKind::Window { .. })
    }
    fn serde(&self) -> (&Arc<str>, &Arc<dyn Serde<K>>) {
        (self.topic(), self.key_serde())
    }
}

/// Whether a record of that key and time is taken, if windows that end at the last time or later are open.
type IsTaken<S> = dyn Fn(&mut S, &[u8], i64, i64) -> Result<bool> + Send + Sync;

/// Which windows take a record.
pub(crate) struct Taking<S> {
    /// What `is_taken` looks for, in the plural.
    pub what: &'static str,
    /// A record that is no further behind stream time is taken whatever there is.
    pub behind_ms: i64,
    /// Whether there is a window for the record.
    pub is_taken: Arc<IsTaken<S>>,
}

impl<S> Clone for Taking<S> {
    fn clone(&self) -> Self {
        Taking { is_taken: self.is_taken.clone(), ..*self }
    }
}

impl<K: Data, V: Data> KGroupedStream<K, V> {
    /// The records that `table`, which aggregates this stream, takes into no window.
    pub(crate) fn late_by_store<A: Data, S: WindowsOfKey<K>>(
        &self,
        table: &KTable<Windowed<K>, A>,
        taking: Taking<S>,
        named: Named,
    ) -> KStream<K, V> {
        let mut plan = self.stream.plan.lock();
        let name = plan.processor_name(&named, "KSTREAM-LATE-");
        let mut late = self.beside(&mut plan, &name);
        let key_bytes = late.key_bytes;
        match table.table.windows_store() {
            Some(store) if late.plan.is(&table.plan) && S::is_of(store.kind()) => {
                let (opened, store) = (store.name().clone(), store.name().clone());
                let factory = operator::<K, V, K, V>(Box::new(move |env: &mut GraphEnv<'_>, next| {
                    let (store, stream_time) = (env.store::<S>(&opened)?, StreamTime::of_node(env));
                    let pass_key = key_bytes.is_some() && key_bytes == store.borrow().serde().1.canonical_id();
                    let (name, taking) = (env.node_name(), taking.clone());
                    Ok(Box::new(LateByStore { name, taking, stream_time, store, pass_key, key_buf: Vec::new(), next }) as Edge<K, V>)
                }));
                let write = move |target: &mut Target<'_>| {
                    target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
                    target.builder.connect_store(&target.name, &store)
                };
                late.node = plan.add(name.clone(), &[late.node], Role::Other, Arc::new(write));
            }
            _ => plan.error(format!(
                "{name}: late records of {} are told by the table that aggregates them, and {} is none of this builder: give the result of \
                 `count`, `reduce` or `aggregate`",
                taking.what, table.name
            )),
        }
        late.name = name;
        drop(plan);
        late
    }
}

struct LateByStore<K, V, S> {
    name: Arc<str>,
    taking: Taking<S>,
    /// As the aggregation beside it sees it: the same records come there.
    stream_time: StreamTime,
    /// That of the aggregation, which has had the record already: of one that it took there is a window that is open.
    store: Rc<RefCell<S>>,
    /// Whether the bytes that travel with the key are those of the store.
    pass_key: bool,
    key_buf: Vec<u8>,
    next: Edge<K, V>,
}

impl<K: Data, V: Data, S: WindowsOfKey<K>> LateByStore<K, V, S> {
    /// A key without bytes has no windows, and no late records either.
    fn is_taken(&mut self, cx: &mut Cx, key: &K, meta: &Meta<'_>, open_from: i64) -> Result<bool> {
        let mut store = self.store.borrow_mut();
        let bytes = match meta.key_bytes.filter(|_| self.pass_key) {
            Some(passed) => passed,
            None => {
                self.key_buf.clear();
                let (topic, serde) = store.serde();
                match serde.serialize(&SerdeContext { topic, headers: meta.headers }, key, &mut self.key_buf) {
                    Ok(Wrote::Bytes) => &self.key_buf,
                    Ok(Wrote::Null) => return Ok(true),
                    Err(error) => {
                        return cx.serialization_error(&self.name, topic, ProductionStage::Key, cx.origin, error).map(|()| true);
                    }
                }
            }
        };
        (self.taking.is_taken)(&mut store, bytes, meta.timestamp, open_from)
    }
}

impl<K: Data, V: Data, S: WindowsOfKey<K>> Process<K, V> for LateByStore<K, V, S> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let open_from = self.stream_time.observe(cx, meta.timestamp).saturating_sub(self.taking.behind_ms);
        if meta.timestamp >= open_from || self.is_taken(cx, &key, meta, open_from)? {
            return Ok(());
        }
        self.next.process(cx, key, value, meta)
    }
}
