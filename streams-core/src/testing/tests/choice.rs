//! A task by itself: which record it takes next, how long it waits for an input, and what it leaves out.

use crate::cluster::{RawRecord, RecordBatch};
use crate::config::StreamsConfig;
use crate::handlers::Handlers;
use crate::metrics::MetricsRegistry;
use crate::task::{Task, TaskEnv, TaskSettings};
use crate::testing::memory_task::{memory_env, memory_task};
use crate::testing::producer::{CapturingProducer, WrittenRecords};
use crate::{Headers, StreamsBuilder};
use std::sync::{Arc, PoisonError};

const LEFT: usize = 0;
const RIGHT: usize = 1;

/// Texts of two topics go to one.
struct World {
    task: Task,
    written: WrittenRecords,
    metrics: Arc<MetricsRegistry>,
    next_offset: [i64; 2],
}

impl World {
    /// `idle_ms`: `max.task.idle.ms`.
    fn new(idle_ms: i64) -> Self {
        Self::with(&[("max.task.idle.ms", &idle_ms.to_string())])
    }

    fn with(config: &[(&str, &str)]) -> Self {
        let builder = StreamsBuilder::new();
        let (left, right) = (builder.stream::<(), String>("left"), builder.stream::<(), String>("right"));
        left.merge(&right).to("out");
        let topology = builder.build().expect("the topology is right");
        let settings = StreamsConfig::new("app", "embedded").set_all(config.iter().copied()).settings().expect("it is right");
        let (written, handlers) = (WrittenRecords::default(), Handlers::from_settings(&settings));
        let env = memory_env(&settings, handlers.clone(), CapturingProducer::shared(&written));
        // as a stream thread has it
        let env = TaskEnv { settings: Arc::new(TaskSettings::new(&settings, handlers)), ..env };
        let subtopology = topology.subtopology(0).expect("there is one");
        let task = memory_task(&topology, subtopology, &env, 0).expect("the task is made");
        World { task, written, metrics: env.registry.clone(), next_offset: [0, 0] }
    }

    /// Queues a batch with records of these times.
    fn queue(&mut self, input: usize, times: &[i64]) {
        self.task.add(input, Box::new(Batch { input, first_offset: self.next_offset[input], times: times.to_vec() }));
        self.next_offset[input] += times.len() as i64;
    }

    fn caught_up(&mut self, input: usize) {
        self.task.set_caught_up(input, true);
    }

    /// Lets the task run at a time of the wall clock; what came out: input and time of each record.
    fn run(&mut self, now_ms: i64) -> Vec<String> {
        self.task.process(now_ms, usize::MAX).expect("it runs");
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        written.into_iter().map(|record| String::from_utf8(record.value.expect("a value")).expect("a text")).collect()
    }

    fn sum(&self, metric: &str, labels: &[(&str, &str)]) -> f64 {
        self.metrics.sum(metric, labels).expect("there is such a metric")
    }
}

struct Batch {
    input: usize,
    first_offset: i64,
    times: Vec<i64>,
}

impl RecordBatch for Batch {
    fn len(&self) -> usize {
        self.times.len()
    }
    fn record(&self, index: usize) -> RawRecord<'_> {
        let value: &[u8] = if self.input == LEFT { b"left" } else { b"right" };
        RawRecord { key: None, value: Some(value), timestamp: self.times[index], offset: self.first_offset + index as i64 }
    }
    fn headers(&self, _: usize) -> Headers {
        Headers::new()
    }
}

#[test]
fn records_of_two_inputs_are_taken_by_their_times() {
    let mut world = World::new(0);
    world.queue(LEFT, &[10, 30, 31]);
    world.queue(RIGHT, &[20, 25, 40]);
    // the last of the right is not compared with anything that the left has
    assert_eq!(world.run(0), ["left", "right", "right", "left", "left"]);
    world.queue(LEFT, &[50]);
    assert_eq!(world.run(0), ["right"]);
}

