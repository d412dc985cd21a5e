//! Who has metrics at the moment.

use super::group::{Group, MetricDefinition};
use super::groups::{AppMetrics, Dropped, NodeMetrics, RestoreMetrics, StoreMetrics, TaskMetrics, ThreadMetrics};
use super::reason::DropReason;
use super::user::{self, UserCell, UserCells, UserKey, UserMetrics};
use crate::TaskId;
use crate::config::RecordingLevel;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// The metrics of one application in this process. Owners ask it for their part and write there without it; dropping a part takes it out.
#[derive(Debug)]
pub struct MetricsRegistry {
    pub(super) application_id: String,
    pub(super) client_id: String,
    level: RecordingLevel,
    app: AppMetrics,
    parts: Mutex<Parts>,
}

/// Label values to metrics. A part that is asked for again takes the place of the old one.
#[derive(Debug, Default)]
struct Parts {
    threads: Map<[String; 1], ThreadMetrics>,
    tasks: Map<[String; 2], TaskMetrics>,
    nodes: Map<[String; 3], NodeMetrics>,
    stores: Map<[String; 3], StoreMetrics>,
    restores: Map<[String; 2], RestoreMetrics>,
    users: UserCells,
}

type Map<L, M> = BTreeMap<L, Weak<M>>;

/// A value with its labels, as read at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Which metric.
    pub definition: MetricDefinition,
    /// Values of its labels, in their order.
    pub labels: Vec<String>,
    /// Its value.
    pub value: f64,
}

impl MetricsRegistry {
    /// For the application `application_id` whose client id is `client_id`.
    pub fn new(application_id: impl Into<String>, client_id: impl Into<String>, level: RecordingLevel) -> Arc<Self> {
        Arc::new(MetricsRegistry {
            application_id: application_id.into(),
            client_id: client_id.into(),
            level,
            app: AppMetrics::default(),
            parts: Mutex::default(),
        })
    }

    /// The application's own metrics.
    pub fn app(&self) -> &AppMetrics {
        &self.app
    }

    /// For a stream thread. The label is the thread's name without the client id in front: `StreamThread-1`.
    pub fn thread(&self, thread_name: &str) -> Arc<ThreadMetrics> {
        register(&mut self.parts.lock().threads, [self.short(thread_name)])
    }

    /// For a task that a thread runs.
    pub fn task(&self, thread_name: &str, task: TaskId) -> Arc<TaskMetrics> {
        register(&mut self.parts.lock().tasks, [self.short(thread_name), task.to_string()])
    }

    /// For a node of such a task; `None` below the recording level DEBUG.
    pub fn node(&self, thread_name: &str, task: TaskId, node: &str) -> Option<Arc<NodeMetrics>> {
        let wanted = self.level >= RecordingLevel::Debug;
        wanted.then(|| register(&mut self.parts.lock().nodes, [self.short(thread_name), task.to_string(), node.to_owned()]))
    }

    /// For a store of such a task.
    pub fn store(&self, thread_name: &str, task: TaskId, store: &str) -> Arc<StoreMetrics> {
        register(&mut self.parts.lock().stores, [self.short(thread_name), task.to_string(), store.to_owned()])
    }

    /// For a store that is being restored.
    pub fn restore(&self, task: TaskId, store: &str) -> Arc<RestoreMetrics> {
        register(&mut self.parts.lock().restores, [task.to_string(), store.to_owned()])
    }

