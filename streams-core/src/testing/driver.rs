//! `TopologyTestDriver`.

use super::inner::Inner;
use super::input::TestInputTopic;
use super::memory_task::{memory_env, memory_globals, memory_inputs, memory_task};
use super::output::TestOutputTopic;
use super::producer::{CapturingProducer, WrittenRecords};
use super::store::{TestKeyValueStore, TestOwnStore, TestRow, TestSessionStore, TestVersionedStore, TestWindowStore, UnderTest};
use crate::config::StreamsConfig;
use crate::handlers::Handlers;
use crate::metrics::MetricsRegistry;
use crate::topology::Topology;
use crate::{Data, Result};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use streams_state::OwnStore;
use streams_state::serde::{DefaultSerde, Serde};

/// Runs a topology record by record, in the calling thread, without a cluster: every topic has one partition, stores are in memory, and each
/// record is committed at once, so that caches hold nothing back. It is the production graph otherwise. When it is dropped it closes
/// processors and stores, as [`close`](TopologyTestDriver::close) does.
///
/// ```
/// use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
///
/// let builder = StreamsBuilder::new();
/// builder.stream::<String, i64>("in").filter(|_, value| *value > 1).to("out");
///
/// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
/// driver.input::<String, i64>("in").pipe("a".to_string(), 2)?;
/// assert_eq!(driver.output::<String, i64>("out").read()?, Some(("a".to_string(), 2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TopologyTestDriver {
    inner: Rc<RefCell<Inner>>,
}

impl fmt::Debug for TopologyTestDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TopologyTestDriver")
    }
}

/// Options of a [`TopologyTestDriver`].
#[must_use]
#[derive(Debug)]
pub struct TopologyTestDriverBuilder {
    topology: Topology,
    config: Option<StreamsConfig>,
    handlers: Option<Handlers>,
    wall_clock_ms: Option<i64>,
    commit_by_hand: bool,
}

impl TopologyTestDriverBuilder {
    /// The application's config: its id, its handlers.
    pub fn config(mut self, config: StreamsConfig) -> Self {
        self.config = Some(config);
        self
    }

    /// Handlers in place of those that the config names.
    pub fn handlers(mut self, handlers: Handlers) -> Self {
        self.handlers = Some(handlers);
        self
    }

    /// Where the wall clock stands at first, in milliseconds since 1970; the machine's time by default.
    pub fn wall_clock(mut self, ms: i64) -> Self {
        self.wall_clock_ms = Some(ms);
        self
    }

    /// Commits only when [`TopologyTestDriver::commit`] is called, so that record caches hold changes back, as between two commits of an
    /// application. Until then records wait in repartition topics, too.
    pub fn commit_by_hand(mut self) -> Self {
        self.commit_by_hand = true;
        self
    }

    /// Makes the driver.
    ///
    /// # Errors
    /// When the config is wrong, or a node cannot be made.
    pub fn build(self) -> Result<TopologyTestDriver> {
        let config = self.config.unwrap_or_else(|| StreamsConfig::new("test", "embedded"));
        let settings = config.settings()?;
        let handlers = self.handlers.unwrap_or_else(|| Handlers::from_settings(&settings));
        let now_ms = self.wall_clock_ms.unwrap_or_else(|| {
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
        });
        let written = WrittenRecords::default();
        let mut env = memory_env(&settings, handlers, CapturingProducer::shared(&written));
        let globals = memory_globals(&self.topology, &mut env, now_ms)?;
        let mut inner = Inner {
            tasks: globals,
            patterns: Vec::new(),
            metrics: env.registry.clone(),
            readers: HashMap::new(),
            written,
            outputs: BTreeMap::new(),
            offsets: HashMap::new(),
            now_ms,
            commit_by_hand: self.commit_by_hand,
            closed: false,
        };
        for (task, global) in self.topology.globals().iter().enumerate() {
            inner.readers.extend(memory_inputs(global, &env).into_iter().enumerate().map(|(input, p)| (p.topic, (task, input))));
        }
        for subtopology in self.topology.subtopologies() {
            for (input, (partition, source)) in memory_inputs(subtopology, &env).into_iter().zip(&subtopology.sources).enumerate() {
                let reader = (inner.tasks.len(), input);
                match source.topic.pattern() {
                    Some(pattern) => inner.patterns.push((pattern.clone(), reader)),
                    None => drop(inner.readers.insert(partition.topic, reader)),
                }
            }
            inner.tasks.push(memory_task(&self.topology, subtopology, &env, now_ms)?);
        }
        inner.settle()?;
        Ok(TopologyTestDriver { inner: Rc::new(RefCell::new(inner)) })
    }
}

