//! Tasks as in production, with stores in memory and a producer of the caller's.

use crate::config::Settings;
use crate::exec::GlobalStores;
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
        globals: Arc::default(),
        registry: MetricsRegistry::new(settings.application_id.clone(), "test", settings.metrics_recording_level),
    }
}

/// Partition 0 of every source.
pub(super) fn memory_inputs(subtopology: &Subtopology, env: &TaskEnv) -> Vec<TopicPartition> {
    subtopology.sources.iter().map(|s| TopicPartition::new(s.topic.resolve(&env.application_id), 0)).collect()
}

/// The task of partition 0.
pub(super) fn memory_task(topology: &Topology, subtopology: &Subtopology, env: &TaskEnv, now_ms: i64) -> Result<Task> {
    let mut stores = Vec::with_capacity(subtopology.stores.len());
    for (store, supplier) in subtopology.stores.iter().enumerate() {
        let changelog_topic = subtopology.serde_topic(store, &env.application_id);
        let open = OpenEnv { task_dir: None, changelog_topic, partition: 0, shared: SharedResources::default() };
        stores.push(supplier.open(&open)?);
    }
    let id = TaskId { subtopology: subtopology.id, partition: 0 };
    let inputs = memory_inputs(subtopology, env);
    let committed = vec![None; inputs.len()];
    Task::new(topology, id, inputs, stores, &committed, env.clone(), now_ms, &[])
}

/// The tasks of global stores; tasks that are made with `env` from now on can read them.
pub(super) fn memory_globals(topology: &Topology, env: &mut TaskEnv, now_ms: i64) -> Result<Vec<Task>> {
    let (mut tasks, mut readers, own) = (Vec::new(), GlobalStores::default(), env.for_globals());
    for global in topology.globals() {
        let inputs = memory_inputs(global, env);
        let mut stores = Vec::new();
        for supplier in &global.stores {
            let changelog_topic = inputs.first().map_or_else(|| "".into(), |input| input.topic.clone());
            let open = OpenEnv { task_dir: None, changelog_topic, partition: OpenEnv::GLOBAL, shared: SharedResources::default() };
            let store = supplier.open(&open)?;
            readers.share(&*store)?;
            stores.push(store);
        }
        let id = TaskId { subtopology: global.id, partition: OpenEnv::GLOBAL };
        tasks.push(Task::new(topology, id, inputs, stores, &[None], own.clone(), now_ms, &[])?);
    }
    env.globals = Arc::new(readers);
    Ok(tasks)
}
