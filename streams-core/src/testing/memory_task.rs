//! Tasks as in production, with stores in memory and a producer of the caller's.

use crate::config::Settings;
use crate::handlers::Handlers;
use crate::metrics::MetricsRegistry;
use crate::task::{SharedProducer, Task, TaskEnv, TaskSettings};
use crate::topology::{Subtopology, Topology};
use crate::{Result, TaskId, TopicPartition};
use std::sync::Arc;
use streams_state::{CacheBudget, OpenEnv, SharedResources};

/// What the tasks of one driver share.
pub(super) fn memory_env(settings: &Settings, handlers: Handlers, producer: SharedProducer) -> TaskEnv {
    // nothing is fetched: what was queued is all there is, so nothing is waited for
    let task_settings = TaskSettings { max_task_idle_ms: None, ..TaskSettings::new(settings, handlers) };
    TaskEnv {
        application_id: settings.application_id.as_str().into(),
        thread_name: "TopologyTestDriver".into(),
        producer,
        budget: Arc::new(CacheBudget::new(usize::MAX)),
        settings: Arc::new(task_settings),
        registry: MetricsRegistry::new(settings.application_id.clone(), "test", settings.metrics_recording_level),
    }
}

/// Partition 0 of every source.
pub(super) fn memory_inputs(subtopology: &Subtopology, env: &TaskEnv) -> Vec<TopicPartition> {
    subtopology.sources.iter().map(|s| TopicPartition::new(s.topic.resolve(&env.application_id), 0)).collect()
}

/// The task of partition 0.
pub(super) fn memory_task(topology: &Topology, subtopology: &Subtopology, env: &TaskEnv, now_ms: i64) -> Result<Task> {
    let id = TaskId { subtopology: subtopology.id, partition: 0 };
    let inputs = memory_inputs(subtopology, env);
    let mut stores = Vec::with_capacity(subtopology.stores.len());
    for (store, supplier) in subtopology.stores.iter().enumerate() {
        let changelog_topic = subtopology.serde_topic(store, &env.application_id);
        let open = OpenEnv { task_dir: None, changelog_topic, partition: 0, shared: SharedResources::default() };
        stores.push(supplier.open(&open)?);
    }
    let committed = vec![None; inputs.len()];
    Task::new(topology, id, inputs, stores, &committed, env.clone(), now_ms, &[])
}
