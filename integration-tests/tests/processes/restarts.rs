//! kill -9 in the middle of the work.

use super::words::{WORDS, Words, restored, sum};
use integration_tests::kafka::Kafka;

const VOCABULARY: u64 = 1_000;
const SETTINGS: &[&str] = &["commit.interval.ms=1000"];

/// How many records of a topic are there that no commit covers.
fn uncommitted(words: &Words<'_>, topic: &str) -> i64 {
    words.ends(topic).iter().sum::<i64>() - words.committed(topic).iter().sum::<i64>()
}

#[test]
fn a_killed_process_loses_no_line_and_restores_only_the_tail() {
    let kafka = Kafka::plain();
    let mut words = Words::new(&kafka, VOCABULARY);
    let mut app = words.start("a", SETTINGS);
    app.await_line("to RUNNING");
    // a commit writes each word at most once to the changelog, so this is many commits
    let changelog = words.changelog();
    words.feed_until("a long changelog", |words| words.ends(&changelog).iter().sum::<i64>() > 12 * VOCABULARY as i64);
    // what can be counted twice is what came after the last commit: lines, and words on their way between the sub-topologies
    let (input, repartition) = (words.input.clone(), words.repartition());
    words.feed_until("work after a commit", |words| uncommitted(words, &repartition) > 3_000);
    words.feed_during(|| app.kill());
    let repeated = WORDS as i64 * uncommitted(&words, &input) + uncommitted(&words, &repartition);
    let logged: i64 = words.ends(&changelog).iter().sum();
    let fed = sum(&words.expected);
    // commits come once a second and there were many of them: most of what was fed is covered by one
    assert!(repeated < fed / 2, "{repeated} of {fed} words were not committed");

    let mut app = words.start("a", SETTINGS);
    let tail: u64 = app.await_log("the restore of all stores", |log| {
        let restored = restored(log);
        (restored.len() >= 4).then(|| restored.iter().map(|(records, _)| records).sum())
    });
    assert!(tail < logged as u64 / 3, "{tail} of {logged} records of the changelog were read again");
    words.feed(20_000);
    words.await_least_counts(&mut [&mut app]);
    let ended = app.terminate();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    words.read_to_the_end();
    let extra = sum(&words.counts) - sum(&words.expected);
    println!("{extra} words were counted twice, {repeated} may be; {tail} of {logged} records were restored");
    assert!((0..=repeated).contains(&extra), "{extra} words were counted twice, {repeated} may be");
}
