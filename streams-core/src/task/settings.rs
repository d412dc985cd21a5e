//! What a task is made with.

use super::producer::SharedProducer;
use crate::TaskId;
use crate::config::Settings;
use crate::handlers::Handlers;
use crate::metrics::{MetricsRegistry, NodeMetrics, StoreMetrics, TaskMetrics};
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
}

impl TaskSettings {
    pub fn new(settings: &Settings, handlers: Handlers) -> Self {
        TaskSettings {
            handlers,
            max_task_idle_ms: settings.max_task_idle.map(|d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)),
            buffered_records: settings.buffered_records_per_partition.max(1),
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
}

impl TaskEnv {
    pub fn metrics(&self, id: TaskId) -> Arc<TaskMetrics> {
        self.registry.task(&self.thread_name, id)
    }

    /// `None` where nodes are not measured.
    pub fn node_metrics(&self, id: TaskId, node: &str) -> Option<Arc<NodeMetrics>> {
        self.registry.node(&self.thread_name, id, node)
    }

    pub fn store_metrics(&self, id: TaskId, store: &str) -> Arc<StoreMetrics> {
        self.registry.store(&self.thread_name, id, store)
    }
}
