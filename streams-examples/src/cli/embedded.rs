//! Running on the embedded cluster: feed, run until everything is processed, stop.

use super::interrupt::Interrupt;
use super::memory;
use super::progress::Progress;
use anyhow::{Result, anyhow, bail};
use std::fmt;
use std::io::BufRead;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use streams_core::cluster::embedded::{EmbeddedCluster, OwnedRecord};
use streams_core::config::StreamsConfig;
use streams_core::{KafkaStreams, State, Topology};

/// How long a graceful end may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Lines of a text may be long.
const MAX_RECORD_BYTES: &str = "104857600";

/// With less than this a run takes less than a few commits' time.
const MANY_RECORDS: u64 = 200_000;

/// An input topic and what to feed it with.
pub struct Input<'a> {
    topic: &'a str,
    partitions: i32,
    records: Records<'a>,
}

enum Records<'a> {
    Lines(Box<dyn BufRead + 'a>),
    Keyed(Vec<(String, String)>, i64),
}

impl<'a> Input<'a> {
    /// A topic of so many partitions. Each line becomes a record without a key.
    pub fn lines(topic: &'a str, partitions: i32, lines: impl BufRead + 'a) -> Self {
        Input { topic, partitions, records: Records::Lines(Box::new(lines)) }
    }

    /// A topic of so many partitions, its records' keys and values, and their time in milliseconds.
    pub fn keyed(topic: &'a str, partitions: i32, records: Vec<(String, String)>, timestamp: i64) -> Self {
        Input { topic, partitions, records: Records::Keyed(records, timestamp) }
    }

    /// Makes the topic and writes its records; how many there are.
    fn feed(self, cluster: &EmbeddedCluster) -> Result<u64> {
        cluster.create_topic_with(self.topic, self.partitions, &[("max.message.bytes", MAX_RECORD_BYTES)])?;
        match self.records {
            Records::Lines(lines) => Ok(cluster.load_lines(self.topic, lines, now_ms())?),
            Records::Keyed(records, timestamp) => {
                for (key, value) in &records {
                    cluster.produce(self.topic, None, Some(key.as_bytes()), Some(value.as_bytes()), timestamp)?;
                }
                Ok(records.len() as u64)
            }
        }
    }
}

/// What a run has left behind.
#[derive(Debug)]
pub struct Finished {
    /// How many records were fed.
    pub records: u64,
    /// From the moment the application was running until everything was processed and committed.
    pub elapsed: Duration,
    /// The most memory that the process had, the cluster's log included.
    pub peak_bytes: Option<u64>,
    /// Everything in the output topic, in order per partition.
    pub output: Vec<OwnedRecord>,
}

impl Finished {
    /// `count` things in the time that it took, per second.
    pub fn per_second(&self, count: u64) -> u64 {
        (count as f64 / self.elapsed.as_secs_f64().max(1e-9)) as u64
    }
}

/// How fast it was, and how much memory it took.
impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finished { records, elapsed, .. } = self;
        writeln!(f, "records per second: {} ({records} records in {:.2} s)", self.per_second(*records), elapsed.as_secs_f64())?;
        match self.peak_bytes {
            Some(bytes) => write!(f, "peak memory: {:.1} MB, the records themselves included", bytes as f64 / 1e6),
            None => write!(f, "peak memory: this system does not tell"),
        }
    }
}