    /// For user code in a node of such a task.
    pub fn user<'a>(&'a self, thread_name: &str, task: TaskId, node: &str) -> UserMetrics<'a> {
        UserMetrics::new(self, self.short(thread_name), task, node)
    }

    /// A metric of user code: the one that is there, or a new one.
    pub(super) fn register_user<C: Default>(
        &self,
        key: UserKey,
        help: &str,
        of: fn(Weak<C>) -> UserCell,
        known: fn(&UserCell) -> Option<Arc<C>>,
    ) -> Arc<C> {
        let users = &mut self.parts.lock().users;
        users.retain(|_, (_, cell)| cell.value().is_some());
        if let Some(cell) = users.get(&key).and_then(|(_, cell)| known(cell)) {
            return cell;
        }
        let cell = Arc::new(C::default());
        let entry = of(Arc::downgrade(&cell));
        if user::fits(users, &key.name, entry.kind()) {
            users.insert(key, (help.to_owned(), entry));
        } else {
            tracing::warn!(target: "streams::metrics", metric = key.name, "there is a metric of this name already: it is not exposed");
        }
        cell
    }

    /// Those of user code at this moment.
    pub(super) fn user_samples(&self) -> Vec<user::UserSample> {
        user::read(&mut self.parts.lock().users)
    }

    /// Everything of the library's at this moment. Writers are not stopped, so values of one instant may differ by what happened in between.
    pub fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::new();
        read(&self.app, &[], &mut samples);
        let mut parts = self.parts.lock();
        let Parts { threads, tasks, nodes, stores, restores, users: _ } = &mut *parts;
        read_all(threads, &mut samples, |_, _, _| {});
        read_all(tasks, &mut samples, |task, labels, samples| {
            for reason in DropReason::ALL {
                let labels = labels.iter().cloned().chain([reason.label().to_owned()]).collect();
                let value = task.dropped.reason(reason).get() as f64;
                samples.push(Sample { definition: Dropped::DEFINITION, labels, value });
            }
        });
        read_all(nodes, &mut samples, |_, _, _| {});
        read_all(stores, &mut samples, |_, _, _| {});
        read_all(restores, &mut samples, |_, _, _| {});
        samples
    }

    /// The sum of a metric, of the library's or of user code, over all label sets that contain these labels: `sum("streams_records_dropped_total", &[("reason", "late")])`.
    /// `None` when there is no such metric now.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let of_name = |s: &Sample| {
            let value = |label: &str| s.definition.labels.iter().position(|l| *l == label).map(|i| s.labels[i].as_str());
            s.definition.name == name && labels.iter().all(|(label, wanted)| value(label) == Some(wanted))
        };
        let ours = self.samples().into_iter().filter(of_name).map(|s| s.value);
        let of_user = |s: &user::UserSample| {
            let has = |label: &str, wanted: &str| s.key.labels.iter().any(|(l, value)| l == label && value == wanted);
            s.key.name == name && labels.iter().all(|(label, wanted)| has(label, wanted))
        };
        ours.chain(self.user_samples().into_iter().filter(of_user).map(|s| s.value)).reduce(|a, b| a + b)
    }

    fn short(&self, thread_name: &str) -> String {
        let rest = thread_name.strip_prefix(self.client_id.as_str()).and_then(|rest| rest.strip_prefix('-'));
        rest.unwrap_or(thread_name).to_owned()
    }
}

/// The definitions of all metrics, for documentation and checks.
pub fn metric_definitions() -> impl Iterator<Item = &'static MetricDefinition> {
    const DROPPED: &[MetricDefinition] = &[Dropped::DEFINITION];
    [
        AppMetrics::DEFINITIONS,
        ThreadMetrics::DEFINITIONS,
        TaskMetrics::DEFINITIONS,
        DROPPED,
        NodeMetrics::DEFINITIONS,
        StoreMetrics::DEFINITIONS,
        RestoreMetrics::DEFINITIONS,
    ]
    .into_iter()
    .flatten()
}

fn register<L: Ord, M: Default>(map: &mut Map<L, M>, labels: L) -> Arc<M> {
    // Those that were dropped meanwhile go, so that tasks that come and go do not pile up where nobody reads.
    map.retain(|_, part| part.strong_count() > 0);
    // a task that is put together again goes on counting where it was
    if let Some(part) = map.get(&labels).and_then(Weak::upgrade) {
        return part;
    }
    let part = Arc::new(M::default());
    map.insert(labels, Arc::downgrade(&part));
    part
}

fn read<M: Group>(metrics: &M, labels: &[String], samples: &mut Vec<Sample>) {
    let values = M::DEFINITIONS.iter().zip(metrics.values());
    samples.extend(values.map(|(definition, value)| Sample { definition: *definition, labels: labels.to_vec(), value }));
}

fn read_all<M: Group, const N: usize>(
    map: &mut Map<[String; N], M>,
    samples: &mut Vec<Sample>,
    also: impl Fn(&M, &[String], &mut Vec<Sample>),
) {
    map.retain(|labels, part| match part.upgrade() {
        Some(part) => {
            read(&*part, labels, samples);
            also(&part, labels, samples);
            true
        }
        None => false,
    });
}
