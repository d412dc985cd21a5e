//! The tools around a run of an engine: prepare the input, make and delete topics, check the output.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};
use streams_bench::clients::{self, LIMIT, Topics};
use streams_bench::digest::{Digest, hash};
use streams_bench::expected::Expected;
use streams_bench::input::{Generator, Input, Record};
use streams_bench::workload::Workload;

/// What `cargo xtask bench` needs around the engines.
#[derive(Parser)]
struct Tool {
    /// Where the broker is.
    #[arg(long)]
    bootstrap_servers: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fills the topics that the workloads read; prints for each workload one line of JSON: the main topic, how many records there are to
    /// process, when a run is over, whether all output is checked or the last of each key, and what must come out.
    Load {
        #[arg(long)]
        records: u64,
        #[arg(long)]
        partitions: i32,
        #[arg(required = true)]
        workloads: Vec<Workload>,
    },
    /// Makes a topic.
    Create {
        #[arg(long)]
        partitions: i32,
        topic: String,
    },
    /// Deletes the topics that begin like this.
    Delete { prefix: String },
    /// Reads a topic to its end and prints one line of JSON: what it holds, and what it holds with each record's partition.
    Check {
        /// Every record counts, not only the last one of each key.
        #[arg(long)]
        all: bool,
        topic: String,
    },
}

fn main() -> Result<()> {
    let Tool { bootstrap_servers: bootstrap, command } = Tool::parse();
    match command {
        Command::Load { records, partitions, workloads } => load(&bootstrap, records, partitions, &workloads),
        Command::Create { partitions, topic } => Topics::new(&bootstrap)?.create(&topic, partitions),
        Command::Delete { prefix } => Topics::new(&bootstrap)?.delete(&prefix),
        Command::Check { all, topic } => check(&bootstrap, &topic, all),
    }
}

fn load(bootstrap: &str, records: u64, partitions: i32, workloads: &[Workload]) -> Result<()> {
    let topics = Topics::new(bootstrap)?;
    let start_ms = start_ms()?;
    let mut expected: Vec<(Workload, Expected)> = workloads.iter().map(|w| (*w, Expected::new(*w, start_ms))).collect();
    for input in Input::ALL.into_iter().filter(|input| workloads.iter().any(|w| w.inputs().contains(input))) {
        topics.create(input.topic(), partitions)?;
        let generator = Generator::new(input, start_ms);
        fill(bootstrap, input, &generator, input.records(records), partitions, |index, record| {
            expected.iter_mut().filter(|(w, _)| w.inputs().contains(&input)).for_each(|(_, e)| e.add(input, index, record));
        })?;
    }
    for (workload, expected) in &expected {
        println!(
            r#"{{"workload":"{}","input":"{}","processed":{},"until":"{}","checked":"{}","digest":"{}"}}"#,
            workload.name(),
            workload.inputs()[0].topic(),
            expected.processed(),
            if *workload == Workload::FkJoin { "quiet" } else { "processed" },
            if workload.all_output_counts() { "all" } else { "last" },
            expected.digest()
        );
    }
    Ok(())
}

/// The first record's time: recent, so that no retention deletes it, and at the start of a window.
fn start_ms() -> Result<i64> {
    const HOUR: i64 = 3_600_000;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    Ok((now - HOUR) / HOUR * HOUR)
}

fn fill(
    bootstrap: &str,
    input: Input,
    generator: &Generator,
    records: u64,
    partitions: i32,
    mut each: impl FnMut(u64, &Record),
) -> Result<()> {
    let producer: BaseProducer = clients::config(bootstrap)
        .set("partitioner", "murmur2_random")
        .set("compression.type", "lz4")
        .set("linger.ms", "20")
        .set("batch.size", "262144")
        .set("queue.buffering.max.messages", "500000")
        .set("delivery.report.only.error", "true")
        .set("enable.idempotence", "true")
        .create()?;
    let mut record = Record::default();
    for index in 0..records {
        generator.make(index, &mut record);
        each(index, &record);
        let mut message = BaseRecord::to(input.topic()).payload(&record.value).timestamp(record.timestamp);
        message = match input {
            // Without keys they are dealt out in turn.
            Input::Lines => message.partition(i32::try_from(index % u64::try_from(partitions)?)?),
            _ => message.key(&record.key),
        };
        while let Err((error, again)) = producer.send(message) {
            match error {
                KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) => {
                    producer.poll(Duration::from_millis(10));
                    message = again;
                }
                other => return Err(other).context("cannot write the input"),
            }
        }
        if index % 1024 == 0 {
            producer.poll(Duration::ZERO);
        }
    }
    producer.flush(LIMIT * 4).context("cannot write the input")
}

fn check(bootstrap: &str, topic: &str, all: bool) -> Result<()> {
    let consumer: BaseConsumer = clients::config(bootstrap)
        .set("group.id", "bench-check")
        .set("enable.auto.commit", "false")
        .set("fetch.queue.backoff.ms", "2")
        // Behind the last record there may be the marker of a transaction: only the client knows where a log ends.
        .set("enable.partition.eof", "true")
        .create()?;
    let mut open: HashSet<i32> = (0..clients::partitions(&consumer, topic)?).collect();
    let mut assignment = TopicPartitionList::new();
    for partition in &open {
        assignment.add_partition_offset(topic, *partition, Offset::Beginning)?;
    }
    consumer.assign(&assignment)?;

    // By the hash of the key: the hash of the value, and the partition; a row that was deleted at last is none. A collision among millions of keys is one in a hundred million.
    let mut last: HashMap<u64, (u64, i32)> = HashMap::new();
    let (mut digest, mut placed) = (Digest::default(), Digest::default());
    let mut add = |key: u64, value: u64, partition: i32| {
        digest.add_hashed(key, value);
        placed.add_hashed(key, value ^ hash(&partition.to_be_bytes()));
    };
    let mut records = 0u64;
    while !open.is_empty() {
        let message = match consumer.poll(LIMIT) {
            None => bail!("the broker sends no more records of {topic}, {} partitions before the end", open.len()),
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                open.remove(&partition);
                continue;
            }
            Some(message) => message?,
        };
        records += 1;
        let (key, value) = (hash(message.key().unwrap_or_default()), message.payload().map(hash));
        match value {
            Some(value) if all => add(key, value, message.partition()),
            Some(value) => _ = last.insert(key, (value, message.partition())),
            None if all => bail!("a record of {topic} has no value"),
            None => _ = last.remove(&key),
        }
    }
    for (key, (value, partition)) in last {
        add(key, value, partition);
    }
    println!(r#"{{"records":{records},"digest":"{digest}","placed":"{placed}"}}"#);
    Ok(())
}
