//! The programs on Apache Kafka, as a user starts them. They need a broker: `cargo xtask test` starts one.

use std::collections::{BTreeMap, HashMap};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use streams_core::cluster::kafka::KafkaCluster;
use streams_core::cluster::{Admin, ClientSettings, Cluster, FetcherOptions, NewTopic, ProduceRecord, ProducerOptions};
use streams_core::{Headers, TopicPartition};

const PARTITIONS: i32 = 3;
const PATIENCE: Duration = Duration::from_secs(60);
const WORD_COUNT: &str = env!("CARGO_BIN_EXE_word-count");

fn bootstrap() -> String {
    std::env::var("STREAMS_TEST_BOOTSTRAP")
        .expect("STREAMS_TEST_BOOTSTRAP is not set: these tests need a broker; run `cargo xtask test`, which starts one")
}

fn client() -> ClientSettings {
    ClientSettings { client_id: "examples-test".into(), values: BTreeMap::new() }
}

fn admin() -> Arc<dyn Admin> {
    KafkaCluster::new(bootstrap()).admin(&client()).unwrap()
}

fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{what}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A program, ended when the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(id: &str, input: &str, output: &str) -> Command {
    let mut command = Command::new(WORD_COUNT);
    command
        .args(["--bootstrap-servers", &bootstrap(), "--application-id", id, "--input", input, "--output", output])
        .args(["--threads", "2", "--set", "commit.interval.ms=200", "--set", "replication.factor=1"])
        .env_remove("RUST_LOG");
    command
}

/// The last count of each word, once they add up to `words`.
fn counts(topic: &str, words: u64) -> HashMap<String, u64> {
    let options = FetcherOptions { client: client(), read_committed: true, bulk: false };
    let mut fetcher = KafkaCluster::new(bootstrap()).fetcher(options).unwrap();
    let handles: Vec<_> = (0..PARTITIONS).map(|p| fetcher.add(&TopicPartition::new(topic, p), 0).unwrap()).collect();
    let mut counts = HashMap::<String, u64>::new();
    let end = Instant::now() + PATIENCE;
    while counts.values().sum::<u64>() < words {
        assert!(Instant::now() < end, "only {} of {words} words were counted in time", counts.values().sum::<u64>());
        fetcher.wait(Duration::from_millis(100));
        for handle in &handles {
            while let Some(batch) = fetcher.fetch(*handle, 1_000).unwrap() {
                for record in (0..batch.len()).map(|index| batch.record(index)) {
                    let word = String::from_utf8(record.key.expect("a word").to_vec()).unwrap();
                    counts.insert(word, u64::from_be_bytes(record.value.expect("a count").try_into().unwrap()));
                }
            }
        }
    }
    counts
}

#[test]
fn word_count_makes_its_output_counts_and_ends_on_sigterm() {
    let (id, input, output) = (unique("wc"), unique("lines"), unique("counts"));
    let admin = admin();
    let topic = NewTopic { name: input.clone(), partitions: PARTITIONS, replication_factor: Some(1), configs: BTreeMap::new() };
    admin.create_topics(&[topic]).unwrap();
    let mut producer = KafkaCluster::new(bootstrap()).producer(ProducerOptions { client: client(), ..Default::default() }).unwrap();
    let lines = producer.topic(&input).unwrap();
    for n in 0..3_000 {
        let text = format!("every line {} counts", n % 10);
        let record = ProduceRecord { key: None, value: Some(text.as_bytes()), timestamp: 1_700_000_000_000, headers: &Headers::new() };
        producer.send(lines, n % PARTITIONS, record).unwrap();
    }
    producer.flush(PATIENCE).unwrap();

    let state = tempfile::tempdir().unwrap();
    let mut command = command(&id, &input, &output);
    command.arg("--state-dir").arg(state.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut program = Running(command.spawn().unwrap());
    let end = Instant::now() + PATIENCE;
    while admin.partition_counts(&[&output]).unwrap() != [Some(PARTITIONS)] {
        assert!(Instant::now() < end, "the output topic was not made");
        std::thread::sleep(Duration::from_millis(50));
    }
    let found = counts(&output, 12_000);
    let mut expected: HashMap<String, u64> = ["every", "line", "counts"].map(|word| (word.to_owned(), 3_000)).into();
    expected.extend((0..10).map(|n| (n.to_string(), 300)));
    assert_eq!(found, expected);

    assert!(Command::new("kill").arg(program.0.id().to_string()).status().unwrap().success());
    let end = Instant::now() + PATIENCE;
    let status = loop {
        match program.0.try_wait().unwrap() {
            Some(status) => break status,
            None => assert!(Instant::now() < end, "the program does not end"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{status}");
}

#[test]
fn a_missing_input_is_an_error_and_is_not_made() {
    let (input, output) = (unique("missing"), unique("unwritten"));
    let run = command(&unique("wc"), &input, &output).output().unwrap();
    let text = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("error: the input topic {input} does not exist")), "{text}");
    assert_eq!(admin().partition_counts(&[&input, &output]).unwrap(), [None, None]);
}

/// While nothing answers the program goes on trying, and says so.
#[test]
fn a_broker_that_does_not_answer_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut command = Command::new(WORD_COUNT);
    command.args(["--bootstrap-servers", &nobody, "--set", "admin.request.timeout.ms=1000"]).stderr(Stdio::piped());
    let mut program = Running(command.spawn().unwrap());
    let mut said = String::new();
    let stderr = program.0.stderr.take().unwrap();
    for line in std::io::BufRead::lines(std::io::BufReader::new(stderr)) {
        said += &line.unwrap();
        if said.contains("does not answer, trying again") {
            break;
        }
    }
    assert!(said.contains(&nobody), "{said}");
    assert!(program.0.try_wait().unwrap().is_none(), "it goes on trying: {said}");
}