/// Only heads are compared: an input is never read past a record that is late in it.
#[test]
fn the_order_within_an_input_stays() {
    let mut world = World::new(0);
    world.queue(LEFT, &[30, 10, 12, 50]);
    world.queue(RIGHT, &[20, 40, 60]);
    assert_eq!(world.run(0), ["right", "left", "left", "left", "right", "left"]);
    assert_eq!(world.task.next_offset(LEFT), Some(4));
    assert_eq!(world.task.next_offset(RIGHT), Some(2));
}

#[test]
fn of_equal_times_the_first_input_goes_first() {
    let mut world = World::new(0);
    world.queue(RIGHT, &[5, 5]);
    world.queue(LEFT, &[5, 5]);
    assert_eq!(world.run(0)[..2], ["left", "left"]);
}

#[test]
fn with_idle_0_it_waits_for_what_the_cluster_has_and_no_longer() {
    let mut world = World::new(0);
    world.queue(LEFT, &[10, 20]);
    assert_eq!(world.run(0), [""; 0], "nothing is known of the right");
    assert_eq!(world.run(1_000_000), [""; 0], "time alone changes nothing");
    world.caught_up(RIGHT);
    assert_eq!(world.run(1_000_000), ["left", "left"]);
    // once there was something, it has to be told anew
    world.queue(RIGHT, &[15]);
    world.queue(LEFT, &[30]);
    assert_eq!(world.run(1_000_000), ["right"]);
    assert_eq!(world.run(1_000_000), [""; 0]);
    world.caught_up(RIGHT);
    assert_eq!(world.run(1_000_000), ["left"]);
    assert_eq!(world.sum("streams_task_enforced_processing_total", &[]), 0.0);
}

#[test]
fn with_more_idle_time_it_waits_for_producers_too() {
    let mut world = World::new(100);
    world.queue(LEFT, &[10]);
    assert_eq!(world.run(5_000), [""; 0]);
    // the wait begins when the cluster has nothing more
    world.caught_up(RIGHT);
    assert_eq!((world.run(9_000), world.run(9_099)), (vec![], vec![]));
    assert_eq!(world.run(9_100), ["left"]);
    assert_eq!(world.sum("streams_task_enforced_processing_total", &[]), 1.0);
    // what comes in time is waited for no longer, and the next wait begins from nothing
    world.queue(LEFT, &[20, 40]);
    world.queue(RIGHT, &[30]);
    assert_eq!(world.run(9_150), ["left", "right"]);
    world.caught_up(RIGHT);
    assert_eq!((world.run(9_200), world.run(9_299)), (vec![], vec![]));
    assert_eq!(world.run(9_300), ["left"]);
}

#[test]
fn without_idle_time_it_waits_for_nothing() {
    let mut world = World::new(-1);
    world.queue(LEFT, &[10]);
    assert_eq!(world.run(0), ["left"]);
}

#[test]
fn records_without_a_valid_time_are_left_out_and_count_as_read() {
    let mut world = World::with(&[("default.timestamp.extractor", "LogAndSkipOnInvalidTimestamp"), ("max.task.idle.ms", "-1")]);
    world.queue(LEFT, &[10, -1, 20, -7]);
    assert_eq!(world.run(0), ["left", "left"]);
    assert_eq!(world.sum("streams_records_dropped_total", &[("reason", "invalid_timestamp")]), 2.0);
    let committed = |world: &mut World| {
        let offsets = world.task.prepare_commit().expect("it flushes");
        world.task.post_commit().expect("it commits");
        offsets.into_iter().map(|(_, committed)| committed.offset).collect::<Vec<_>>()
    };
    assert_eq!(committed(&mut world), [4]);
    assert!(!world.task.commit_needed());
    // nothing but such records: they are read all the same, and not again after a restart
    world.queue(LEFT, &[-1]);
    assert_eq!(world.run(0), [""; 0]);
    assert!(world.task.commit_needed());
    assert_eq!(committed(&mut world), [5]);
    assert!(!world.task.commit_needed());
}
