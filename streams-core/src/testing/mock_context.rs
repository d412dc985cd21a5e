//! A context for a processor alone, without a topology.

use super::captured::{Captured, CapturedForward, outlets};
use super::no_output::NoOutput;
use crate::config::StreamsConfig;
use crate::exec::{Cx, GlobalStores, GraphEnv, KeptNumbers, Meta, Outlets, PunctuationType, StoreSlots, TaskFacts, TimerId};
use crate::handlers::Handlers;
use crate::metrics::MetricsRegistry;
use crate::plan::SharedPlan;
use crate::topology::{
    Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, Processor, Setup, StateStoreBuilder, StoreSet, TransformContext,
    ValueTransformer,
};
use crate::{BoxError, Data, Headers, Record, Result, TaskId, TopicPartition};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use streams_state::store::Origin;
use streams_state::{CacheBudget, NO_HEADERS, OpenEnv, SharedResources};

/// Runs a processor alone, and keeps what it forwards: for tests of one processor, where a
/// [`TopologyTestDriver`](super::TopologyTestDriver) would be too much. `K` and `V` are the types that it forwards.
///
/// ```
/// # use std::time::Duration;
/// # use streams_core::processor::{Context, KeyValueStore, Processor, PunctuationType, TimerId};
/// # use streams_core::{BoxError, Headers, Record};
/// use streams_core::state::Stores;
/// use streams_core::testing::MockProcessorContext;
///
/// /// Sums up values, and tells the sums every ten seconds.
/// struct Sums { sums: KeyValueStore<String, i64> }
///
/// impl Processor<String, i64, String, i64> for Sums {
///     fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
///         let sum = self.sums.get(&record.key)?.unwrap_or(0) + record.value;
///         self.sums.put(ctx, &record.key, sum)
///     }
///     fn punctuate(&mut self, ctx: &mut Context<'_, String, i64>, _: TimerId, time: i64) -> Result<(), BoxError> {
///         for (key, value) in self.sums.all()? {
///             ctx.forward(Record { key, value, timestamp: time, headers: Headers::new() })?;
///         }
///         ctx.request_commit();
///         Ok(())
///     }
/// }
///
/// let mut mock = MockProcessorContext::<String, i64>::new()?;
/// let sums = mock.add_state_store(Stores::key_value::<String, i64>("sums"))?;
/// let mut processor = mock.setup(|setup| {
///     setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(10));
///     Sums { sums }
/// });
/// for value in [1, 2] {
///     mock.process(&mut processor, Record { key: "a".to_string(), value, timestamp: 0, headers: Headers::new() })?;
/// }
/// assert!(mock.forwarded().is_empty());
/// mock.punctuate_until(&mut processor, PunctuationType::WallClockTime, 10_000)?;
/// assert_eq!((mock.forwarded()[0].record.value, mock.commit_requested()), (3, true));
/// # Ok::<(), BoxError>(())
/// ```
pub struct MockProcessorContext<K, V> {
    cx: Cx,
    next: Outlets<K, V>,
    children: Vec<Arc<str>>,
    captured: Captured<K, V>,
    stores: StoreSlots,
    node: Arc<str>,
    /// A mistake in `setup`, told by the next call of the processor.
    set_up: Result<()>,
}

/// A punctuation that a processor has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "CapturedPunctuator")]
pub struct CapturedPunctuation {
    /// What [`Processor::punctuate`] is told.
    pub timer: TimerId,
    /// Which clock it follows.
    pub kind: PunctuationType,
    /// How often it is due.
    pub interval: Duration,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

impl<K: Data, V: Data> MockProcessorContext<K, V> {
    /// A context of task `0_0`, with the wall clock at 0.
    ///
    /// # Errors
    /// None but those of [`with_config`](Self::with_config).
    pub fn new() -> Result<Self> {
        Self::with_config(StreamsConfig::new("test", "embedded"))
    }

    /// The same with an application's config.
    ///
    /// # Errors
    /// When the config is wrong.
    pub fn with_config(config: StreamsConfig) -> Result<Self> {
        let settings = config.settings()?;
        let registry = MetricsRegistry::new(settings.application_id.clone(), "test", settings.metrics_recording_level);
        let task_id = TaskId { subtopology: 0, partition: 0 };
        let thread_name: Arc<str> = "MockProcessorContext".into();
        let cx = Cx {
            out: Box::new(NoOutput),
            handlers: Arc::new(Handlers::from_settings(&settings)),
            inputs: Vec::new(),
            stream_time: i64::MIN,
            wall_clock: 0,
            origin: Origin::default(),
            in_hand: None,
            timestamp: 0,
            headers: Headers::new(),
            in_record: false,
            record_known: false,
            task_id,
            application_id: settings.application_id.as_str().into(),
            metrics: registry.task(&thread_name, task_id),
            facts: Arc::new(TaskFacts {
                thread_name,
                registry,
                config: Arc::new(settings.with_defaults()),
                state_dir: settings.state_dir.join(&settings.application_id),
                upgrade_from: settings.upgrade_from,
            }),
            commit_requested: false,
            timers: Default::default(),
            budget: Arc::new(CacheBudget::new(usize::MAX)),
            kept: KeptNumbers::default(),
            globals: Arc::new(GlobalStores::default()),
            touched: usize::MAX,
        };
        let stores = StoreSlots::new(Vec::new(), &[], &cx.budget);
        let captured = Captured::default();
        Ok(MockProcessorContext {
            cx,
            next: outlets(&[], &captured),
            children: Vec::new(),
            captured,
            stores,
            node: "mock".into(),
            set_up: Ok(()),
        })
    }

