//! The windowed join of two streams.

use super::merge::PassThrough;
use super::self_join::SelfJoinSpec;
use super::{Added, KStream, RepartitionSpec, refuse_nullable};
use crate::dsl::options::StreamJoined;
use crate::dsl::windows::JoinWindows;
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta, Process, operator};
use crate::handlers::ProductionStage;
use crate::plan::{Plan, PlanId, Role, Target};
use crate::{Data, Result};
use std::any::TypeId;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use streams_state::serde::{DefaultSerde, Serde, SerdeContext, Wrote};
use streams_state::{StoreSupplier, Stores, WindowStore};

impl<K: Data, V: Data> KStream<K, V> {
    /// Joins two streams: each pair of records of the same key whose times are within the window gives one record, at the later of the two
    /// times. Both sides are kept in window stores. Sides whose key was changed go through a repartition topic first; all topics must have
    /// the same number of partitions.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{JoinWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, i64>("clicks");
    /// let views = builder.stream::<String, i64>("views");
    /// views.join(&clicks, |view, click| view * 10 + click, JoinWindows::within(Duration::from_secs(5))).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("views").pipe_at("a".to_string(), 1, 1_000)?;
    /// driver.input::<String, i64>("clicks").pipe_at("a".to_string(), 2, 4_000)?;
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("a".to_string(), 12)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn join<V2: Data + DefaultSerde, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&V, &V2) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
    ) -> KStream<K, VO>
    where
        K: DefaultSerde,
        V: DefaultSerde,
    {
        self.join_with(other, joiner, windows, StreamJoined::default())
    }

    /// [`join`](Self::join) with serdes, names, or options of the stores.
    pub fn join_with<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        joiner: impl Fn(&V, &V2) -> VO + Send + Sync + 'static,
        windows: JoinWindows,
        joined: impl Into<StreamJoined<K, V, V2>>,
    ) -> KStream<K, VO> {
        let options = joined.into();
        let mut plan = self.plan.lock();
        if !self.plan.is(&other.plan) {
            plan.error(format!("{} is joined with {}, a stream of another builder: make both with one builder", self.name, other.name));
            return self.same_key(Added { node: self.node, name: self.name.clone() });
        }
        refuse_nullable::<K, V>(&mut plan, &self.name, "a join");
        refuse_nullable::<K, V2>(&mut plan, &other.name, "a join");
        if windows.size_ms() < 0 {
            plan.error(format!("{}: a join window cannot end before it begins", self.name));
        }
        let given = options.named.get().cloned();
        let side_name = |suffix: &str, own: &Arc<str>| given.as_ref().map_or_else(|| own.clone(), |name| format!("{name}-{suffix}").into());
        let key_serde = options.key.resolve(&self.key_serde.clone().or_else(|| other.key_serde.clone()), &mut plan, &self.name, "key");
        let this_serde = options.this_value.resolve(&self.value_serde, &mut plan, &self.name, "value");
        let other_serde = options.other_value.resolve(&other.value_serde, &mut plan, &other.name, "value");
        let this = partitioned(self, &mut plan, &side_name("left", &self.name), &key_serde, &this_serde);
        let other = partitioned(other, &mut plan, &side_name("right", &other.name), &key_serde, &other_serde);
        let sources: BTreeSet<Arc<str>> = this.sources.union(&other.sources).cloned().collect();
        plan.copartitions.push(sources.iter().cloned().collect());

        let this_windowed = plan.processor_name_suffixed(&options.named, "-this-windowed", "KSTREAM-WINDOWED-");
        let other_windowed = plan.processor_name_suffixed(&options.named, "-other-windowed", "KSTREAM-WINDOWED-");
        let this_generated = plan.names.processor("KSTREAM-JOINTHIS-");
        let other_generated = plan.names.processor("KSTREAM-JOINOTHER-");
        let join_name =
            |suffix: &str, generated: &Arc<str>| given.as_ref().map_or_else(|| generated.clone(), |n| format!("{n}{suffix}").into());
        let (this_join, other_join) = (join_name("-this-join", &this_generated), join_name("-other-join", &other_generated));
        let merge = plan.processor_name_suffixed(&options.named, "-merge", "KSTREAM-MERGE-");
        let store_name = |suffix: &str, generated: &Arc<str>| -> Arc<str> {
            match &options.store_name {
                Some(base) => format!("{base}{suffix}-store").into(),
                None => format!("{generated}-store").into(),
            }
        };
        let stores = JoinStores { windows, logging: &options.logging, in_memory: options.in_memory };
        let this_store = stores.supplier(&mut plan, store_name("-this-join", &this_generated), key_serde.clone(), this_serde);
        let other_store = stores.supplier(&mut plan, store_name("-other-join", &other_generated), key_serde.clone(), other_serde);

        let this_window = add_window::<K, V>(&mut plan, this_windowed.clone(), this.node, this_store.clone(), this.key_bytes);
        let other_window = add_window::<K, V2>(&mut plan, other_windowed.clone(), other.node, other_store.clone(), other.key_bytes);

        let joiner = Arc::new(joiner);
        let (itself, kept, behind) = (joiner.clone(), this_store.clone(), this_windowed.clone());
        let reversed = {
            let joiner = joiner.clone();
            move |mine: &V2, theirs: &V| joiner(theirs, mine)
        };
        let this_factory = join_side::<K, V, V2, VO>(&other_store, windows.before_ms, windows.after_ms, this.key_bytes, joiner);
        let other_factory =
            join_side::<K, V2, V, VO>(&this_store, windows.after_ms, windows.before_ms, other.key_bytes, Arc::new(reversed));
        let (this_store, other_store) = (this_store.name().clone(), other_store.name().clone());
        let write = move |target: &mut Target<'_>| {
            let builder = &mut *target.builder;
            builder.add_processor(&this_join, std::slice::from_ref(&this_windowed), this_factory.clone())?;
            builder.add_processor(&other_join, std::slice::from_ref(&other_windowed), other_factory.clone())?;
            let merge = operator::<K, VO, K, VO>(Box::new(|_, next| Ok(Box::new(PassThrough(next)))));
            builder.add_processor(&target.name, &[this_join.clone(), other_join.clone()], merge)?;
            builder.connect_store(&this_join, &other_store)?;
            builder.connect_store(&other_join, &this_store)
        };
        let node = plan.add(merge.clone(), &[this.node, other.node], Role::Other, Arc::new(write));
        let (this_windowed, store, key_bytes) = (&behind, &kept, this.key_bytes);
        let spec = SelfJoinSpec { join: node, this_window, other_window, this_windowed, store, windows, key_bytes, joiner: itself };
        spec.offer::<K, V, V2, VO>(&mut plan);
        drop(plan);
        let key_bytes = this.key_bytes.filter(|_| this.key_bytes == other.key_bytes);
        let stream = this.same_key(Added { node, name: merge });
        KStream { key_serde: options.key.given_or(&None), key_bytes, sources: Arc::new(sources), repartition_required: false, ..stream }
    }
}

