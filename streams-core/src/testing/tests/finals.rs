//! How far final results were told survives a restart and goes back with an abort: it is committed with the offsets.

use crate::cluster::{CommittedOffset, RawRecord, RecordBatch};
use crate::config::StreamsConfig;
use crate::handlers::Handlers;
use crate::task::{Task, TaskEnv};
use crate::testing::memory_task::{memory_env, memory_inputs, memory_task};
use crate::testing::producer::{CapturingProducer, WrittenRecords};
use crate::{EmitStrategy, Headers, SlidingWindows, StreamsBuilder, TimeWindows, Topology};
use std::sync::PoisonError;
use std::time::Duration;

const SIZE: Duration = Duration::from_millis(10);

struct World {
    topology: Topology,
    env: TaskEnv,
    written: WrittenRecords,
    task: Option<Task>,
    /// What the group has.
    committed: Option<CommittedOffset>,
}

impl World {
    fn new(sliding: bool) -> Self {
        let builder = StreamsBuilder::new();
        let grouped = builder.stream::<String, String>("in").group_by_key();
        let windowed = match sliding {
            true => grouped.windowed_by(SlidingWindows::within(SIZE).no_grace()),
            false => grouped.windowed_by(TimeWindows::tumbling(SIZE).no_grace()),
        };
        let counts = windowed.emit_strategy(EmitStrategy::on_window_close()).count().to_stream();
        counts.map(|windowed, count| (format!("{}@{}", windowed.key, windowed.window.start), count)).to("out");
        let topology = builder.build().expect("the topology is right");
        let settings = StreamsConfig::new("app", "embedded").settings().expect("it is right");
        let written = WrittenRecords::default();
        let env = memory_env(&settings, Handlers::from_settings(&settings), CapturingProducer::shared(&written));
        let subtopology = topology.subtopology(0).expect("there is one");
        let task = Some(memory_task(&topology, subtopology, &env, 0).expect("the task is made"));
        World { topology, env, written, task, committed: None }
    }

    fn task(&mut self) -> &mut Task {
        self.task.as_mut().expect("it runs")
    }

    /// Records of these times from an offset on; what was told, in order.
    fn run(&mut self, first_offset: i64, times: &[i64]) -> Vec<String> {
        self.task().add(0, Box::new(Batch { first_offset, times: times.to_vec() }));
        self.task().process(0, usize::MAX).expect("it runs");
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        let told = written.into_iter().filter(|record| &*record.topic == "out");
        told.map(|record| String::from_utf8(record.key.expect("a key")).expect("a text")).collect()
    }

    fn commit(&mut self) {
        let offsets = self.task().prepare_commit().expect("it is prepared");
        self.task().post_commit().expect("it is committed");
        self.committed = offsets.into_iter().next().map(|(_, committed)| committed);
    }

    /// Takes the task apart and makes it anew from what was committed, as a restart (`clean`) or an abort does.
    fn again(&mut self, clean: bool) {
        let task = self.task.take().expect("it runs");
        let id = task.id();
        let stores = task.into_stores(clean).expect("they come back");
        let subtopology = self.topology.subtopology(0).expect("there is one");
        let inputs = memory_inputs(subtopology, &self.env);
        let task = Task::new(&self.topology, id, inputs, stores, std::slice::from_ref(&self.committed), self.env.clone(), 0, &[]);
        self.task = Some(task.expect("the task is made"));
    }
}

struct Batch {
    first_offset: i64,
    times: Vec<i64>,
}

impl RecordBatch for Batch {
    fn len(&self) -> usize {
        self.times.len()
    }
    fn record(&self, index: usize) -> RawRecord<'_> {
        RawRecord { key: Some(b"k"), value: Some(b"v"), timestamp: self.times[index], offset: self.first_offset + index as i64 }
    }
    fn headers(&self, _: usize) -> Headers {
        Headers::new()
    }
}

#[test]
fn results_are_not_told_again_after_a_restart() {
    let mut world = World::new(false);
    assert_eq!(world.run(0, &[1, 12, 25]), ["k@0", "k@10"]);
    world.commit();
    world.again(true);
    assert_eq!(world.run(3, &[26, 29]), Vec::<String>::new());
    assert_eq!(world.run(5, &[45]), ["k@20"]);
}

#[test]
fn what_was_told_after_the_last_commit_is_told_again_after_an_abort() {
    let mut world = World::new(false);
    assert_eq!(world.run(0, &[1, 12]), ["k@0"]);
    world.commit();
    assert_eq!(world.run(2, &[25, 31]), ["k@10", "k@20"]);
    world.again(false);
    assert_eq!(world.run(2, &[25, 31]), ["k@10", "k@20"]);
    world.commit();
    world.again(true);
    assert_eq!(world.run(4, &[40]), ["k@30"]);
}

#[test]
fn sliding_windows_keep_it_too() {
    let mut world = World::new(true);
    assert_eq!(world.run(0, &[20, 24, 36]), ["k@10", "k@14", "k@21"]);
    world.commit();
    world.again(true);
    assert_eq!(world.run(3, &[36, 47]), ["k@26"]);
    world.again(false);
    assert_eq!(world.run(3, &[36, 47]), ["k@26"]);
}