    /// Says that a node of this name follows, so that records may be forwarded to it.
    pub fn add_child(&mut self, name: impl Into<Arc<str>>) {
        self.children.push(name.into());
        self.next = outlets(&self.children, &self.captured);
    }

    /// Opens a store in memory, without a changelog, for the processor to be given.
    ///
    /// # Errors
    /// When the store's description is wrong.
    #[doc(alias = "addStateStore")]
    pub fn add_state_store<B: StateStoreBuilder>(&mut self, store: B) -> Result<<B::Handle as StoreSet>::Open> {
        let plan = SharedPlan::default();
        let handle = store.add_to(&plan);
        let mut plan = plan.lock();
        if let Some(error) = plan.errors.pop() {
            return Err(error.into());
        }
        for supplier in plan.stores.drain(..) {
            let changelog_topic = format!("{}-{}-changelog", self.cx.application_id, supplier.name()).into();
            let open = OpenEnv { task_dir: None, changelog_topic, partition: 0, shared: SharedResources::default() };
            self.stores.add(supplier.open(&open)?, &self.cx.budget);
        }
        drop(plan);
        self.with_env(|env| handle.open(env))
    }

    /// Makes a processor as its supplier would: here it may schedule punctuations, and get metrics. What it cannot schedule is an error of the
    /// next call of the processor.
    #[doc(alias = "init")]
    pub fn setup<P>(&mut self, make: impl FnOnce(&mut Setup<'_, '_>) -> P) -> P {
        self.with_env(|env| make(&mut Setup { env }))
    }

    fn with_env<R>(&mut self, f: impl FnOnce(&mut GraphEnv<'_>) -> R) -> R {
        let (application_id, globals) = (self.cx.application_id.clone(), self.cx.globals.clone());
        let mut env = GraphEnv::new(&mut self.stores, &globals, &application_id, &mut self.cx).at(self.node.clone());
        let result = f(&mut env);
        let scheduled = env.scheduled();
        let (timers, ..) = env.finish();
        self.cx.timers = timers;
        if let Err(error) = scheduled {
            self.set_up = Err(error.at(format!("node {}", self.node)));
        }
        result
    }

    /// Gives a record to a processor.
    ///
    /// # Errors
    /// The processor's.
    pub fn process<KI, VI, P: Processor<KI, VI, K, V>>(&mut self, processor: &mut P, record: Record<KI, VI>) -> Result<(), BoxError> {
        self.begin(record.timestamp, &record.headers)?;
        processor.process(&mut self.context(), record)
    }

    /// Gives a record to a processor that cannot change keys.
    ///
    /// # Errors
    /// The processor's.
    pub fn process_values<VI, P: FixedKeyProcessor<K, VI, V>>(&mut self, processor: &mut P, record: Record<K, VI>) -> Result<(), BoxError> {
        self.begin(record.timestamp, &record.headers)?;
        let Record { key, value, timestamp, headers } = record;
        let meta = Meta { timestamp, headers: &headers, key_bytes: None };
        let MockProcessorContext { cx, next, node, .. } = self;
        processor.process(&mut FixedKeyContext { cx, next, index: 0, node }, FixedKeyRecord { key, value, meta })
    }

    /// Asks a transformer for the value of a row that a record of this time and these headers changes.
    ///
    /// # Errors
    /// The transformer's.
    pub fn transform<KI, VI, VO, T: ValueTransformer<KI, VI, VO>>(
        &mut self,
        transformer: &mut T,
        key: &KI,
        value: Option<&VI>,
        timestamp: i64,
        headers: &Headers,
    ) -> Result<Option<VO>, BoxError> {
        self.begin(timestamp, headers)?;
        let MockProcessorContext { cx, node, .. } = self;
        transformer.transform(&mut TransformContext { cx, index: 0, node, timestamp, headers }, key, value)
    }

    fn begin(&mut self, timestamp: i64, headers: &Headers) -> Result<()> {
        self.cx.timestamp = timestamp;
        self.cx.headers = headers.clone();
        self.cx.stream_time = self.cx.stream_time.max(timestamp);
        self.cx.record_known = !self.cx.inputs.is_empty();
        std::mem::replace(&mut self.set_up, Ok(()))
    }

    /// The context, for what is not done by the calls above.
    pub fn context(&mut self) -> Context<'_, K, V> {
        Context { cx: &mut self.cx, next: &mut self.next, index: 0, node: &self.node }
    }

