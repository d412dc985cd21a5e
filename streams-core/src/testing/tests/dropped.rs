//! What tasks count and log of records that they leave out.

use crate::cluster::{RawRecord, RecordBatch};
use crate::config::StreamsConfig;
use crate::handlers::{Handlers, TimestampContext};
use crate::kept_log::logged;
use crate::task::{Task, TaskEnv};
use crate::testing::memory_task::{memory_env, memory_inputs, memory_task};
use crate::testing::producer::{CapturingProducer, WrittenRecords};
use crate::topology::Topology;
use crate::{Headers, JoinWindows, StreamsBuilder, TaskId, TimeWindows};
use std::sync::Arc;
use std::time::Duration;

const ID: TaskId = TaskId { subtopology: 0, partition: 0 };
const HOUR: i64 = 3_600_000;

fn env(written: &WrittenRecords) -> TaskEnv {
    let settings = StreamsConfig::new("test", "embedded").settings().unwrap();
    let mut handlers = Handlers::from_settings(&settings);
    handlers.timestamp_extractor = Arc::new(|record: &RawRecord<'_>, _: &TimestampContext<'_>| Ok(record.timestamp));
    memory_env(&settings, handlers, CapturingProducer::shared(written))
}

fn task(topology: &Topology, env: &TaskEnv) -> Task {
    memory_task(topology, topology.subtopology(0).unwrap(), env, 0).unwrap()
}

fn dropped(env: &TaskEnv, reason: &str) -> Option<f64> {
    env.registry.sum("streams_records_dropped_total", &[("reason", reason)])
}

/// A record of key `k` and value 1.
struct One {
    timestamp: i64,
    offset: i64,
}

impl RecordBatch for One {
    fn len(&self) -> usize {
        1
    }
    fn record(&self, _: usize) -> RawRecord<'_> {
        RawRecord { key: Some(b"k"), value: Some(&[0, 0, 0, 0, 0, 0, 0, 1]), timestamp: self.timestamp, offset: self.offset }
    }
    fn headers(&self, _: usize) -> Headers {
        Headers::new()
    }
}

/// Queues one record and runs what there is.
fn run(task: &mut Task, input: usize, timestamp: i64, offset: i64) {
    task.add(input, Box::new(One { timestamp, offset }));
    task.process(0, usize::MAX).unwrap();
}

#[test]
fn a_record_that_a_join_no_longer_keeps_is_counted_and_still_joined() {
    let builder = StreamsBuilder::new();
    let (left, right) = (builder.stream::<String, i64>("left"), builder.stream::<String, i64>("right"));
    left.join(&right, |l, r| l + r, JoinWindows::within(Duration::from_secs(60))).to("out");
    let topology = builder.build().unwrap();
    let written = WrittenRecords::default();
    let env = env(&written);
    let mut task = task(&topology, &env);
    run(&mut task, 1, 0, 0);
    run(&mut task, 0, 10 * HOUR, 0);
    assert_eq!(dropped(&env, "late"), Some(0.0));
    run(&mut task, 0, 0, 1);
    assert_eq!(dropped(&env, "late"), Some(1.0));
    let joined = written.lock().unwrap().iter().filter(|record| &*record.topic == "out").count();
    assert_eq!(joined, 1, "the right side still has its record");
}

#[test]
fn a_window_that_the_store_no_longer_keeps_is_counted() {
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::tumbling(Duration::from_secs(60)).no_grace();
    let _ = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).count();
    let topology = builder.build().unwrap();
    let env = env(&WrittenRecords::default());
    let mut first = task(&topology, &env);
    run(&mut first, 0, 10 * HOUR, 0);
    first.prepare_commit().unwrap();
    first.post_commit().unwrap();
    // a node that is made anew has seen no time yet, its store has
    let stores = first.into_stores(true).unwrap();
    let inputs = memory_inputs(topology.subtopology(0).unwrap(), &env);
    let mut second = Task::new(&topology, ID, inputs, stores, &[None], env.clone(), 0, &[]).unwrap();
    run(&mut second, 0, 0, 1);
    assert_eq!(dropped(&env, "late"), Some(1.0));
}

fn merged() -> Topology {
    let builder = StreamsBuilder::new();
    builder.stream::<String, i64>("a").merge(&builder.stream::<String, i64>("b")).to("out");
    builder.build().unwrap()
}

#[test]
fn a_record_without_a_time_is_named_in_the_log() {
    let (topology, env) = (merged(), env(&WrittenRecords::default()));
    let mut task = task(&topology, &env);
    run(&mut task, 0, 5, 3);
    let log = logged(|| run(&mut task, 1, -1, 7));
    assert!(log.contains("topic b, partition 0, offset 7") && log.contains("invalid_timestamp"), "{log}");
    assert_eq!(dropped(&env, "invalid_timestamp"), Some(1.0));
}

#[test]
fn a_record_that_the_policy_leaves_out_is_named_in_the_log() {
    let (topology, env) = (merged(), env(&WrittenRecords::default()));
    let inputs = memory_inputs(topology.subtopology(0).unwrap(), &env);
    let mut task = Task::new(&topology, ID, inputs, Vec::new(), &[None, None], env.clone(), 0, &[(1, 8)]).unwrap();
    run(&mut task, 0, 5, 3);
    let log = logged(|| run(&mut task, 1, 6, 8));
    assert!(log.contains("topic b, partition 0, offset 8") && log.contains("processing"), "{log}");
    assert_eq!(dropped(&env, "processing"), Some(1.0));
}
