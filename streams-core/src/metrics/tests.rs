use super::*;
use crate::TaskId;
use crate::config::RecordingLevel;
use std::collections::BTreeSet;
use std::time::Duration;

fn registry(level: RecordingLevel) -> std::sync::Arc<MetricsRegistry> {
    MetricsRegistry::new("app", "app-1234", level)
}

const TASK: TaskId = TaskId { subtopology: 0, partition: 1 };

#[test]
fn cells_keep_what_they_say() {
    let counter = Counter::default();
    counter.add(2);
    counter.add(3);
    assert_eq!(counter.get(), 5);
    counter.set(40);
    counter.add_shared(2);
    assert_eq!(counter.get(), 42);
    let gauge = Gauge::default();
    gauge.set_size(usize::MAX);
    assert_eq!(gauge.get(), i64::MAX);
    gauge.set(1);
    gauge.add_shared(-3);
    assert_eq!(gauge.get(), -2);
    let seconds = Seconds::default();
    seconds.add(Duration::from_millis(1500));
    seconds.add(Duration::from_millis(1));
    assert_eq!(seconds.get(), Duration::from_millis(1501));
}

#[test]
fn the_longest_time_is_forgotten_after_two_minutes() {
    let longest = LongestSeconds::default();
    let record = |millis, at| longest.record(Duration::from_millis(millis), Duration::from_secs(at));
    record(50, 1);
    record(20, 59);
    assert_eq!(longest.get(), Duration::from_millis(50));
    record(30, 61);
    assert_eq!(longest.get(), Duration::from_millis(50), "of the minute before");
    record(10, 130);
    assert_eq!(longest.get(), Duration::from_millis(30));
    record(10, 600);
    record(10, 700);
    assert_eq!(longest.get(), Duration::from_millis(10));
}

#[test]
fn another_thread_reads_what_one_wrote() {
    let registry = registry(RecordingLevel::Info);
    let task = registry.task("app-1234-StreamThread-1", TASK);
    let writer = std::thread::spawn(move || {
        for _ in 0..100_000 {
            task.records_processed.add(1);
        }
        task
    });
    let mut last = 0.0;
    while !writer.is_finished() {
        let now = registry.sum("streams_records_processed_total", &[]).unwrap();
        assert!(now >= last, "a counter never goes back");
        last = now;
    }
    let _task = writer.join().unwrap();
    assert_eq!(registry.sum("streams_records_processed_total", &[("task", "0_1")]), Some(100_000.0));
}

#[test]
fn parts_leave_with_their_owner() {
    let registry = registry(RecordingLevel::Debug);
    let thread = registry.thread("app-1234-StreamThread-1");
    thread.commits.add(3);
    let first = registry.task("app-1234-StreamThread-1", TASK);
    first.dropped.reason(DropReason::Late).add(2);
    assert_eq!(registry.sum("streams_records_dropped_total", &[("reason", "late"), ("thread", "StreamThread-1")]), Some(2.0));
    let again = registry.task("app-1234-StreamThread-1", TASK);
    again.dropped.reason(DropReason::Late).add(5);
    again.dropped.reason(DropReason::NullKey).add(1);
    assert_eq!(again.dropped.total(), 8);
    assert_eq!(registry.sum("streams_records_dropped_total", &[("reason", "late")]), Some(7.0), "a task goes on counting where it was");
    drop(first);
    assert_eq!(registry.sum("streams_records_dropped_total", &[]), Some(8.0));
    drop(again);
    assert_eq!(registry.sum("streams_records_dropped_total", &[]), None);
    assert_eq!(registry.sum("streams_commits_total", &[]), Some(3.0));
}

#[test]
fn nodes_are_measured_only_from_debug_on() {
    assert!(registry(RecordingLevel::Info).node("T", TASK, "KSTREAM-MAP-0000000001").is_none());
    for level in [RecordingLevel::Debug, RecordingLevel::Trace] {
        let registry = registry(level);
        let node = registry.node("T", TASK, "KSTREAM-MAP-0000000001").unwrap();
        node.records_processed.set(9);
        assert_eq!(registry.sum("streams_node_records_processed_total", &[("node", "KSTREAM-MAP-0000000001")]), Some(9.0));
    }
}

#[test]
fn the_text_is_what_prometheus_reads() {
    let registry = registry(RecordingLevel::Info);
    registry.app().state.set(2);
    let thread = registry.thread("app-1234-StreamThread-2");
    thread.commit_time.add(Duration::from_millis(250));
    thread.started.set_ms(1_700_000_000_500);
    let store = registry.store("app-1234-StreamThread-2", TASK, "a \"quoted\" store");
    store.entries.set_size(7);
    let restore = registry.restore(TASK, "counts");
    restore.remaining.set(11);
    let text = registry.gather_text();
    let own = r#"application_id="app",client_id="app-1234""#;
    for line in [
        "# HELP streams_client_state State of the instance: 0 created, 1 rebalancing, 2 running, 3 pending shutdown, 4 not running, \
         5 pending error, 6 error"
            .to_owned(),
        "# TYPE streams_client_state gauge".to_owned(),
        format!("streams_client_state{{{own}}} 2"),
        "# TYPE streams_commit_seconds_total counter".to_owned(),
        format!("streams_commit_seconds_total{{{own},thread=\"StreamThread-2\"}} 0.25"),
        format!("streams_thread_start_time_seconds{{{own},thread=\"StreamThread-2\"}} 1700000000.5"),
        format!(r#"streams_store_entries{{{own},thread="StreamThread-2",task="0_1",store="a \"quoted\" store"}} 7"#),
        format!("streams_restore_remaining_records{{{own},task=\"0_1\",store=\"counts\"}} 11"),
        format!("streams_client_info{{{own},version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn several_applications_fit_into_one_prometheus_registry() {
    let prometheus = prometheus::Registry::new();
    let apps = ["one", "two"].map(|id| MetricsRegistry::new(id, format!("{id}-client"), RecordingLevel::Info));
    for app in &apps {
        prometheus.register(Box::new(MetricsCollector::new(app.clone()))).unwrap();
    }
    assert!(prometheus.register(Box::new(MetricsCollector::new(apps[0].clone()))).is_err(), "the same application twice");
    let families = prometheus.gather();
    let state = families.iter().find(|f| f.name() == "streams_client_state").unwrap();
    let ids: Vec<&str> = state.get_metric().iter().map(|m| m.get_label()[0].value()).collect();
    assert_eq!(ids, ["one", "two"]);
    prometheus.unregister(Box::new(MetricsCollector::new(apps[0].clone()))).unwrap();
    prometheus.register(Box::new(MetricsCollector::new(apps[0].clone()))).unwrap();
}

#[test]
fn definitions_keep_prometheus_rules() {
    use prometheus::core::Collector;
    let mut names = BTreeSet::new();
    for d in metric_definitions() {
        assert!(names.insert(d.name), "{} is there twice", d.name);
        assert!(d.name.starts_with("streams_"), "{}", d.name);
        assert_eq!(d.name.ends_with("_total"), d.kind == MetricKind::Counter, "{}", d.name);
        assert!(!d.help.is_empty() && !d.help.ends_with('.') && !d.java.is_empty(), "{}", d.name);
        assert!(d.labels.iter().all(|l| ["thread", "task", "node", "store", "reason"].contains(l)), "{}", d.name);
    }
    let collector = MetricsCollector::new(registry(RecordingLevel::Info));
    assert_eq!(collector.desc().len(), names.len() + 1, "every description was accepted");
    for (number, reason) in DropReason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, number, "reasons are indexes");
    }
}