fn partitioned<K: Data, V: Data>(
    stream: &KStream<K, V>,
    plan: &mut Plan,
    prefix: &str,
    key_serde: &Arc<dyn Serde<K>>,
    value_serde: &Arc<dyn Serde<V>>,
) -> KStream<K, V> {
    if !stream.repartition_required {
        return stream.clone();
    }
    let spec = RepartitionSpec {
        key_serde: key_serde.clone(),
        value_serde: value_serde.clone(),
        key_bytes: stream.key_bytes,
        partitions: None,
        partitioner: None,
    };
    stream.repartitioned_for_join(plan, prefix, spec)
}

struct JoinStores<'a> {
    windows: JoinWindows,
    logging: &'a Option<BTreeMap<String, String>>,
    in_memory: bool,
}

impl JoinStores<'_> {
    fn supplier<K: Data, V: Data>(
        &self,
        plan: &mut Plan,
        name: Arc<str>,
        key_serde: Arc<dyn Serde<K>>,
        value_serde: Arc<dyn Serde<V>>,
    ) -> Arc<dyn StoreSupplier> {
        let duration = |ms: i64| Duration::from_millis(ms.unsigned_abs());
        let (retention, size) = (self.windows.size_ms().saturating_add(self.windows.grace_ms), self.windows.size_ms());
        let builder = Stores::window_with(name, key_serde.clone(), value_serde.clone(), duration(retention), duration(size));
        let builder = builder.retain_duplicates().plain();
        let mut builder = match self.logging {
            Some(configs) => {
                // rows of a join are never overwritten, so there is nothing to compact
                let forced = [("cleanup.policy".to_owned(), "delete".to_owned())];
                builder.logging(configs.clone().into_iter().chain(forced))
            }
            None => builder.without_logging(),
        };
        builder = if self.in_memory { builder.in_memory() } else { builder.default_engine() };
        builder.build().unwrap_or_else(|e| {
            plan.error(e.to_string());
            let hour = Duration::from_secs(3600);
            Stores::window_with("invalid", key_serde, value_serde, hour, hour)
                .build()
                .expect("a plain store of a legal name is always valid")
        })
    }
}

fn add_window<K: Data, V: Data>(
    plan: &mut Plan,
    name: Arc<str>,
    parent: PlanId,
    store: Arc<dyn StoreSupplier>,
    key_bytes: Option<TypeId>,
) -> PlanId {
    let opened = store.name().clone();
    let factory = operator::<K, V, K, V>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        let store = env.store::<WindowStore<K, V>>(&opened)?;
        let key = JoinKey::new(env, &store, key_bytes);
        Ok(Box::new(KeepSide { store, key, next }) as Edge<K, V>)
    }));
    let write = move |target: &mut Target<'_>| {
        target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
        target.builder.add_store(&store)?;
        target.builder.connect_store(&target.name, store.name())
    };
    plan.add(name, &[parent], Role::Other, Arc::new(write))
}

