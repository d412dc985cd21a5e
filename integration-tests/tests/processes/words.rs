//! Lines of text on a broker, word count as a process on them, and an independent count.

use integration_tests::behaviour::Fixture;
use integration_tests::behaviour::clients::{Clients, Reader, Writer};
use integration_tests::kafka::Kafka;
use integration_tests::process::{PATIENCE, Process};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use streams_core::cluster::{ClientSettings, MembershipOptions, OffsetSpec, ProduceRecord};
use streams_core::{Headers, TopicPartition};
use tempfile::TempDir;

pub const PARTITIONS: i32 = 4;
/// Words in a line.
pub const WORDS: usize = 3;
/// As Unicode counts them.
const SPACES: [&str; 4] = [" ", "\t", "\u{a0}", " \u{3000}"];

pub type Counts = HashMap<String, i64>;

/// The topics of one test, what went in and what came out.
pub struct Words<'a> {
    kafka: &'a Kafka,
    pub clients: Clients<'a>,
    pub app: String,
    pub input: String,
    pub output: String,
    writer: Writer,
    readers: Vec<Reader>,
    directory: TempDir,
    vocabulary: u64,
    random: u64,
    /// Lines fed so far.
    pub fed: usize,
    begun: i64,
    /// What plain code counts in the lines fed so far.
    pub expected: Counts,
    /// The last value of each key in the output so far.
    pub counts: Counts,
}

impl<'a> Words<'a> {
    /// Fresh topics. `vocabulary`: how many different words there are.
    pub fn new(kafka: &'a Kafka, vocabulary: u64) -> Self {
        let clients = Clients::new(kafka);
        let (input, output) = (clients.topic(PARTITIONS), clients.topic(PARTITIONS));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set").as_millis();
        Words {
            kafka,
            app: clients.name("word-count"),
            writer: clients.producer(),
            readers: (0..PARTITIONS).map(|p| clients.reader(&output, p, 0)).collect(),
            input,
            output,
            directory: tempfile::tempdir().expect("a directory"),
            clients,
            vocabulary,
            random: 42,
            fed: 0,
            begun: i64::try_from(now).expect("a time of this century"),
            expected: Counts::new(),
            counts: Counts::new(),
        }
    }

    pub fn state_dir(&self, instance: &str) -> PathBuf {
        self.directory.path().join(instance)
    }

    /// The command line of an instance.
    pub fn args(&self, instance: &str, settings: &[&str]) -> Vec<String> {
        let state = self.state_dir(instance).display().to_string();
        let options = [
            ["--bootstrap-servers", self.kafka.bootstrap()],
            ["--application-id", &self.app],
            ["--input", &self.input],
            ["--output", &self.output],
            ["--state-dir", &state],
            ["--threads", "2"],
        ];
        let quick = ["session.timeout.ms=6000", "heartbeat.interval.ms=300", "log.summary.interval.ms=500"];
        let settings = quick.iter().chain(settings).flat_map(|setting| ["--set", setting]);
        options.into_iter().flatten().chain(settings).map(str::to_owned).collect()
    }

    pub fn start(&self, instance: &str, settings: &[&str]) -> Process {
        Process::start("word-count", self.args(instance, settings))
    }

    /// Appends lines, over all partitions, and counts their words.
    pub fn feed(&mut self, lines: usize) {
        let topic = self.writer.handle(&self.input);
        let mut line = String::new();
        for _ in 0..lines {
            self.next_line(&mut line);
            for word in line.split(char::is_whitespace).filter(|word| !word.is_empty()) {
                match self.expected.get_mut(word) {
                    Some(count) => *count += 1,
                    None => drop(self.expected.insert(word.to_owned(), 1)),
                }
            }
            let record = ProduceRecord {
                key: None,
                value: Some(line.as_bytes()),
                timestamp: self.begun + (self.fed / 100) as i64,
                headers: &Headers::new(),
            };
            self.writer.producer.send(topic, self.fed as i32 % PARTITIONS, record).expect("the record is taken");
            self.fed += 1;
        }
        self.writer.producer.flush(PATIENCE).expect("everything is written");
        assert!(self.writer.producer.take_failures().is_empty());
    }

    /// Few words often, many words seldom, as in a language.
    fn next_line(&mut self, line: &mut String) {
        line.clear();
        for index in 0..WORDS {
            let random = self.next_random();
            let (a, b) = ((random >> 40) % self.vocabulary, (random >> 16 & 0xff_ffff) % self.vocabulary);
            if index > 0 {
                line.push_str(SPACES[(random % 4) as usize]);
            }
            line.push_str(if a % 7 == 0 { "wört" } else { "w" });
            line.push_str(&(a * b / self.vocabulary).to_string());
        }
    }