    /// Moves a clock on to `time`, in milliseconds, and calls the punctuations that have become due by then, as a task does: those that were
    /// missed once. The answer is how many there were.
    ///
    /// # Errors
    /// The processor's.
    pub fn punctuate_until<KI, VI, P: Processor<KI, VI, K, V>>(
        &mut self,
        processor: &mut P,
        kind: PunctuationType,
        time: i64,
    ) -> Result<usize, BoxError> {
        self.fire(kind, time, |mock, timer| processor.punctuate(&mut mock.context(), timer, time))
    }

    /// [`punctuate_until`](Self::punctuate_until) of a processor that cannot change keys.
    ///
    /// # Errors
    /// The processor's.
    pub fn punctuate_values_until<VI, P: FixedKeyProcessor<K, VI, V>>(
        &mut self,
        processor: &mut P,
        kind: PunctuationType,
        time: i64,
    ) -> Result<usize, BoxError> {
        self.fire(kind, time, |MockProcessorContext { cx, next, node, .. }, timer| {
            processor.punctuate(&mut FixedKeyContext { cx, next, index: 0, node }, timer, time)
        })
    }

    /// [`punctuate_until`](Self::punctuate_until) of a transformer.
    ///
    /// # Errors
    /// The transformer's.
    pub fn punctuate_transformer_until<KI, VI, VO, T: ValueTransformer<KI, VI, VO>>(
        &mut self,
        transformer: &mut T,
        kind: PunctuationType,
        time: i64,
    ) -> Result<usize, BoxError> {
        self.fire(kind, time, |MockProcessorContext { cx, node, .. }, timer| {
            transformer.punctuate(&mut TransformContext { cx, index: 0, node, timestamp: time, headers: &NO_HEADERS }, timer, time)
        })
    }

    fn fire(
        &mut self,
        kind: PunctuationType,
        time: i64,
        mut punctuate: impl FnMut(&mut Self, TimerId) -> Result<(), BoxError>,
    ) -> Result<usize, BoxError> {
        match kind {
            PunctuationType::StreamTime => self.set_stream_time(time),
            PunctuationType::WallClockTime => self.set_wall_clock(time),
        }
        self.cx.record_known = false;
        self.cx.headers = Headers::new();
        std::mem::replace(&mut self.set_up, Ok(()))?;
        let mut fired = 0;
        while let Some((_, timer)) = self.cx.timers.take_due(kind, time) {
            self.cx.timestamp = time;
            punctuate(self, timer)?;
            fired += 1;
        }
        Ok(fired)
    }

    /// What was forwarded, in order.
    pub fn forwarded(&self) -> Vec<CapturedForward<K, V>> {
        self.captured.borrow().clone()
    }

    /// What went to a child: that which was for it alone, and that which was for all.
    pub fn forwarded_to(&self, child: &str) -> Vec<Record<K, V>> {
        let captured = self.captured.borrow();
        let of_child = captured.iter().filter(|forward| forward.child.as_deref().is_none_or(|name| name == child));
        of_child.map(|forward| forward.record.clone()).collect()
    }

    /// Forgets what was forwarded.
    pub fn reset_forwards(&mut self) {
        self.captured.borrow_mut().clear();
    }

    /// The punctuations that were asked for, cancelled ones included.
    pub fn scheduled_punctuations(&self) -> Vec<CapturedPunctuation> {
        let scheduled = self.cx.timers.scheduled();
        scheduled.map(|(timer, kind, interval, cancelled)| CapturedPunctuation { timer, kind, interval, cancelled }).collect()
    }

    /// Whether a commit was asked for.
    #[doc(alias = "committed")]
    pub fn commit_requested(&self) -> bool {
        self.cx.commit_requested
    }

    /// Forgets that a commit was asked for.
    pub fn reset_commit(&mut self) {
        self.cx.commit_requested = false;
    }

    /// Where the records come from that are processed from now on.
    pub fn set_record_metadata(&mut self, topic: &str, partition: i32, offset: i64) {
        self.cx.inputs = vec![TopicPartition::new(topic, partition)];
        self.cx.origin = Origin { source: 0, offset };
        self.cx.record_known = true;
    }

    /// Which task it is.
    pub fn set_task_id(&mut self, task: TaskId) {
        self.cx.task_id = task;
    }

    /// Sets stream time, in milliseconds. Records move it on by themselves.
    #[doc(alias = "setCurrentStreamTimeMs")]
    pub fn set_stream_time(&mut self, ms: i64) {
        self.cx.stream_time = ms;
    }

    /// Sets the wall clock, in milliseconds since 1970.
    #[doc(alias = "setCurrentSystemTimeMs")]
    pub fn set_wall_clock(&mut self, ms: i64) {
        self.cx.wall_clock = ms;
    }

    /// What is measured: records that were left out, and the processor's own metrics.
    pub fn metrics(&self) -> Arc<MetricsRegistry> {
        self.cx.facts.registry.clone()
    }
}

impl<K, V> fmt::Debug for MockProcessorContext<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MockProcessorContext({} forwarded)", self.captured.borrow().len())
    }
}
