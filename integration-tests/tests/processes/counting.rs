//! Word count over millions of lines, by one process and by two.

use super::words::{PARTITIONS, Words, has_processed, restored, sum, threads_with_tasks};
use integration_tests::kafka::Kafka;
use integration_tests::process::Process;
use std::collections::BTreeMap;
use std::time::Instant;

const QUICK: &[&str] = &["commit.interval.ms=200"];

#[test]
fn two_million_lines_are_counted() {
    let kafka = Kafka::plain();
    let mut words = Words::new(&kafka, 20_000);
    words.feed(2_000_000);
    let begun = Instant::now();
    let mut app = words.start("a", &["commit.interval.ms=1000"]);
    words.await_exact_counts(&mut [&mut app]);
    println!("{} lines, {} words in {:?}", words.fed, sum(&words.expected), begun.elapsed());
    let threads = threads_with_tasks(&app.log());
    assert_eq!(threads.len(), 2, "both threads work: {threads:?}");
    let ended = app.terminate();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    words.expect_exact_counts();
}

/// Starts two instances and returns when both have worked and the counts have begun to come.
fn start_two(words: &mut Words<'_>) -> (Process, Process) {
    let (a, b) = (words.start("a", QUICK), words.start("b", QUICK));
    words.feed_until("work for both processes", |words| {
        let worked = |process: &Process| has_processed(&process.log());
        !words.counts.is_empty() && worked(&a) && worked(&b)
    });
    (a, b)
}

fn stop(process: Process) {
    let ended = process.terminate();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
}

#[test]
fn two_processes_share_the_work_and_one_leaves_midway() {
    let kafka = Kafka::plain();
    let mut words = Words::new(&kafka, 5_000);
    let (mut a, b) = start_two(&mut words);
    words.feed_during(|| stop(b));
    words.feed(20_000);
    words.await_exact_counts(&mut [&mut a]);
    stop(a);
    words.expect_exact_counts();
}

#[test]
fn a_process_that_lost_its_state_directory_restores_from_the_changelog() {
    let kafka = Kafka::plain();
    let mut words = Words::new(&kafka, 5_000);
    let (a, b) = start_two(&mut words);
    words.feed_during(|| stop(b));
    std::fs::remove_dir_all(words.state_dir("b")).expect("the state directory can be deleted");

    let mut b = words.start("b", QUICK);
    words.feed_until("work for the process that came back", |_| has_processed(&b.log()));
    let known = words.counts.len() as u64;
    // then every store is b's
    let changelog = words.changelog();
    let stores = words.feed_during(|| {
        stop(a);
        b.await_log("the restore of all stores", |log| {
            let mut stores = BTreeMap::<String, u64>::new();
            for (records, partition) in restored(log) {
                *stores.entry(partition).or_default() += records;
            }
            (stores.len() == PARTITIONS as usize).then_some(stores)
        })
    });
    assert!(stores.keys().all(|partition| partition.starts_with(&changelog)), "{stores:?}");
    assert!(stores.values().all(|records| *records > 0), "{stores:?}");
    assert!(stores.values().sum::<u64>() >= known, "{known} words were known, restored: {stores:?}");
    words.feed(20_000);
    words.await_exact_counts(&mut [&mut b]);
    stop(b);
    words.expect_exact_counts();
}
