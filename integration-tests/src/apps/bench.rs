//! Topics of one test, an application on them, and what went in and came out.

use super::AppFixture;
use crate::behaviour::clients::{Clients, Reader, Writer, wait_for};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use streams_core::cluster::{ClientSettings, MembershipOptions, ProduceHandle, ProduceRecord};
use streams_core::config::StreamsConfig;
use streams_core::runtime::KafkaStreamsBuilder;
use streams_core::{Error, Headers, KafkaStreams, State, StreamsBuilder, TopicPartition, Topology};
use tempfile::TempDir;

/// How long anything may take before it counts as not happening.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Timestamp of the first record, unless a test wants another; long ago, so topics keep their records for ever.
pub const TIME: i64 = 1_700_000_000_000;
/// Partitions of the input.
pub const PARTITIONS: i32 = 4;

const WORDS: [&str; 12] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"];

pub type Counts = BTreeMap<String, i64>;

/// One test's world.
pub struct Bench<'a> {
    pub fixture: &'a dyn AppFixture,
    pub clients: Clients<'a>,
    /// The application's id, and so its group.
    pub app: String,
    pub input: String,
    pub output: String,
    directory: TempDir,
    writer: Writer,
    readers: Vec<Reader>,
    /// Output records so far, in the order in which they were read.
    pub seen: Vec<(String, Option<Vec<u8>>)>,
    /// Timestamp of the first line.
    pub time: i64,
    /// Lines fed so far.
    fed: usize,
    /// What the words fed so far should be counted to.
    pub expected: Counts,
}

impl<'a> Bench<'a> {
    pub fn new(fixture: &'a dyn AppFixture) -> Self {
        log_to_stderr();
        let clients = Clients::new(fixture_of(fixture));
        let (input, output) = (clients.topic(PARTITIONS), clients.topic(2));
        let readers = (0..2).map(|p| clients.committed_reader(&output, p, 0)).collect();
        Bench {
            fixture,
            app: clients.name("app"),
            writer: clients.producer(),
            readers,
            input,
            output,
            directory: tempfile::tempdir().expect("a directory"),
            clients,
            seen: Vec::new(),
            time: TIME,
            fed: 0,
            expected: Counts::new(),
        }
    }

    /// Splits lines and counts their words, through a repartition topic.
    pub fn word_count(&self) -> Topology {
        self.word_count_with(|_| {})
    }

    /// The same with a look at each line.
    pub fn word_count_with(&self, look: impl Fn(&str) + Send + Sync + 'static) -> Topology {
        let builder = StreamsBuilder::new();
        builder
            .stream::<(), String>(self.input.as_str())
            .peek(move |_, line| look(line))
            .flat_map_values(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>())
            .group_by(|_, word| word.clone())
            .count_with("words")
            .to_stream()
            .to(&self.output);
        builder.build().expect("the topology is right")
    }

    /// A place for the state of one instance.
    pub fn state_dir(&self, instance: &str) -> PathBuf {
        self.directory.path().join(instance)
    }

    /// Quick commits, a state directory of its own, what the cluster needs.
    pub fn config(&self, instance: &str) -> StreamsConfig {
        StreamsConfig::new(&self.app, "embedded")
            .set_all(self.fixture.settings())
            .set("state.dir", self.state_dir(instance).display().to_string())
            .set("commit.interval.ms", "100")
            .set("poll.ms", "20")
            .set("linger.ms", "0")
            .set("topic.retention.ms", "-1")
            .set_all(self.fixture.app_settings())
    }

    pub fn builder(&self, topology: Topology, config: StreamsConfig) -> KafkaStreamsBuilder {
        KafkaStreams::builder(topology, config).cluster(self.fixture.shared())
    }

    /// Starts, and waits until it runs.
    pub fn start(&self, topology: Topology, config: StreamsConfig) -> KafkaStreams {
        let app = self.builder(topology, config).start().expect("the application starts");
        await_running(&app);
        app
    }

    /// Starts word count as the instance of that name.
    pub fn start_words(&self, instance: &str) -> KafkaStreams {
        self.start(self.word_count(), self.config(instance))
    }

    /// Feeds so many lines, lets word count process them, and closes it.
    pub fn count_and_close(&mut self, instance: &str, lines: usize) -> KafkaStreams {
        self.feed(lines);
        let app = self.start_words(instance);
        self.await_counts();
        close(&app);
        app
    }

    /// Starts, and expects that the application ends by an error: the answer of `start`, or what ended it later.
    pub fn failure(&self, topology: Topology, config: StreamsConfig) -> Error {
        match self.builder(topology, config).start() {
            Err(error) => error,
            Ok(app) => end_of(&app),
        }
    }

    /// Appends `lines` lines of three words, over all partitions.
    pub fn feed(&mut self, lines: usize) {
        for _ in 0..lines {
            let n = self.fed;
            let words = [n, n / 2 + 1, n / 3 + 5].map(|w| WORDS[(w * 7 + w / 5) % WORDS.len()]);
            for word in words {
                *self.expected.entry(word.to_owned()).or_default() += 1;
            }
            self.put(n as i32 % PARTITIONS, None, Some(words.join(" ").as_bytes()), self.time + n as i64);
            self.fed += 1;
        }
        self.writer.flush();
    }

    /// Appends one record to the input; `flush` makes sure of it.
    pub fn put(&mut self, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>, timestamp: i64) {
        let topic = self.writer.handle(&self.input);
        self.send(topic, partition, key, value, timestamp);
    }