    /// SplitMix64.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Feeds on, a little at a time, until something holds that the application does with it.
    pub fn feed_until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            assert!(begun.elapsed() < PATIENCE, "fed for {PATIENCE:?} and waited in vain for {what}");
            self.feed_a_little();
            self.read();
        }
    }

    /// Feeds on, a little at a time, as long as `work` takes.
    pub fn feed_during<T: Send>(&mut self, work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let work = scope.spawn(work);
            while !work.is_finished() {
                self.feed_a_little();
            }
            work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn feed_a_little(&mut self) {
        self.feed(1_000);
        // not more than the slowest machine can keep up with
        std::thread::sleep(Duration::from_millis(50));
    }

    /// Reads what is new in the output; how many records that were.
    pub fn read(&mut self) -> usize {
        let mut new = 0;
        for reader in &mut self.readers {
            loop {
                let records = reader.fetch(1_000).expect("the output can be read");
                if records.is_empty() {
                    break;
                }
                new += records.len();
                for record in records {
                    let word = String::from_utf8(record.key.expect("a word")).expect("a text");
                    let count: [u8; 8] = record.value.expect("a count").try_into().expect("eight bytes");
                    self.counts.insert(word, i64::from_be_bytes(count));
                }
            }
        }
        new
    }

    /// Waits until `done` likes the counts.
    fn await_output(&mut self, what: &str, processes: &mut [&mut Process], done: impl Fn(&Self) -> bool) {
        let mut last_news = Instant::now();
        loop {
            if self.read() > 0 {
                last_news = Instant::now();
            }
            if done(self) {
                return;
            }
            processes.iter_mut().for_each(|process| process.expect_alive());
            let (seen, all) = (sum(&self.counts), sum(&self.expected));
            assert!(last_news.elapsed() < PATIENCE, "{what}: nothing new for {PATIENCE:?}; {seen} of {all} words are counted");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until every word is counted as often as it was fed, and never more often.
    pub fn await_exact_counts(&mut self, processes: &mut [&mut Process]) {
        self.await_output("exact counts", processes, |words| {
            words.expect_none_twice();
            words.counts == words.expected
        });
    }

    /// Waits until every word is counted at least as often as it was fed.
    pub fn await_least_counts(&mut self, processes: &mut [&mut Process]) {
        self.await_output("all counts", processes, |words| {
            words.expected.iter().all(|(word, count)| words.counts.get(word).is_some_and(|seen| seen >= count))
        });
    }

    /// When every process has ended: the output has the exact counts and nothing behind them.
    pub fn expect_exact_counts(&mut self) {
        self.read_to_the_end();
        self.expect_none_twice();
        assert!(self.counts == self.expected);
    }

    /// Reads everything that the output has by now.
    pub fn read_to_the_end(&mut self) {
        let begun = Instant::now();
        for partition in 0..PARTITIONS {
            let end = self.clients.offset(&self.output, partition, OffsetSpec::Latest);
            let behind = |words: &mut Self| {
                let reader = &mut words.readers[partition as usize];
                reader.fetcher.position(reader.handle).expect("a position") < end
            };
            while behind(self) {
                assert!(begun.elapsed() < PATIENCE, "partition {partition} of the output cannot be read up to {end}");
                if self.read() == 0 {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }

    fn expect_none_twice(&self) {
        for (word, count) in &self.counts {
            let fed = self.expected.get(word).copied().unwrap_or_default();
            assert!(*count <= fed, "{word} was fed {fed} times and counted {count} times");
        }
    }

    /// Offsets of the ends of a topic's partitions.
    pub fn ends(&self, topic: &str) -> Vec<i64> {
        (0..PARTITIONS).map(|p| self.clients.offset(topic, p, OffsetSpec::Latest)).collect()
    }

    /// What the group has committed for a topic's partitions.
    pub fn committed(&self, topic: &str) -> Vec<i64> {
        let values = self.kafka.settings().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let client = ClientSettings { client_id: "words".to_owned(), values };
        let options = MembershipOptions { client, group: self.app.clone(), topics: vec![topic.to_owned()] };
        let mut member = self.kafka.cluster().membership(options).expect("a member");
        let partitions: Vec<_> = (0..PARTITIONS).map(|p| TopicPartition::new(topic, p)).collect();
        let answer = member.committed(&partitions, PATIENCE).expect("an answer");
        answer.into_iter().map(|committed| committed.map_or(0, |c| c.offset)).collect()
    }

    pub fn changelog(&self) -> String {
        format!("{}-counts-changelog", self.app)
    }

    pub fn repartition(&self) -> String {
        format!("{}-counts-repartition", self.app)
    }
}

pub fn sum(counts: &Counts) -> i64 {
    counts.values().sum()
}

/// What a log says was restored: records and changelog partition of each line `restored N records of TOPIC-P in T ms`.
pub fn restored(log: &[String]) -> Vec<(u64, String)> {
    log.iter()
        .filter_map(|line| {
            let (records, rest) = line.split_once("restored ")?.1.split_once(" records of ")?;
            let (partition, rest) = rest.split_once(" in ")?;
            let (millis, _) = rest.split_once(" ms")?;
            millis.parse::<u64>().ok()?;
            Some((records.parse().ok()?, partition.to_owned()))
        })
        .collect()
}

/// The threads that were ever given a task.
pub fn threads_with_tasks(log: &[String]) -> BTreeSet<String> {
    log.iter()
        .filter(|line| line.contains("assigned tasks [") && !line.contains("assigned tasks []"))
        .filter_map(|line| line.split("thread=").nth(1)?.split_whitespace().next().map(str::to_owned))
        .collect()
}

/// Whether a summary in the log says that records were processed.
pub fn has_processed(log: &[String]) -> bool {
    log.iter().filter_map(|line| line.split_once("processed ")).any(|(_, rest)| !rest.starts_with("0 records"))
}
