//! What tasks count and log of records that they leave out.

use super::memory_task::{memory_env, memory_inputs, memory_task};
use super::producer::{CapturingProducer, WrittenRecords};
use crate::cluster::{RawRecord, RecordBatch};
use crate::config::StreamsConfig;
use crate::handlers::Handlers;
use crate::task::{Task, TaskEnv};
use crate::topology::Topology;
use crate::{Headers, JoinWindows, StreamsBuilder, TaskId, TimeWindows};
use std::time::Duration;

const ID: TaskId = TaskId { subtopology: 0, partition: 0 };
const HOUR: i64 = 3_600_000;

fn env(written: &WrittenRecords) -> TaskEnv {
    let settings = StreamsConfig::new("test", "embedded").settings().unwrap();
    memory_env(&settings, Handlers::from_settings(&settings), CapturingProducer::shared(written))
}

fn task(topology: &Topology, env: &TaskEnv) -> Task {
    memory_task(topology, topology.subtopology(0).unwrap(), env, 0).unwrap()
}

fn late(env: &TaskEnv) -> Option<f64> {
    env.registry.sum("streams_records_dropped_total", &[("reason", "late")])
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
    assert_eq!(late(&env), Some(0.0));
    run(&mut task, 0, 0, 1);
    assert_eq!(late(&env), Some(1.0));
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
    assert_eq!(late(&env), Some(1.0));
}
