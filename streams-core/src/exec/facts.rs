//! What user code may ask about the task that it runs in.

use crate::TaskId;
use crate::config::UpgradeFrom;
use crate::metrics::{MetricsRegistry, UserMetrics};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;

/// The same for all tasks of a thread.
pub(crate) struct TaskFacts {
    pub thread_name: Arc<str>,
    pub registry: Arc<MetricsRegistry>,
    /// The application's config, defaults and secrets included.
    pub config: Arc<BTreeMap<String, String>>,
    /// The application's folder in `state.dir`.
    pub state_dir: PathBuf,
    /// The version of Java that must be able to read what is written, if any.
    pub upgrade_from: Option<UpgradeFrom>,
}

impl TaskFacts {
    /// The folder of a task, whether it is there or not.
    pub fn state_dir_of(&self, task: TaskId) -> PathBuf {
        let global = task.partition == streams_state::OpenEnv::GLOBAL;
        self.state_dir.join(if global { "global".to_owned() } else { task.to_string() })
    }

    /// Whether Java's version `last`, or one before it, must be able to read what is written.
    pub fn upgrades_from(&self, last: UpgradeFrom) -> bool {
        self.upgrade_from.is_some_and(|version| version <= last)
    }

    /// The config's keys that begin with a prefix, without it.
    pub fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        let from = self.config.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.map_while(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone()))).collect()
    }

    pub fn metrics<'a>(&'a self, task: TaskId, node: &'a str) -> UserMetrics<'a> {
        self.registry.user(&self.thread_name, task, node)
    }
}
