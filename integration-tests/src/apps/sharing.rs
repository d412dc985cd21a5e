//! The work is shared by threads and instances, and every line is counted once.

use super::AppFixture;
use super::bench::{Bench, PARTITIONS, PATIENCE, await_running, close};
use crate::behaviour::clients::wait_for;
use streams_core::KafkaStreams;

fn running_tasks(app: &KafkaStreams) -> usize {
    app.threads().iter().flat_map(|thread| &thread.tasks).filter(|task| task.running).count()
}

/// Waits until every instance has about its share of the tasks: 4 of the input, 4 of the repartition topic.
pub(super) fn await_shares(apps: &[&KafkaStreams]) {
    let all = 2 * PARTITIONS as usize;
    wait_for("balanced tasks", || {
        let shares: Vec<usize> = apps.iter().map(|app| running_tasks(app)).collect();
        (shares.iter().sum::<usize>() == all && shares.iter().all(|share| *share > 0)).then_some(())
    });
}

fn counted_once(fixture: &dyn AppFixture, settings: &[(&str, &str)]) {
    let mut bench = Bench::new(fixture);
    bench.feed(300);
    let app = bench.start(bench.word_count(), bench.config("a").set_all(settings.iter().copied()));
    bench.feed(300);
    bench.await_counts();
    close(&app);
    for partition in 0..PARTITIONS {
        assert_eq!(bench.committed(&bench.input, partition), Some(150), "closing commits everything");
    }
    // the task's output is what it was when it was last committed
    bench.await_counts();
}

pub fn words_are_counted_once(fixture: &dyn AppFixture) {
    counted_once(fixture, &[]);
}

pub fn words_are_counted_once_without_a_cache(fixture: &dyn AppFixture) {
    counted_once(fixture, &[("statestore.cache.max.bytes", "0")]);
}

pub fn several_threads_share_the_work(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(200);
    let app = bench.start(bench.word_count(), bench.config("a").num_stream_threads(3));
    await_shares(&[&app]);
    wait_for("every thread to have tasks", || app.threads().iter().all(|t| !t.tasks.is_empty()).then_some(()));
    bench.feed(200);
    bench.await_counts();
    close(&app);
}

pub fn two_instances_share_and_one_leaves_midway(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(200);
    let first = bench.start_words("a");
    let second = bench.start(bench.word_count(), bench.config("b").num_stream_threads(2));
    await_shares(&[&first, &second]);
    bench.feed(200);
    bench.await_counts();
    bench.feed(200);
    close(&first);
    bench.feed(200);
    bench.await_counts();
    await_shares(&[&second]);
    await_running(&second);
    // it comes back with the state that it had, which is old by now
    let first = bench.start_words("a");
    await_shares(&[&first, &second]);
    bench.feed(200);
    bench.await_counts();
    close(&second);
    bench.feed(100);
    bench.await_counts();
    close(&first);
}

pub fn threads_come_and_go(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let app = bench.start_words("a");
    bench.feed(100);
    let added = app.add_thread().expect("a thread");
    assert!(added.ends_with("StreamThread-2"), "{added}");
    wait_for("the new thread to have tasks", || {
        app.threads().iter().any(|t| t.name == added && !t.tasks.is_empty() && t.tasks.iter().all(|task| task.running)).then_some(())
    });
    // KIP-663: the threads share the limits
    let share = |thread: &str| app.metrics().sum("streams_thread_cache_limit_bytes", &[("thread", thread)]);
    let names = ["StreamThread-1", "StreamThread-2"];
    wait_for("half of the cache for each", || names.iter().all(|name| share(name) == Some(5_242_880.0)).then_some(()));
    bench.feed(100);
    bench.await_counts();
    assert_eq!(app.remove_thread(PATIENCE).expect("it answers"), Some(added));
    bench.feed(100);
    bench.await_counts();
    assert_eq!(app.threads().len(), 1);
    wait_for("the whole cache", || (share(names[0]) == Some(10_485_760.0)).then_some(()));
    await_shares(&[&app]);
    assert!(app.remove_thread(PATIENCE).expect("it answers").is_some());
    assert_eq!(app.remove_thread(PATIENCE).expect("it answers"), None);
    bench.feed(50);
    app.add_thread().expect("a thread");
    bench.await_counts();
    close(&app);
}

/// Members join and leave while records flow, some of them before the group has settled.
pub fn a_storm_of_rebalances_counts_everything_once(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let mut apps = Vec::new();
    for round in 0..10 {
        bench.feed(60);
        if round % 3 == 2 {
            close(&apps.remove(0));
        } else {
            let config = bench.config(&format!("{round}")).num_stream_threads(1 + round % 2);
            apps.push(bench.builder(bench.word_count(), config).start().expect("the application starts"));
        }
        bench.feed(60);
        match round % 4 {
            1 => bench.await_counts(),
            3 => drop(apps[0].add_thread()),
            _ => {}
        }
    }
    bench.await_counts();
    while let Some(app) = apps.pop() {
        bench.feed(20);
        close(&app);
    }
    let app = bench.start_words("last");
    bench.await_counts();
    close(&app);
}
