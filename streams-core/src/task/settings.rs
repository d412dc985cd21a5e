//! What a task is made with.

use super::producer::SharedProducer;
use crate::cluster::RawRecord;
use crate::config::{Settings, StreamTimeOnRestart, UpgradeFrom};
use crate::exec::{GlobalStores, TaskFacts};
use crate::handlers::{Handlers, LogAndFailProcessing, TimestampContext};
use crate::metrics::{MetricsRegistry, NodeMetrics, StoreMetrics, TaskMetrics};
use crate::{Result, TaskId};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use streams_state::CacheBudget;

/// The settings that tasks need, made once per application.
#[derive(Clone)]
pub(crate) struct TaskSettings {
    pub handlers: Handlers,
    /// How long to wait for an empty input, in milliseconds; `None`: not at all.
    pub max_task_idle_ms: Option<i64>,
    /// Records of one input that are queued at most before it is no longer fetched.
    pub buffered_records: usize,
    /// Whether nodes and stores go on with the stream time that was committed.
    pub remember_stream_time: bool,
    /// Whether the processing handler is also for processors of global stores.
    pub handle_global_processing: bool,
    /// The config as user code may ask for it.
    pub config: Arc<BTreeMap<String, String>>,
    /// The application's folder in `state.dir`.
    pub state_dir: PathBuf,
    /// The version of Java that must be able to read what is written, if any.
    pub upgrade_from: Option<UpgradeFrom>,
}

impl TaskSettings {
    pub fn new(settings: &Settings, handlers: Handlers) -> Self {
        TaskSettings {
            handlers,
            max_task_idle_ms: settings.max_task_idle.map(|d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)),
            buffered_records: settings.buffered_records_per_partition.max(1),
            remember_stream_time: settings.stream_time_on_restart == StreamTimeOnRestart::Remember,
            handle_global_processing: settings.processing_exception_handler_global,
            config: Arc::new(settings.with_defaults()),
            state_dir: settings.state_dir.join(&settings.application_id),
            upgrade_from: settings.upgrade_from,
        }
    }
}

/// What a stream thread gives to all its tasks.
#[derive(Clone)]
pub(crate) struct TaskEnv {
    pub application_id: Arc<str>,
    pub thread_name: Arc<str>,
    pub producer: SharedProducer,
    pub budget: Arc<CacheBudget>,
    pub settings: Arc<TaskSettings>,
    pub registry: Arc<MetricsRegistry>,
    /// What its tasks read beside their own stores.
    pub globals: Arc<GlobalStores>,
}

impl TaskEnv {
    pub fn metrics(&self, id: TaskId) -> Arc<TaskMetrics> {
        self.registry.task(&self.thread_name, id)
    }

    /// What its tasks may be asked for.
    pub fn facts(&self) -> Arc<TaskFacts> {
        Arc::new(TaskFacts {
            thread_name: self.thread_name.clone(),
            registry: self.registry.clone(),
            config: self.settings.config.clone(),
            state_dir: self.settings.state_dir.clone(),
            upgrade_from: self.settings.upgrade_from,
        })
    }

    /// For tasks of global stores: what they read has no effect on streams, so a record without a valid time is taken all the same, as in Java,
    /// and the processing handler is asked only where it is to be (KIP-1270).
    pub fn for_globals(&self) -> TaskEnv {
        let mut settings = TaskSettings::clone(&self.settings);
        settings.max_task_idle_ms = None;
        settings.handlers.timestamp_extractor =
            Arc::new(|record: &RawRecord<'_>, _: &TimestampContext<'_>| -> Result<i64> { Ok(record.timestamp.max(0)) });
        if !settings.handle_global_processing {
            settings.handlers.processing = Arc::new(LogAndFailProcessing);
        }
        // nothing is held back: what was read is committed at once
        TaskEnv { settings: Arc::new(settings), budget: Arc::new(CacheBudget::new(0)), ..self.clone() }
    }

    /// `None` where nodes are not measured.
    pub fn node_metrics(&self, id: TaskId, node: &str) -> Option<Arc<NodeMetrics>> {
        self.registry.node(&self.thread_name, id, node)
    }

    pub fn store_metrics(&self, id: TaskId, store: &str) -> Arc<StoreMetrics> {
        self.registry.store(&self.thread_name, id, store)
    }
}