impl TopologyTestDriver {
    /// A driver with a config of its own.
    ///
    /// # Errors
    /// When a node cannot be made.
    pub fn new(topology: &Topology) -> Result<Self> {
        Self::builder(topology).build()
    }

    /// A driver with options.
    pub fn builder(topology: &Topology) -> TopologyTestDriverBuilder {
        TopologyTestDriverBuilder { topology: topology.clone(), config: None, handlers: None, wall_clock_ms: None, commit_by_hand: false }
    }

    /// Commits, and runs everything that follows from it. Of use for a driver that is
    /// [committed by hand](TopologyTestDriverBuilder::commit_by_hand).
    ///
    /// # Errors
    /// Those of the topology's nodes.
    pub fn commit(&self) -> Result<()> {
        self.inner.borrow_mut().settle()
    }

    /// A topic to write to.
    #[doc(alias = "createInputTopic")]
    pub fn input<K: DefaultSerde, V: DefaultSerde>(&self, topic: &str) -> TestInputTopic<K, V> {
        self.input_with(topic, K::default_serde(), V::default_serde())
    }

    /// A topic to write to, with serdes of your own.
    pub fn input_with<K: 'static, V: 'static>(&self, topic: &str, key: impl Serde<K>, value: impl Serde<V>) -> TestInputTopic<K, V> {
        TestInputTopic::new(self.inner.clone(), topic, Arc::new(key), Arc::new(value))
    }

    /// A topic to read from.
    #[doc(alias = "createOutputTopic")]
    pub fn output<K: DefaultSerde, V: DefaultSerde>(&self, topic: &str) -> TestOutputTopic<K, V> {
        self.output_with(topic, K::default_serde(), V::default_serde())
    }

    /// A topic to read from, with serdes of your own.
    pub fn output_with<K: 'static, V: 'static>(&self, topic: &str, key: impl Serde<K>, value: impl Serde<V>) -> TestOutputTopic<K, V> {
        TestOutputTopic::new(self.inner.clone(), topic, Arc::new(key), Arc::new(value))
    }

    /// Moves the wall clock on and fires the punctuations that become due.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::processor::{Context, Processor, PunctuationType, TimerId};
    /// # use streams_core::{BoxError, Headers, Record, StreamsBuilder, testing::TopologyTestDriver};
    /// /// Tells once a minute how many records there were.
    /// struct Pulse { records: u64 }
    ///
    /// impl Processor<String, i64, (), u64> for Pulse {
    ///     fn process(&mut self, _: &mut Context<'_, (), u64>, _: Record<String, i64>) -> Result<(), BoxError> {
    ///         self.records += 1;
    ///         Ok(())
    ///     }
    ///     fn punctuate(&mut self, ctx: &mut Context<'_, (), u64>, _: TimerId, time: i64) -> Result<(), BoxError> {
    ///         ctx.forward(Record { key: (), value: self.records, timestamp: time, headers: Headers::new() })
    ///     }
    /// }
    ///
    /// let builder = StreamsBuilder::new();
    /// let pulse = builder.stream::<String, i64>("in").process((), |setup, ()| {
    ///     setup.schedule(PunctuationType::WallClockTime, Duration::from_secs(60));
    ///     Pulse { records: 0 }
    /// });
    /// pulse.to("out");
    ///
    /// let mut driver = TopologyTestDriver::builder(&builder.build()?).wall_clock(1_700_000_000_000).build()?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 1)?;
    /// driver.advance_wall_clock(Duration::from_secs(59))?;
    /// assert!(driver.output::<(), u64>("out").is_empty());
    /// driver.advance_wall_clock(Duration::from_secs(1))?;
    /// let told = driver.output::<(), u64>("out").read_record()?.expect("a minute is over");
    /// assert_eq!((told.value, told.timestamp), (1, 1_700_000_060_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of the topology's nodes.
    #[doc(alias = "advanceWallClockTime")]
    pub fn advance_wall_clock(&mut self, by: Duration) -> Result<()> {
        let mut inner = self.inner.borrow_mut();
        inner.now_ms = inner.now_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
        let now_ms = inner.now_ms;
        for task in &mut inner.tasks {
            task.punctuate(now_ms)?;
        }
        inner.settle()
    }

