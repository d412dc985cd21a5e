//! How fast it is. `cargo test -p integration-tests --no-default-features --test cluster_embedded -- --ignored --nocapture throughput`

use std::io::Cursor;
use std::time::{Duration, Instant};
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::cluster::{Cluster, FetcherOptions, ProduceRecord, ProducerOptions};
use streams_core::{Headers, TopicPartition};

const RECORDS: i64 = 5_000_000;

fn report(what: &str, start: Instant) {
    let rate = RECORDS as f64 / start.elapsed().as_secs_f64();
    println!("{what}: {:.2} M records/s", rate / 1e6);
    assert!(rate > 1e6, "{what}: only {rate:.0} records/s");
}

fn write(cluster: &EmbeddedCluster, transactional: bool) {
    let options = ProducerOptions { transactional_id: transactional.then(|| "id".to_string()), ..Default::default() };
    let mut producer = cluster.producer(options).unwrap();
    if transactional {
        producer.init_transactions(Duration::ZERO).unwrap();
    }
    let topic = producer.topic("t").unwrap();
    let (mut key, value, headers) = ([0; 8], [b'v'; 92], Headers::new());
    for number in 0..RECORDS {
        if transactional && number % 1_000 == 0 {
            producer.begin().unwrap();
        }
        key.copy_from_slice(&number.to_be_bytes());
        let record = ProduceRecord { key: Some(&key), value: Some(&value), timestamp: number, headers: &headers };
        producer.send(topic, 0, record).unwrap();
        if transactional && number % 1_000 == 999 {
            producer.commit(Duration::ZERO).unwrap();
        }
    }
}

fn read(cluster: &EmbeddedCluster, read_committed: bool) {
    let mut fetcher = cluster.fetcher(FetcherOptions { read_committed, ..Default::default() }).unwrap();
    let handle = fetcher.add(&TopicPartition::new("t", 0), 0).unwrap();
    let (mut count, mut sum) = (0, 0);
    while count < RECORDS {
        let Some(batch) = fetcher.fetch(handle, 2_000).unwrap() else {
            fetcher.wait(Duration::from_secs(1));
            continue;
        };
        for i in 0..batch.len() {
            let record = batch.record(i);
            sum += record.timestamp + record.value.map_or(0, |v| i64::from(v[0]));
        }
        count += batch.len() as i64;
    }
    assert_eq!(sum, RECORDS * (RECORDS - 1) / 2 + RECORDS * i64::from(b'v'));
}

#[test]
#[ignore = "a measurement"]
fn more_than_a_million_records_a_second() {
    for transactional in [false, true] {
        let cluster = EmbeddedCluster::new();
        cluster.create_topic("t", 1).unwrap();
        let start = Instant::now();
        write(&cluster, transactional);
        report(&format!("write 100 B, transactional {transactional}"), start);
        let start = Instant::now();
        read(&cluster, transactional);
        report(&format!("read, committed {transactional}"), start);
        let cluster = EmbeddedCluster::new();
        cluster.create_topic("t", 1).unwrap();
        let start = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| write(&cluster, transactional));
            read(&cluster, transactional);
        });
        report(&format!("one writes, one reads, transactional {transactional}"), start);
    }
}

#[test]
#[ignore = "a measurement"]
fn loading_lines_throughput() {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic("lines", 4).unwrap();
    let text = "the quick brown fox jumps over the lazy dog and runs away\n".repeat(RECORDS as usize);
    let start = Instant::now();
    assert_eq!(cluster.load_lines("lines", Cursor::new(text), 0).unwrap(), RECORDS as u64);
    report("load lines", start);
}