    /// The same for another topic.
    pub fn put_to(&mut self, topic: &str, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>, timestamp: i64) {
        let topic = self.writer.handle(topic);
        self.send(topic, partition, key, value, timestamp);
    }

    fn send(&mut self, topic: ProduceHandle, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>, timestamp: i64) {
        let record = ProduceRecord { key, value, timestamp, headers: &Headers::new() };
        self.writer.producer.send(topic, partition, record).expect("the record is taken");
    }

    pub fn flush(&mut self) {
        self.writer.flush();
    }

    /// Reads what is new in the output.
    pub fn read(&mut self) {
        for reader in &mut self.readers {
            loop {
                let records = reader.fetch(500).expect("the output can be read");
                if records.is_empty() {
                    break;
                }
                self.seen.extend(records.into_iter().map(|r| {
                    let key = String::from_utf8(r.key.unwrap_or_default()).expect("a text");
                    (key, r.value)
                }));
            }
        }
    }

    /// The last count of each word.
    pub fn counts(&mut self) -> Counts {
        self.read();
        let number = |value: &Option<Vec<u8>>| i64::from_be_bytes(value.as_deref().expect("a count").try_into().expect("eight bytes"));
        self.seen.iter().map(|(word, count)| (word.clone(), number(count))).collect()
    }

    /// Waits until every word fed is counted, exactly once each.
    pub fn await_counts(&mut self) {
        let expected = self.expected.clone();
        self.await_output("the counts", |bench| {
            let counts = bench.counts();
            for (word, count) in &counts {
                assert!(
                    *count <= expected.get(word).copied().unwrap_or_default(),
                    "{word} was counted twice: {counts:?}, fed {expected:?}"
                );
            }
            counts == expected
        });
    }

    /// Without a cache each update of a count comes out: 1, 2, 3 and so on. At least once some may come again.
    pub fn expect_every_update(&mut self, exactly_once: bool) {
        self.read();
        let mut last = Counts::new();
        for (word, count) in &self.seen {
            let count = i64::from_be_bytes(count.as_deref().expect("a count").try_into().expect("eight bytes"));
            let before = last.entry(word.clone()).or_default();
            assert!(count == *before + 1 || !exactly_once && count <= *before, "{word}: {count} after {before}");
            *before = count;
        }
    }

    /// Waits until `probe` is content.
    pub fn await_output(&mut self, what: &str, mut probe: impl FnMut(&mut Self) -> bool) {
        wait_for(what, || match probe(self) {
            true => Some(()),
            false => {
                std::thread::sleep(Duration::from_millis(10));
                None
            }
        });
    }

    /// The values of the output as texts, in the order in which they came.
    pub fn texts(&mut self) -> Vec<String> {
        self.read();
        self.seen.iter().map(|(_, value)| String::from_utf8(value.clone().unwrap_or_default()).expect("a text")).collect()
    }

    /// What the application's group has committed for a partition of a topic.
    pub fn committed(&self, topic: &str, partition: i32) -> Option<i64> {
        self.commits_of(topic, partition)()
    }

    /// Waits until the application's group has committed that offset.
    pub fn await_committed(&self, topic: &str, partition: i32, offset: i64) {
        let mut committed = self.commits_of(topic, partition);
        wait_for(&format!("offset {offset} of {topic}-{partition} to be committed"), || {
            let found = committed() == Some(offset);
            if !found {
                std::thread::sleep(Duration::from_millis(10));
            }
            found.then_some(())
        });
    }

    /// Asks, with one client, as often as it is called.
    fn commits_of(&self, topic: &str, partition: i32) -> impl FnMut() -> Option<i64> + use<> {
        let values = self.fixture.settings().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let client = ClientSettings { client_id: "bench".to_owned(), values };
        let options = MembershipOptions { client, group: self.app.clone(), topics: vec![topic.to_owned()] };
        let mut member = self.fixture.cluster().membership(options).expect("a member");
        let partition = TopicPartition::new(topic, partition);
        move || {
            let answer = member.committed(std::slice::from_ref(&partition), PATIENCE).expect("an answer");
            answer.into_iter().next().flatten().map(|c| c.offset)
        }
    }
}

/// Older than trait upcasting needs no help of ours: one place for it.
fn fixture_of(fixture: &dyn AppFixture) -> &dyn crate::behaviour::Fixture {
    fixture
}

/// What the library logs, for who runs a test with `RUST_LOG=streams=debug`.
fn log_to_stderr() {
    let off = tracing_subscriber::filter::LevelFilter::OFF.into();
    let filter = tracing_subscriber::EnvFilter::builder().with_default_directive(off).from_env_lossy();
    // a second test of the process finds it done
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

pub fn await_running(app: &KafkaStreams) {
    app.wait_for(State::Running, PATIENCE).expect("the application runs");
}

pub fn close(app: &KafkaStreams) {
    app.close(PATIENCE).expect("the application closes");
    assert_eq!(app.state(), State::NotRunning);
}

/// Waits until the application has ended by an error.
pub fn end_of(app: &KafkaStreams) -> Error {
    let error = app.wait_for(State::NotRunning, PATIENCE).expect_err("it fails");
    assert_eq!(app.state(), State::Error, "{error}");
    error
}

/// A counter that closures of a topology share with the test.
pub fn shared<T: Default>() -> (Arc<T>, Arc<T>) {
    let one = Arc::new(T::default());
    (one.clone(), one)
}

/// Whether stores outlive the process.
pub fn durable() -> bool {
    cfg!(feature = "rocksdb")
}

pub fn exists(path: &Path) -> bool {
    path.exists()
}
