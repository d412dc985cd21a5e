//! One run: instances, a load, faults, and at the end the evidence.

use super::checker::{Findings, Guarantee, check};
use super::collect;
use super::entry::next_hash;
use super::faults::Fault;
use super::load::{self, Amount, Load};
use super::lost_markers::{self, LostMarkers, goes_on};
use super::scene::{INPUT_PARTITIONS, OUTPUT_PARTITIONS, Scene, hang_file, hang_next, restored};
use crate::behaviour::clients::Clients;
use crate::kafka::Kafka;
use crate::process::Process;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use streams_core::TopicPartition;
use streams_core::cluster::OffsetSpec;
use tempfile::TempDir;
use test_broker::Broker;
use test_broker::sys::Signal;

/// How long everything that was written may take to come out after the last fault.
const DRAIN: Duration = Duration::from_secs(120);

/// A healthy application ends its transactions in less; twice that is less than `transaction.timeout.ms`.
const SETTLED: Duration = Duration::from_millis(1_500);

/// A broker takes nothing that is more than an hour ahead of its clock.
const AHEAD_MS: i64 = 20 * 60_000;

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is promised.
    pub guarantee: Guarantee,
    /// What happens, one after another.
    pub faults: Vec<Fault>,
    /// The calm between two faults, in milliseconds; drawn anew each time.
    pub calm_ms: Range<u64>,
    /// Entries a second.
    pub per_second: u64,
    /// Instances; each has two threads.
    pub instances: usize,
    /// What the random choices begin with.
    pub seed: u64,
    /// More settings of the application.
    pub settings: Vec<(String, String)>,
    /// Runs the stages, too.
    pub stages: bool,
}

impl Plan {
    /// Two instances, 2,000 entries a second, 1 to 6 s between two faults.
    pub fn new(guarantee: Guarantee, faults: impl IntoIterator<Item = Fault>) -> Self {
        let faults = faults.into_iter().collect();
        Plan { guarantee, faults, calm_ms: 1_000..6_000, per_second: 2_000, instances: 2, seed: 1, settings: Vec::new(), stages: false }
    }
}

/// What came out of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many entries were written.
    pub entries: u64,
    /// The checker's measures.
    pub findings: Findings,
}

/// An instance: its state directory, and its process while it runs.
pub(super) struct Instance {
    directory: PathBuf,
    process: Option<Process>,
    restored: u64,
    restorable: u64,
}

pub(super) struct Run<'a> {
    plan: &'a Plan,
    scene: Scene<'a>,
    pub broker: Option<&'a mut Broker>,
    pub instances: Vec<Instance>,
    progress: Arc<Mutex<Progress>>,
    random: u64,
    _directory: TempDir,
}

/// Watches the committed output.
struct Progress {
    seen: i64,
    since: Instant,
    longest: Duration,
}

/// Does everything. `broker`: where the faults include it, the one that `kafka` is a client of.
///
/// # Errors
/// When the broker that was killed has spoilt the run.
pub fn run(kafka: &Kafka, broker: Option<&mut Broker>, plan: &Plan) -> Result<Report, LostMarkers> {
    let directory = tempfile::tempdir().expect("a directory");
    let instance = |n: usize| Instance { directory: directory.path().join(n.to_string()), process: None, restored: 0, restorable: 0 };
    let mut run = Run {
        plan,
        scene: Scene::new(kafka, plan.guarantee, plan.stages),
        broker,
        instances: (0..plan.instances).map(instance).collect(),
        progress: Arc::new(Mutex::new(Progress { seen: 0, since: Instant::now(), longest: Duration::ZERO })),
        random: plan.seed,
        _directory: directory,
    };
    run.start_all();
    let load = Load::start(kafka, &run.scene.topics.input, INPUT_PARTITIONS as u32, Amount { per_second: plan.per_second, first: 0 });
    let watching = run.watch();
    run.await_progress();
    run.fault_has_ended();
    for fault in &plan.faults {
        run.sleep(plan.calm_ms.clone());
        fault.inflict(&mut run);
    }
    run.await_progress();
    run.sleep(plan.calm_ms.clone());
    let longest = run.end_watch(watching);
    println!("{} entries were written", load.written());
    let mut entries = load.stop();
    run.drain()?;
    if plan.stages {
        // A join looks for closed windows again only when that of the last one that it saw is closed: the second time all are.
        for _ in 0..2 {
            entries.extend(load::write_ahead(kafka, &run.scene.topics.input, &entries, AHEAD_MS));
            run.drain()?;
        }
    }
    for n in 0..run.instances.len() {
        run.instances[n].terminate();
        run.note_restores(n);
    }
    let directories: Vec<PathBuf> = run.instances.iter().map(|i| i.directory.clone()).collect();
    let mut evidence = collect::collect(kafka, &run.scene.application, &run.scene.topics, &directories);
    evidence.entries = entries;
    evidence.stall_ms = longest.as_millis() as u64;
    evidence.restored = run.instances.iter().map(|i| i.restored).sum();
    evidence.restorable = run.instances.iter().map(|i| i.restorable).sum();
    Ok(Report { entries: evidence.entries.len() as u64, findings: check(&evidence, plan.guarantee) })
}

impl Instance {
    pub fn kill(&mut self) {
        self.signal(Signal::Kill);
        if let Some(process) = &mut self.process {
            process.wait();
        }
    }

    pub fn terminate(&mut self) {
        self.signal(Signal::Terminate);
        if let Some(process) = &mut self.process {
            let ended = process.wait();
            assert_eq!(ended.status.code(), Some(0), "the instance closes: {}", ended.log);
        }
    }

    /// How often the group has thrown a thread out.
    fn thrown_out(&self) -> usize {
        let process = self.process.as_ref().expect("the instance runs");
        process.find(|line| line.contains("maximum poll interval").then_some(())).len()
    }

