//! When records are taken, punctuated and committed.

use super::AppFixture;
use super::bench::{Bench, PARTITIONS, TIME, close};
use crate::behaviour::clients::wait_for;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::processor::{Context, Processor, PunctuationType, TimerId};
use streams_core::{BoxError, Headers, Record, StreamsBuilder, Topology};

/// Nothing else would commit for ten minutes.
pub fn a_small_uncommitted_buffer_commits_early(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(200);
    // exactly once, output is seen when it is committed, and transactions do not last that long
    let interval = if fixture.exactly_once() { "10000" } else { "600000" };
    let config = bench.config("a").set("commit.interval.ms", interval).set("statestore.cache.max.bytes", "0");
    // a row or two
    let app = bench.start(bench.word_count(), config.set("statestore.uncommitted.max.bytes", "200"));
    bench.await_counts();
    bench.feed(200);
    bench.await_counts();
    let sum = |metric: &str| app.metrics().sum(metric, &[]).expect("there is such a metric");
    assert!(sum("streams_commits_early_total") > 0.0);
    assert_eq!(sum("streams_uncommitted_limit_bytes"), 200.0);
    // what waits for a commit is less than what makes one
    wait_for("the commit of almost everything", || (sum("streams_thread_uncommitted_bytes") < 200.0).then_some(()));
    let committed: i64 = (0..PARTITIONS).filter_map(|p| bench.committed(&bench.input, p)).sum();
    assert!(committed > 0, "{committed} lines are committed");
    close(&app);
    bench.await_counts();
}

/// Tells of its punctuations: those of stream time under `stream`, those of the wall clock under the name of its task.
struct Pulse {
    stream: TimerId,
}

impl Processor<(), String, String, String> for Pulse {
    fn process(&mut self, _: &mut Context<'_, String, String>, _: Record<(), String>) -> Result<(), BoxError> {
        Ok(())
    }

    fn punctuate(&mut self, ctx: &mut Context<'_, String, String>, timer: TimerId, time: i64) -> Result<(), BoxError> {
        let key = if timer == self.stream { "stream".to_owned() } else { ctx.task_id().to_string() };
        ctx.forward(Record { key, value: time.to_string(), timestamp: time, headers: Headers::new() })
    }
}

fn pulses(bench: &Bench<'_>) -> Topology {
    let builder = StreamsBuilder::new();
    let pulses = builder.stream::<(), String>(bench.input.as_str()).process((), |setup, ()| {
        setup.schedule(PunctuationType::WallClockTime, Duration::from_millis(50));
        Pulse { stream: setup.schedule(PunctuationType::StreamTime, Duration::from_secs(1)) }
    });
    pulses.to(&bench.output);
    builder.build().expect("the topology is right")
}

/// The times told so far, by key.
fn times(bench: &mut Bench<'_>) -> BTreeMap<String, Vec<i64>> {
    bench.read();
    let mut times = BTreeMap::<String, Vec<i64>>::new();
    for (key, value) in &bench.seen {
        let text = std::str::from_utf8(value.as_deref().expect("a time")).expect("a text");
        times.entry(key.clone()).or_default().push(text.parse().expect("a number"));
    }
    times
}

pub fn punctuations_follow_both_clocks(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let app = bench.start(pulses(&bench), bench.config("a"));
    // the wall clock needs no records, in any task
    bench.await_output("punctuations of every task", |bench| {
        let times = times(bench);
        (0..PARTITIONS).all(|p| times.get(&format!("0_{p}")).is_some_and(|times| times.len() >= 3))
    });
    assert!(!times(&mut bench).contains_key("stream"), "stream time moves with records only");
    for n in 0..=50 {
        bench.put(1, None, Some(b"a record"), TIME + n * 100);
    }
    bench.flush();
    let ticks: Vec<i64> = (0..=5).map(|n| TIME + n * 1_000).collect();
    bench.await_output("punctuations of stream time", |bench| times(bench).get("stream").is_some_and(|seen| seen.len() >= ticks.len()));
    let fired = app.metrics().sum("streams_task_punctuations_total", &[]);
    close(&app);
    let mut times = times(&mut bench);
    assert_eq!(times.remove("stream"), Some(ticks));
    for (task, times) in &times {
        assert!(times.is_sorted_by(|a, b| a < b), "punctuations of task {task}: {times:?}");
    }
    assert!(fired.is_some_and(|fired| fired >= 12.0), "{fired:?}");
}

/// `max.task.idle.ms=0`: what the brokers have of both topics is taken by time, in however small pieces it comes.
pub fn records_of_two_topics_are_taken_by_their_times(fixture: &dyn AppFixture) {
    const ORDERS: i64 = 500;
    const PRICES: i64 = 10;
    let mut bench = Bench::new(fixture);
    let prices = bench.clients.topic(PARTITIONS);
    let builder = StreamsBuilder::new();
    let table = builder.table::<String, String>(&prices);
    let orders = builder.stream::<String, String>(bench.input.as_str());
    orders.join_table(&table, |order, price| format!("{order} for {price}")).to(&bench.output);
    let topology = builder.build().expect("the topology is right");
    // each order finds the last of the prices that were set just before it; one topic runs out of what was fetched long before the other
    for n in 0..ORDERS {
        let time = TIME + 100 * n;
        for price in 0..PRICES {
            bench.put_to(&prices, 1, Some(b"k"), Some(format!("{n}.{price}").as_bytes()), time + price);
        }
        bench.put(1, Some(b"k"), Some(n.to_string().as_bytes()), time + PRICES);
    }
    bench.flush();
    let config = bench.config("a").set("max.task.idle.ms", "0").set("max.poll.records", "50");
    let app = bench.start(topology, config.set("buffered.records.per.partition", "60"));
    bench.await_output("all orders", |bench| {
        bench.read();
        bench.seen.len() as i64 >= ORDERS
    });
    close(&app);
    let expected: Vec<String> = (0..ORDERS).map(|n| format!("{n} for {n}.{}", PRICES - 1)).collect();
    assert_eq!(bench.texts(), expected);
}
