//! What an application measures.

use super::AppFixture;
use super::bench::{Bench, close, durable};
use crate::behaviour::clients::wait_for;
use std::time::Duration;
use streams_core::processor::{Context, Processor, PunctuationType, TimerId};
use streams_core::{BoxError, KafkaStreams, Record, StreamsBuilder};

const LINES: usize = 200;
/// Each line has three; every word goes through the repartition topic.
const WORDS: f64 = 3.0 * LINES as f64;
const RECORDS: f64 = LINES as f64 + WORDS;

fn sum(app: &KafkaStreams, name: &str) -> f64 {
    app.metrics().sum(name, &[]).unwrap_or_else(|| panic!("there is no {name}"))
}

/// Waits until a figure is as it must be: some are published about once a second.
fn await_sum(app: &KafkaStreams, name: &str, accept: impl Fn(f64) -> bool) {
    wait_for(name, || {
        std::thread::sleep(Duration::from_millis(10));
        app.metrics().sum(name, &[]).filter(|sum| accept(*sum))
    });
}

fn await_positive(app: &KafkaStreams, names: &[&str]) {
    names.iter().for_each(|name| await_sum(app, name, |sum| sum > 0.0));
}

/// Word count without a cache, once all lines are counted.
fn counted<'a>(fixture: &'a dyn AppFixture, level: &str) -> (Bench<'a>, KafkaStreams) {
    let mut bench = Bench::new(fixture);
    let config = bench.config("a").set("statestore.cache.max.bytes", "0").set("metrics.recording.level", level);
    let app = bench.start(bench.word_count(), config);
    bench.feed(LINES);
    bench.await_counts();
    (bench, app)
}

pub fn every_part_is_measured(fixture: &dyn AppFixture) {
    let (_bench, app) = counted(fixture, "DEBUG");
    let metrics = app.metrics();

    assert_eq!((sum(&app, "streams_client_state"), sum(&app, "streams_alive_stream_threads")), (2.0, 1.0));
    await_positive(&app, &["streams_block_cache_limit_bytes", "streams_write_buffer_limit_bytes", "streams_uncommitted_limit_bytes"]);
    if durable() {
        await_positive(&app, &["streams_write_buffer_bytes"]);
    }

    await_sum(&app, "streams_process_records_total", |n| n == RECORDS);
    assert_eq!(sum(&app, "streams_poll_records_total"), RECORDS);
    let thread = ["streams_polls_total", "streams_poll_seconds_total", "streams_process_seconds_total", "streams_commits_total"];
    await_positive(&app, &thread);

    assert_eq!(sum(&app, "streams_records_processed_total"), RECORDS);
    assert_eq!(sum(&app, "streams_task_cache_evictions_total"), WORDS, "a cache of 0 bytes keeps nothing");
    await_positive(&app, &["streams_task_process_seconds_total"]);

    await_sum(&app, "streams_store_puts_total", |n| n == WORDS);
    assert_eq!(metrics.sum("streams_store_gets_total", &[("store", "words")]), Some(WORDS));
    assert!(sum(&app, "streams_store_cache_hits_total") < WORDS, "a new word is asked of the engine");
    await_positive(&app, &["streams_store_entries"]);

    let of_node = |node: &str| metrics.sum("streams_node_records_processed_total", &[("node", node)]);
    for node in ["KSTREAM-SOURCE-0000000000", "KSTREAM-PEEK-0000000001", "KSTREAM-FLATMAPVALUES-0000000002"] {
        assert_eq!(of_node(node), Some(LINES as f64), "{node}");
    }
    let samples = metrics.samples();
    let aggregate: f64 = samples.iter().filter(|s| s.labels.iter().any(|l| l.starts_with("KSTREAM-AGGREGATE-"))).map(|s| s.value).sum();
    assert_eq!(aggregate, WORDS);
    close(&app);
    assert_eq!(metrics.sum("streams_store_puts_total", &[]), None, "what is closed is not measured");
}

pub fn nodes_are_not_measured_at_the_level_info(fixture: &dyn AppFixture) {
    let (_bench, app) = counted(fixture, "INFO");
    await_sum(&app, "streams_store_puts_total", |n| n == WORDS);
    assert_eq!(app.metrics().sum("streams_node_records_processed_total", &[]), None);
    close(&app);
}

struct Slow;

impl Processor<(), String, (), String> for Slow {
    fn process(&mut self, _: &mut Context<'_, (), String>, _: Record<(), String>) -> Result<(), BoxError> {
        Ok(())
    }
    fn punctuate(&mut self, _: &mut Context<'_, (), String>, _: TimerId, _: i64) -> Result<(), BoxError> {
        std::thread::sleep(Duration::from_millis(2));
        Ok(())
    }
}

pub fn punctuations_are_counted_and_timed(fixture: &dyn AppFixture) {
    let bench = Bench::new(fixture);
    let builder = StreamsBuilder::new();
    let slow = builder.stream::<(), String>(bench.input.as_str()).process((), |setup, ()| {
        setup.schedule(PunctuationType::WallClockTime, Duration::from_millis(10));
        Slow
    });
    slow.to(&bench.output);
    let app = bench.start(builder.build().expect("the topology is right"), bench.config("a"));
    await_sum(&app, "streams_punctuations_total", |n| n >= 5.0);
    let seconds = sum(&app, "streams_punctuate_seconds_total");
    assert!(seconds >= 5.0 * 0.002, "five of them took {seconds} s");
    await_positive(&app, &["streams_task_punctuations_total"]);
    close(&app);
}
