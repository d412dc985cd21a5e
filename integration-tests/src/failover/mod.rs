//! How long output stands still when an instance goes: closed, killed, or killed and started again with much state. Exactly once, on a real
//! broker, in real time: a bench, no test.

mod watch;

use crate::behaviour::clients::Clients;
use crate::kafka::Kafka;
use crate::keyed_load::{KeyedLoad, fill};
use crate::process::Process;
use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};
use streams_core::{Result, StreamsBuilder, Topology};
use watch::{Watch, second_of_day};

/// Of input, store and output: a key's count comes from the task of the partition that it comes out of.
const PARTITIONS: i32 = 4;
/// Rows of state while an instance is closed or killed.
const ROWS: u64 = 10_000;
/// Records a second.
const RATE: u64 = 4_000;
/// Output flows evenly when nothing was still for longer.
const EVEN: Duration = Duration::from_millis(700);
const CALM: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(300);

/// The member's session, in milliseconds.
pub const SESSION_MS: u64 = 6_000;

/// What was measured of two instances, one of which goes.
#[derive(Clone, Copy, Debug)]
pub struct Gaps {
    /// The longest gap in the output of any task, one instance closed.
    pub closed: Duration,
    /// One instance killed: the longest of its own tasks.
    pub killed: Duration,
    /// And the longest of the survivor's.
    pub survivors: Duration,
}

/// Who is killed and started again.
#[derive(Clone, Copy, Debug)]
pub enum Engine<'a> {
    /// This library.
    Ours,
    /// Java Kafka Streams: the words of the command that the arguments follow.
    Java(&'a [String]),
}

/// What was measured of one instance that was killed and started again with the same state directory.
#[derive(Clone, Copy, Debug)]
pub struct Restart {
    /// From the assignment of the tasks until each of them had new output.
    pub to_output: Duration,
    /// Changelog records that it read; Java does not say.
    pub restored: Option<u64>,
}

/// Counts by key.
///
/// # Errors
/// When a name of a topic is not one.
pub fn topology(input: &str, output: &str) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    builder.stream::<String, String>(input).group_by_key().count_with("counts").to_stream().to(output);
    Ok(builder.build()?)
}

struct Scene<'a> {
    kafka: &'a Kafka,
    application: String,
    input: String,
    output: String,
    directory: tempfile::TempDir,
}

impl<'a> Scene<'a> {
    fn new(kafka: &'a Kafka) -> Self {
        let clients = Clients::new(kafka);
        Scene {
            kafka,
            application: clients.name("failover"),
            input: clients.topic(PARTITIONS),
            output: clients.topic(PARTITIONS),
            directory: tempfile::tempdir().expect("a directory"),
        }
    }

    fn start(&self, instance: &str) -> Process {
        let directory = self.directory.path().join(instance);
        let settings = [
            ("state.dir", directory.display().to_string()),
            ("processing.guarantee", "exactly_once_v2".to_owned()),
            ("session.timeout.ms", SESSION_MS.to_string()),
            ("heartbeat.interval.ms", "300".to_owned()),
            ("producer.transaction.timeout.ms", "5000".to_owned()),
            ("metadata.max.age.ms", "1000".to_owned()),
            ("topic.retention.ms", "-1".to_owned()),
        ];
        let names = [self.kafka.bootstrap(), &self.application, &self.input, &self.output].map(str::to_owned);
        Process::start("failover-app", names.into_iter().chain(settings.iter().map(|(key, value)| format!("{key}={value}"))))
    }
}

impl Scene<'_> {
    /// Java's counterpart, which the bench of throughput has.
    fn start_java(&self, command: &[String]) -> Process {
        let [program, words @ ..] = command else { panic!("a command has a first word") };
        let state_dir = self.directory.path().join("java").display().to_string();
        let options = [
            ("bootstrap-servers", self.kafka.bootstrap()),
            ("workload", "count"),
            ("input", &self.input),
            ("output", &self.output),
            ("application-id", &self.application),
            ("state-dir", &state_dir),
            ("expect-processed", "1000000000000"),
            ("guarantee", "exactly_once_v2"),
            ("commit-interval-ms", "100"),
            ("session-timeout-ms", &SESSION_MS.to_string()),
        ];
        let options = options.into_iter().flat_map(|(name, value)| [format!("--{name}"), value.to_owned()]);
        Process::run("java", Command::new(program).args(words).args(options))
    }

    fn start_engine(&self, engine: Engine<'_>) -> Process {
        match engine {
            Engine::Ours => self.start("a"),
            Engine::Java(command) => self.start_java(command),
        }
    }
}