fn join_side<K: Data, V: Data, V2: Data, VO: Data>(
    other_store: &Arc<dyn StoreSupplier>,
    before_ms: i64,
    after_ms: i64,
    key_bytes: Option<TypeId>,
    joiner: Arc<dyn Fn(&V, &V2) -> VO + Send + Sync>,
) -> Arc<dyn crate::exec::NodeFactory> {
    let other = other_store.name().clone();
    operator::<K, V, K, VO>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        let other = env.store::<WindowStore<K, V2>>(&other)?;
        let key = JoinKey::new(env, &other, key_bytes);
        Ok(Box::new(JoinSide { other, before_ms, after_ms, key, joiner: joiner.clone(), found: Vec::new(), next }) as Edge<K, V>)
    }))
}

/// The bytes of a record's key in a store.
pub(super) struct JoinKey {
    name: Arc<str>,
    pass: bool,
    buffer: Vec<u8>,
}

impl JoinKey {
    pub fn new<K: Data, V: Data>(env: &GraphEnv<'_>, store: &Rc<RefCell<WindowStore<K, V>>>, key_bytes: Option<TypeId>) -> Self {
        let pass = key_bytes.is_some() && key_bytes == store.borrow().key_serde().canonical_id();
        JoinKey { name: env.node_name(), pass, buffer: Vec::new() }
    }

    /// The node that asks.
    pub fn node(&self) -> &str {
        &self.name
    }

    /// `None`: the key is null, or the handler said to skip the record.
    pub fn bytes<'a, K: Data, V: Data>(
        &'a mut self,
        cx: &mut Cx,
        store: &WindowStore<K, V>,
        key: &K,
        meta: &'a Meta<'_>,
    ) -> Result<Option<&'a [u8]>> {
        if let Some(bytes) = meta.key_bytes.filter(|_| self.pass) {
            return Ok(Some(bytes));
        }
        self.buffer.clear();
        let topic = store.topic().clone();
        match store.key_serde().serialize(&SerdeContext { topic: &topic, headers: meta.headers }, key, &mut self.buffer) {
            Ok(Wrote::Bytes) => Ok(Some(&self.buffer)),
            Ok(Wrote::Null) => cx.drop_null_key(&self.name).map(|()| None),
            Err(error) => cx.serialization_error(&self.name, &topic, ProductionStage::Key, cx.origin, error).map(|()| None),
        }
    }
}

/// Keeps the records of one side for the other.
struct KeepSide<K, V> {
    store: Rc<RefCell<WindowStore<K, V>>>,
    key: JoinKey,
    next: Edge<K, V>,
}

impl<K: Data, V: Data> Process<K, V> for KeepSide<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        {
            let mut store = self.store.borrow_mut();
            let Some(bytes) = self.key.bytes(cx, &store, &key, meta)? else { return Ok(()) };
            if !store.append(bytes, meta.timestamp, &value, meta.timestamp, cx.origin, meta.headers, &mut *cx.out)? {
                // it still meets what the other side keeps, as in Java
                cx.dropped(&self.key.name, DropReason::Late);
            }
        }
        self.next.process(cx, key, value, meta)
    }
}

/// Looks for the records of the other side.
struct JoinSide<K, V, V2, VO> {
    other: Rc<RefCell<WindowStore<K, V2>>>,
    before_ms: i64,
    after_ms: i64,
    key: JoinKey,
    joiner: Arc<dyn Fn(&V, &V2) -> VO + Send + Sync>,
    /// Results of one record, kept for its capacity.
    found: Vec<(VO, i64)>,
    next: Edge<K, VO>,
}

impl<K: Data, V: Data, V2: Data, VO: Data> Process<K, V> for JoinSide<K, V, V2, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        {
            let mut other = self.other.borrow_mut();
            let Some(bytes) = self.key.bytes(cx, &other, &key, meta)? else { return Ok(()) };
            let from = meta.timestamp.saturating_sub(self.before_ms).max(0);
            let to = meta.timestamp.saturating_add(self.after_ms).max(0);
            let (found, joiner) = (&mut self.found, &self.joiner);
            other.fetch_range(bytes, from, to, false, &mut |start, theirs, _| {
                found.push((joiner(&value, theirs), start.max(meta.timestamp)));
                Ok(ControlFlow::Continue(()))
            })?;
        }
        let mut result = Ok(());
        for (joined, timestamp) in self.found.drain(..) {
            if result.is_ok() {
                result = self.next.process(cx, key.clone(), joined, &Meta { timestamp, ..*meta });
            }
        }
        result
    }
}