    pub fn signal(&mut self, signal: Signal) {
        let process = self.process.as_mut().expect("the instance runs");
        process.expect_alive();
        process.signal(signal);
    }
}

impl Run<'_> {
    /// A number below `limit`.
    pub fn random(&mut self, limit: u64) -> u64 {
        self.random = next_hash(self.random, 1, limit);
        self.random % limit.max(1)
    }

    /// Waits for a time of this many milliseconds, drawn from the range.
    pub fn sleep(&mut self, ms: Range<u64>) {
        let ms = ms.start + self.random(ms.end - ms.start);
        std::thread::sleep(Duration::from_millis(ms));
    }

    /// Makes a closure of an instance hang, and waits until the group has thrown its thread out and it has noticed. Whether a transaction was open
    /// meanwhile: none lasts as long otherwise.
    pub fn hang(&self, n: usize, time: Duration) -> bool {
        let clients = Clients::new(self.scene.kafka);
        let instance = &self.instances[n];
        let before = instance.thrown_out();
        let still = |what: &str, begun: Instant| {
            let log = instance.process.as_ref().map(Process::log).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}\n{}", log.join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        };
        hang_next(&instance.directory, time);
        let begun = Instant::now();
        while hang_file(&instance.directory).exists() {
            still("no closure has begun to hang", begun);
        }
        let begun = Instant::now();
        std::thread::sleep(SETTLED);
        let first = self.scene.open_transactions(&clients);
        std::thread::sleep(SETTLED);
        let second = self.scene.open_transactions(&clients);
        let is_open = goes_on(&first, &second);
        println!("open while it hangs: {} and {} partitions after {:?}", first.len(), second.len(), begun.elapsed());
        std::thread::sleep(time.saturating_sub(begun.elapsed()));
        let begun = Instant::now();
        while instance.thrown_out() <= before {
            still("no thread that hangs was thrown out", begun);
        }
        is_open
    }

    pub fn start_all(&mut self) {
        (0..self.instances.len()).for_each(|n| self.start(n));
    }

    pub fn start(&mut self, n: usize) {
        self.note_restores(n);
        let process = self.scene.start(&self.instances[n].directory, &self.plan.settings);
        self.instances[n].process = Some(process);
    }

    /// What the instance that ended has restored, by its log.
    fn note_restores(&mut self, n: usize) {
        let Some(process) = self.instances[n].process.take() else { return };
        let clients = Clients::new(self.scene.kafka);
        for (records, topic, partition) in process.find(restored) {
            self.instances[n].restored += records;
            self.instances[n].restorable += clients.offset(&topic, partition, OffsetSpec::Latest).unsigned_abs();
        }
    }

    /// What stood still from here on counts as a stall.
    pub fn fault_has_ended(&self) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.since = Instant::now();
    }

    fn watch(&self) -> (Arc<AtomicBool>, std::thread::JoinHandle<()>) {
        let stop = Arc::new(AtomicBool::new(false));
        let (asked, progress, kafka, topic) =
            (stop.clone(), self.progress.clone(), self.scene.kafka.clone(), self.scene.topics.chains.clone());
        let watch = move || {
            let clients = Clients::with(&kafka, &[("request.timeout.ms", "1000")]);
            let ends: Vec<_> =
                (0..OUTPUT_PARTITIONS).map(|p| (TopicPartition::new(topic.as_str(), p), OffsetSpec::LatestCommitted)).collect();
            while !asked.load(Ordering::Relaxed) {
                // an error is no progress
                let sum = clients.admin().list_offsets(&ends).map_or(0, |ends| ends.iter().sum());
                let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
                let still = progress.since.elapsed();
                progress.longest = progress.longest.max(still);
                if sum > progress.seen {
                    (progress.seen, progress.since) = (sum, Instant::now());
                }
                drop(progress);
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        (stop, std::thread::spawn(watch))
    }

    fn end_watch(&self, (stop, thread): (Arc<AtomicBool>, std::thread::JoinHandle<()>)) -> Duration {
        stop.store(true, Ordering::Relaxed);
        thread.join().expect("the watch does not panic");
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).longest
    }

    /// Waits for new output.
    fn await_progress(&mut self) {
        let progress = self.progress.clone();
        let seen = || progress.lock().unwrap_or_else(PoisonError::into_inner).seen;
        let (before, begun) = (seen(), Instant::now());
        while seen() <= before {
            self.expect_alive();
            assert!(begun.elapsed() < DRAIN, "no output for {DRAIN:?}:\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if before == 0 {
            // the start is no stall
            progress.longest = Duration::ZERO;
        }
    }

    /// Waits until everything that was written is committed.
    fn drain(&mut self) -> Result<(), LostMarkers> {
        let clients = Clients::new(self.scene.kafka);
        let broker_log = self.broker.as_ref().map(|broker| broker.log_path());
        let (mut transactions, begun) = (lost_markers::Watch::default(), Instant::now());
        while self.scene.unread(&clients) != Some(0) {
            self.expect_alive();
            transactions.look(self.scene.open_transactions(&clients), broker_log.as_deref())?;
            assert!(begun.elapsed() < DRAIN, "input is left after {DRAIN:?}:\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    fn expect_alive(&mut self) {
        self.instances.iter_mut().filter_map(|i| i.process.as_mut()).for_each(Process::expect_alive);
    }

    fn logs(&self) -> String {
        let last = |i: &Instance| {
            let log = i.process.as_ref().map(Process::log).unwrap_or_default();
            log[log.len().saturating_sub(40)..].join("\n")
        };
        self.instances.iter().map(last).collect::<Vec<_>>().join("\n--\n")
    }
}