/// Measures what closing one of two instances costs, and what killing it does.
pub fn gaps(kafka: &Kafka) -> Gaps {
    let scene = Scene::new(kafka);
    let load = KeyedLoad::start(kafka, &scene.input, PARTITIONS, ROWS, RATE);
    let mut watch = Watch::start(kafka, &scene.output, PARTITIONS);
    // one after the other: what moves later has been the first one's before
    let mut a = scene.start("a");
    await_tasks(&mut a, PARTITIONS as usize);
    watch.await_calm(CALM, EVEN);
    let mut b = scene.start("b");
    await_shared(&mut a, &mut b);
    watch.await_calm(CALM, EVEN);
    watch.begin();
    drop(b.terminate());
    std::thread::sleep(CALM);
    let closed = watch.longest(0..PARTITIONS);

    let mut b = scene.start("b");
    await_shared(&mut a, &mut b);
    watch.await_calm(CALM, EVEN);
    let victims = tasks(&b.log());
    watch.begin();
    drop(b.kill());
    std::thread::sleep(Duration::from_millis(SESSION_MS) + CALM);
    let of = |killed: bool| (0..PARTITIONS).filter(|p| victims.contains(p) == killed).collect::<Vec<_>>();
    let (killed, survivors) = (watch.longest(of(true)), watch.longest(of(false)));
    drop(a.terminate());
    load.stop();
    Gaps { closed, killed, survivors }
}

/// Measures how soon an instance with so many rows goes on after kill -9.
pub fn restart(kafka: &Kafka, rows: u64, engine: Engine<'_>) -> Restart {
    let scene = Scene::new(kafka);
    fill(kafka, &scene.input, PARTITIONS, rows);
    let mut watch = Watch::start(kafka, &scene.output, PARTITIONS);
    let app = scene.start_engine(engine);
    let begun = Instant::now();
    while watch.seen() < rows {
        assert!(begun.elapsed() < PATIENCE, "{} of {rows} rows after {PATIENCE:?}:\n{}", watch.seen(), app.log().join("\n"));
        std::thread::sleep(Duration::from_millis(100));
    }
    let load = KeyedLoad::start(kafka, &scene.input, PARTITIONS, rows, RATE);
    watch.await_calm(CALM, EVEN);
    drop(app.kill());

    let mut app = scene.start_engine(engine);
    let assigned =
        app.await_log("tasks", |log| log.iter().find(|line| line.contains("assigned tasks [0_")).and_then(|line| second_of_day(line)));
    let outputs: Vec<f64> = (0..PARTITIONS).map(|p| watch.first_after(p, assigned, PATIENCE)).collect();
    let to_output = outputs.into_iter().fold(assigned, f64::max) - assigned;
    let restored = match engine {
        Engine::Ours => Some(app.find(crate::ledger::restored).into_iter().map(|(records, ..)| records).sum()),
        Engine::Java(_) => None,
    };
    drop(app.kill());
    load.stop();
    Restart { to_output: Duration::from_secs_f64(to_output), restored }
}

/// Waits until both have half of the tasks.
fn await_shared(a: &mut Process, b: &mut Process) {
    await_tasks(a, PARTITIONS as usize / 2);
    await_tasks(b, PARTITIONS as usize / 2);
}

fn await_tasks(process: &mut Process, count: usize) {
    process.await_log("its tasks", |log| (tasks(log).len() == count).then_some(()));
}

/// The partitions of the tasks that an instance has, by its log.
fn tasks(log: &[String]) -> BTreeSet<i32> {
    let mut has = BTreeSet::new();
    for line in log {
        for (word, gains) in [("assigned tasks [", true), ("revoked tasks [", false), ("lost tasks [", false)] {
            let Some((_, list)) = line.split_once(word) else { continue };
            let list = list.split(']').next().unwrap_or_default();
            for partition in list.split(", ").filter_map(|task| task.split_once('_')?.1.parse::<i32>().ok()) {
                if gains {
                    has.insert(partition)
                } else {
                    has.remove(&partition)
                };
            }
        }
    }
    has
}