    /// Commits, runs everything that follows from it, and closes processors and stores. What was written can still be read. A driver that is
    /// dropped does the same (without the commit, while a panic unwinds) and logs what this call answers.
    ///
    /// ```
    /// # use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
    /// # use streams_core::processor::{Context, Processor};
    /// # use streams_core::{BoxError, Record, StreamsBuilder, testing::TopologyTestDriver};
    /// struct Connected(Arc<AtomicBool>);
    ///
    /// impl Processor<String, i64, String, i64> for Connected {
    ///     fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
    ///         ctx.forward(record)
    ///     }
    ///     fn close(&mut self) {
    ///         self.0.store(false, Ordering::Relaxed);
    ///     }
    /// }
    ///
    /// let connected = Arc::new(AtomicBool::new(true));
    /// let (builder, of_processor) = (StreamsBuilder::new(), connected.clone());
    /// builder.stream::<String, i64>("in").process((), move |_, ()| Connected(of_processor.clone())).to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.close()?;
    /// assert!(!connected.load(Ordering::Relaxed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of the last commit, processors that panic while they close, and stores that cannot be closed. All others are closed all the
    /// same; the first failure is the answer, and the others are logged.
    pub fn close(self) -> Result<()> {
        self.inner.borrow_mut().close(true)
    }

    /// The topics that were written to so far, internal ones included.
    #[doc(alias = "producedTopicNames")]
    pub fn produced_topic_names(&self) -> Vec<String> {
        self.inner.borrow().outputs.keys().map(ToString::to_string).collect()
    }

    /// What the tasks measure, such as the records that were left out.
    pub fn metrics(&self) -> Arc<MetricsRegistry> {
        self.inner.borrow().metrics.clone()
    }

    /// The names of all stores, those of global tables included.
    #[doc(alias = "getAllStateStores")]
    pub fn state_store_names(&self) -> Vec<String> {
        let mut inner = self.inner.borrow_mut();
        let mut names: Vec<String> = inner.tasks.iter_mut().flat_map(|task| task.stores_mut().names().to_vec()).collect();
        names.sort();
        names
    }

    /// The rows of a store of any kind as they lie in its engine, without those that have expired: by segment, within it by key. `None` when
    /// there is no store of that name, or when it is the buffer of a suppressed table.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn stored_rows(&self, name: &str) -> Result<Option<Vec<TestRow>>> {
        self.inner.borrow_mut().rows(name)
    }

    /// A key-value store, or `None` when there is none of that name and these types.
    #[doc(alias = "getKeyValueStore")]
    pub fn key_value_store<K: Data, V: Data>(&self, name: &str) -> Option<TestKeyValueStore<K, V>> {
        UnderTest::find(&self.inner, name).map(TestKeyValueStore)
    }

    /// A versioned store, or `None` when there is none of that name and these types.
    #[doc(alias = "getVersionedKeyValueStore")]
    pub fn versioned_store<K: Data, V: Data>(&self, name: &str) -> Option<TestVersionedStore<K, V>> {
        UnderTest::find(&self.inner, name).map(TestVersionedStore)
    }

    /// A window store, or `None` when there is none of that name and these types.
    #[doc(alias = "getWindowStore")]
    pub fn window_store<K: Data, V: Data>(&self, name: &str) -> Option<TestWindowStore<K, V>> {
        UnderTest::find(&self.inner, name).map(TestWindowStore)
    }

    /// A store of a kind of the topology's own, or `None` when there is none of that name and type.
    #[doc(alias = "getStateStore")]
    pub fn own_store<S: OwnStore>(&self, name: &str) -> Option<TestOwnStore<S>> {
        UnderTest::find(&self.inner, name).map(TestOwnStore)
    }

    /// A session store, or `None` when there is none of that name and these types.
    #[doc(alias = "getSessionStore")]
    pub fn session_store<K: Data, V: Data>(&self, name: &str) -> Option<TestSessionStore<K, V>> {
        UnderTest::find(&self.inner, name).map(TestSessionStore)
    }
}

impl Drop for TopologyTestDriver {
    fn drop(&mut self) {
        // a test that fails is no time to run more of the topology
        let commit = !std::thread::panicking();
        if let Ok(mut inner) = self.inner.try_borrow_mut()
            && let Err(error) = inner.close(commit)
        {
            tracing::error!(target: "streams::testing", "closing the test driver: {error}");
        }
    }
}
