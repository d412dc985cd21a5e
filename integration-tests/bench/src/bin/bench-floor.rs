//! The floor: the workload `pipe` on the bare client as fast as it goes. Batch reads, cached topic handles, partitions set by hand, reports of errors only;
//! no group, no engine, no state.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::{Offset, TopicPartitionList};
use streams_bench::clients::{self, LIMIT};
use streams_bench::engine::{EngineOptions, print_answer};
use streams_bench::raw::{BatchReader, TopicWriter};
use streams_bench::workload::{Workload, pipe_keeps};

/// The bare client as an engine of the bench: `pipe` only.
#[derive(Parser)]
struct Floor {
    #[command(flatten)]
    options: EngineOptions,
}

fn main() -> Result<()> {
    let start = Instant::now();
    let options = Floor::parse().options;
    ensure!(options.workload == Workload::Pipe, "the floor runs the workload pipe only");

    let consumer: BaseConsumer = clients::config(&options.bootstrap_servers)
        .set("group.id", &options.application_id)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("fetch.queue.backoff.ms", "2")
        // For each partition: 32 MiB in all, as the library caps its queues.
        .set("queued.max.messages.kbytes", "8192")
        .create()?;
    let mut producer = clients::config(&options.bootstrap_servers);
    producer
        .set("enable.idempotence", "true")
        .set("delivery.report.only.error", "true")
        .set("queue.buffering.max.kbytes", "32768")
        .set("queue.buffering.max.messages", "1000000");
    if let Some(linger) = options.linger_ms {
        producer.set("linger.ms", linger.to_string());
    }
    let producer: BaseProducer = producer.create()?;

    let mut assignment = TopicPartitionList::new();
    for partition in 0..clients::partitions(&consumer, &options.input)? {
        assignment.add_partition_offset(&options.input, partition, Offset::Beginning)?;
    }
    consumer.assign(&assignment)?;
    let mut reader = BatchReader::new(&consumer);
    let writer = TopicWriter::new(&producer, &options.output)?;

    let (mut processed, mut first, mut upper) = (0u64, None, Vec::new());
    while processed < options.expect_processed {
        let batch = reader.read(Duration::from_secs(10));
        if batch.is_empty() {
            bail!("the broker sends no more records after {processed} of {}", options.expect_processed);
        }
        first.get_or_insert_with(Instant::now);
        for message in batch.iter() {
            let message = message.context("cannot read the input")?;
            processed += 1;
            if !pipe_keeps(message.value) {
                continue;
            }
            upper.clear();
            upper.extend_from_slice(message.value);
            upper.make_ascii_uppercase();
            while !writer.write(message.partition, message.key, &upper, message.timestamp)? {
                producer.poll(Duration::from_millis(1));
            }
        }
        producer.poll(Duration::ZERO);
    }
    producer.flush(LIMIT * 4).context("cannot write the output")?;
    let first = first.unwrap_or(start);
    print_answer(processed, (first - start).as_secs_f64(), first.elapsed().as_secs_f64());
    Ok(())
}
