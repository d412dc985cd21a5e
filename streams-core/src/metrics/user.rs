//! Metrics of user code.

use super::cell::{Cell, Counter, Gauge, MetricKind, Seconds};
use super::registry::MetricsRegistry;
use crate::TaskId;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// Where a processor gets metrics of its own: they are exposed with those of the library, with the labels `thread`, `task`, `node` and those
/// that it gives them, for as long as it holds them.
///
/// A metric that is asked for again by the same node of a task is the same one, so a task that is put together anew goes on counting. Only the
/// task's thread may write them. A name should end in its unit (`_total` for a counter), as Prometheus has it; characters that Prometheus does
/// not allow become `_`. A name that the library has, or that is one of another kind already, is not exposed, which is logged.
#[doc(alias = "StreamsMetrics")]
#[derive(Debug)]
pub struct UserMetrics<'a> {
    registry: &'a MetricsRegistry,
    labels: [(&'static str, String); 3],
}

impl<'a> UserMetrics<'a> {
    pub(super) fn new(registry: &'a MetricsRegistry, thread: String, task: TaskId, node: &str) -> Self {
        UserMetrics { registry, labels: [("thread", thread), ("task", task.to_string()), ("node", node.to_owned())] }
    }

    /// A number of events.
    #[doc(alias = "addRateTotalSensor")]
    pub fn counter(&self, name: &str, help: &str) -> Arc<Counter> {
        self.counter_with(name, help, &[])
    }

    /// [`counter`](Self::counter) with more labels: name and value. There should be few values in all.
    pub fn counter_with(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Arc<Counter> {
        self.metric(name, help, labels, UserCell::Counter, |cell| if let UserCell::Counter(cell) = cell { cell.upgrade() } else { None })
    }

    /// A current value.
    pub fn gauge(&self, name: &str, help: &str) -> Arc<Gauge> {
        self.gauge_with(name, help, &[])
    }

    /// [`gauge`](Self::gauge) with more labels.
    pub fn gauge_with(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Arc<Gauge> {
        self.metric(name, help, labels, UserCell::Gauge, |cell| if let UserCell::Gauge(cell) = cell { cell.upgrade() } else { None })
    }

    /// Time spent in all, shown in seconds.
    #[doc(alias = "addLatencyRateTotalSensor")]
    pub fn seconds(&self, name: &str, help: &str) -> Arc<Seconds> {
        self.seconds_with(name, help, &[])
    }

    /// [`seconds`](Self::seconds) with more labels.
    pub fn seconds_with(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Arc<Seconds> {
        self.metric(name, help, labels, UserCell::Seconds, |cell| if let UserCell::Seconds(cell) = cell { cell.upgrade() } else { None })
    }

    fn metric<C: Default>(
        &self,
        name: &str,
        help: &str,
        more: &[(&str, &str)],
        of: fn(Weak<C>) -> UserCell,
        known: fn(&UserCell) -> Option<Arc<C>>,
    ) -> Arc<C> {
        let mut labels: Vec<(String, String)> = self.labels.iter().map(|(label, value)| ((*label).to_owned(), value.clone())).collect();
        for (label, value) in more {
            let label = allowed(label);
            match labels.iter_mut().find(|(other, _)| *other == label) {
                Some((_, old)) => *old = (*value).to_owned(),
                None => labels.push((label, (*value).to_owned())),
            }
        }
        self.registry.register_user(UserKey { name: allowed(name), labels }, help, of, known)
    }
}

/// What is left of a name, `_` in place of what is not allowed.
fn allowed(name: &str) -> String {
    let first_is_digit = name.starts_with(|c: char| c.is_ascii_digit());
    let rest = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    first_is_digit.then_some('_').into_iter().chain(rest).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UserKey {
    pub name: String,
    pub labels: Vec<(String, String)>,
}

#[derive(Debug)]
pub(super) enum UserCell {
    Counter(Weak<Counter>),
    Gauge(Weak<Gauge>),
    Seconds(Weak<Seconds>),
}

impl UserCell {
    pub fn kind(&self) -> MetricKind {
        match self {
            UserCell::Counter(_) | UserCell::Seconds(_) => MetricKind::Counter,
            UserCell::Gauge(_) => MetricKind::Gauge,
        }
    }

    /// `None` once nobody holds it.
    pub fn value(&self) -> Option<f64> {
        match self {
            UserCell::Counter(cell) => cell.upgrade().map(|cell| cell.value()),
            UserCell::Gauge(cell) => cell.upgrade().map(|cell| cell.value()),
            UserCell::Seconds(cell) => cell.upgrade().map(|cell| cell.value()),
        }
    }
}

/// Help and cell of each metric.
pub(super) type UserCells = BTreeMap<UserKey, (String, UserCell)>;

/// A metric of user code, as read at one moment.
pub(super) struct UserSample {
    pub key: UserKey,
    pub help: String,
    pub kind: MetricKind,
    pub value: f64,
}

/// Those that are held, the others go.
pub(super) fn read(cells: &mut UserCells) -> Vec<UserSample> {
    let mut samples = Vec::new();
    cells.retain(|key, (help, cell)| match cell.value() {
        Some(value) => {
            samples.push(UserSample { key: key.clone(), help: help.clone(), kind: cell.kind(), value });
            true
        }
        None => false,
    });
    samples
}

/// Whether a metric of this name and kind may be exposed beside those that are there.
pub(super) fn fits(cells: &UserCells, name: &str, kind: MetricKind) -> bool {
    !super::metric_definitions().any(|definition| definition.name == name)
        && cells.iter().all(|(key, (_, cell))| key.name != name || cell.kind() == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RecordingLevel;

    const TASK: TaskId = TaskId { subtopology: 0, partition: 3 };

    fn registry() -> Arc<MetricsRegistry> {
        MetricsRegistry::new("app", "client", RecordingLevel::Info)
    }

    #[test]
    fn metrics_are_exposed_with_their_labels_for_as_long_as_they_are_held() {
        let registry = registry();
        let metrics = registry.user("client-StreamThread-1", TASK, "my-node");
        let seen = metrics.counter_with("orders seen", "Orders", &[("shop", "north"), ("task", "mine")]);
        seen.add(2);
        metrics.counter_with("orders seen", "Orders", &[("shop", "north"), ("task", "mine")]).add(3);
        metrics.gauge("gone", "Nobody holds it");
        let text = registry.gather_text();
        let line = "orders_seen{application_id=\"app\",client_id=\"client\",thread=\"StreamThread-1\",task=\"mine\",node=\"my-node\",shop=\"north\"} 5";
        assert!(text.contains(line) && text.contains("# TYPE orders_seen counter"), "{text}");
        assert!(!text.contains("gone"), "{text}");
        assert_eq!(registry.sum("orders_seen", &[("shop", "north")]), Some(5.0));
        drop(seen);
        assert_eq!(registry.sum("orders_seen", &[]), None);
    }

    #[test]
    fn names_of_the_library_and_of_another_kind_are_not_exposed() {
        let registry = registry();
        let metrics = registry.user("client-StreamThread-1", TASK, "my-node");
        let (one, two) = (metrics.counter("one", ""), metrics.gauge("one", ""));
        let ours = metrics.gauge("streams_client_state", "");
        one.add(1);
        two.set(7);
        ours.set(99);
        assert_eq!(registry.sum("one", &[]), Some(1.0));
        assert_eq!(registry.sum("streams_client_state", &[]), Some(0.0));
    }

    #[test]
    fn the_prometheus_crate_takes_them() {
        let registry = registry();
        let held = registry.user("client-StreamThread-1", TASK, "my-node").seconds("9 lives", "Time");
        let prometheus = prometheus::Registry::new();
        prometheus.register(Box::new(crate::metrics::MetricsCollector::new(registry))).unwrap();
        held.add(std::time::Duration::from_millis(1_500));
        let families = prometheus.gather();
        let family = families.iter().find(|family| family.name() == "_9_lives").expect("it is there");
        assert_eq!(family.get_metric()[0].get_counter().get_value(), 1.5);
    }
}