/// Makes the topics, feeds the inputs, and runs the topology until all of it is processed and committed.
///
/// Where the config says nothing: it takes a thread for each core, up to four; commits every 100 ms, or every second where there are many
/// records, since each commit writes the newest count of every word again; and deletes what was read from repartition topics every second,
/// since all topics lie in memory. State lives in a folder of its own inside `state.dir`, or inside the system's temporary folder, and goes
/// with the process, as the topics do.
///
/// # Errors
/// When a setting is wrong, an input cannot be read, or the application fails.
pub fn run_embedded(config: StreamsConfig, topology: &Topology, inputs: Vec<Input<'_>>, output: &str) -> Result<Finished> {
    super::log("warn");
    let servers = config.get("bootstrap.servers").unwrap_or_default();
    let cluster = EmbeddedCluster::from_bootstrap_servers(servers).ok_or_else(|| anyhow!("{servers} is not the embedded cluster"))?;
    let interrupt = Interrupt::listen()?;
    let state = match config.get("state.dir") {
        Some(dir) => {
            std::fs::create_dir_all(dir).and_then(|()| tempfile::tempdir_in(dir)).map_err(|e| anyhow!("the state directory {dir}: {e}"))?
        }
        None => tempfile::tempdir()?,
    };
    let config = config.state_dir(state.path());
    let group = config.settings()?.application_id;

    let topics: Vec<&str> = inputs.iter().map(|input| input.topic).collect();
    let partitions = inputs.iter().map(|input| input.partitions).max().unwrap_or(1);
    cluster.create_topic(output, partitions)?;
    let mut fed = 0;
    for input in inputs {
        fed += input.feed(&cluster)?;
    }

    let app = KafkaStreams::start(topology.clone(), with_defaults(config, fed))?;
    let watch = Watch { app: &app, cluster: &cluster, group: &group, interrupt: &interrupt };
    while app.state() != State::Running {
        watch.pause()?;
    }
    let (begin, mut progress) = (Instant::now(), Progress::new(fed));
    while !watch.caught_up(&topics, &mut progress)? {
        watch.pause()?;
    }
    let (elapsed, peak_bytes) = (begin.elapsed(), memory::peak_bytes());
    progress.finish();
    app.close(CLOSE_TIMEOUT)?;
    Ok(Finished { records: fed, elapsed, peak_bytes, output: cluster.read_topic(output)? })
}

fn with_defaults(mut config: StreamsConfig, records: u64) -> StreamsConfig {
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
    let commit_interval_ms = if records < MANY_RECORDS { 100 } else { 1000 };
    for (key, value) in [
        ("num.stream.threads", threads.to_string()),
        ("commit.interval.ms", commit_interval_ms.to_string()),
        ("repartition.purge.interval.ms", "1000".to_owned()),
    ] {
        if config.get(key).is_none() {
            config = config.set(key, value);
        }
    }
    config
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// A run being waited for.
struct Watch<'a> {
    app: &'a KafkaStreams,
    cluster: &'a EmbeddedCluster,
    group: &'a str,
    interrupt: &'a Interrupt,
}

impl Watch<'_> {
    /// Waits a little, while all is well.
    fn pause(&self) -> Result<()> {
        self.interrupt.check()?;
        if self.app.state().is_final() {
            match self.app.error() {
                Some(error) => bail!("{error}"),
                None => bail!("the application has stopped by itself"),
            }
        }
        std::thread::sleep(Duration::from_millis(2));
        Ok(())
    }

    /// Whether every input is processed and committed, and what became of it in topics between sub-topologies as well.
    ///
    /// A commit of one topic comes after its records for the next are written, so after one more look at all topics than there are topics,
    /// with everything committed each time, nothing can be on its way.
    fn caught_up(&self, inputs: &[&str], progress: &mut Progress) -> Result<bool> {
        let mut done = 0;
        let mut behind = false;
        for topic in inputs {
            let (committed, end) = self.committed(topic)?;
            done += committed;
            behind |= committed < end;
        }
        progress.show(done);
        if behind {
            return Ok(false);
        }
        let prefix = format!("{}-", self.group);
        let between: Vec<String> =
            self.cluster.topic_names().into_iter().filter(|t| t.starts_with(&prefix) && t.ends_with("-repartition")).collect();
        for _ in 0..=between.len() {
            for topic in &between {
                let (committed, end) = self.committed(topic)?;
                if committed < end {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// How many records of a topic are committed, and how many there are.
    fn committed(&self, topic: &str) -> Result<(u64, u64)> {
        let (mut done, mut all) = (0, 0);
        for partition in 0.. {
            let Ok(end) = self.cluster.end_offset(topic, partition) else { break };
            let committed = self.cluster.committed_offset(self.group, topic, partition).map_or(0, |committed| committed.offset);
            done += u64::try_from(committed).unwrap_or(0);
            all += u64::try_from(end).unwrap_or(0);
        }
        Ok((done, all))
    }
}
