//! Trouble on demand: a cluster that goes away, a group that throws members out, writes that fail, logs that were cut.

use super::Embedded;
use integration_tests::apps::Bench;
use integration_tests::apps::bench::{PARTITIONS, PATIENCE, TIME, await_running, close, durable, end_of};
use integration_tests::behaviour::Fixture;
use integration_tests::behaviour::clients::wait_for;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use streams_core::cluster::OffsetSpec;
use streams_core::time::{Clock, SystemClock};
use streams_core::{ErrorKind, State, StreamsBuilder, TopicPartition};

/// Waits until each word is counted at least as often as it was fed; the surplus.
fn await_at_least(bench: &mut Bench<'_>) -> i64 {
    let least = bench.expected.clone();
    bench.await_output("all counts", |bench| {
        let counts = bench.counts();
        least.iter().all(|(word, count)| counts.get(word).is_some_and(|c| c >= count))
    });
    bench.counts().values().sum::<i64>() - least.values().sum::<i64>()
}

#[test]
fn a_cluster_that_is_away_for_a_while_is_waited_for() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    bench.feed(100);
    let app = bench.start_words("a");
    bench.feed(100);
    embedded.cluster.set_reachable(false);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(app.state().is_alive());
    embedded.cluster.set_reachable(true);
    bench.feed(100);
    bench.await_counts();
    assert_eq!(app.state(), State::Running);
    close(&app);
}

#[test]
fn a_cluster_that_is_away_at_the_start_is_waited_for() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    bench.feed(100);
    embedded.cluster.set_reachable(false);
    let begun = Instant::now();
    let app = bench.builder(bench.word_count(), bench.config("a")).start().expect("that is no error");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(app.state(), State::Rebalancing);
    embedded.cluster.set_reachable(true);
    await_running(&app);
    bench.await_counts();
    close(&app);
}

#[test]
fn an_application_that_never_reached_its_cluster_closes_at_once() {
    let embedded = Embedded::new();
    let bench = Bench::new(&embedded);
    embedded.cluster.set_reachable(false);
    let app = bench.builder(bench.word_count(), bench.config("a")).start().expect("that is no error");
    let begun = Instant::now();
    close(&app);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn a_full_producer_waits_for_the_cluster() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    bench.feed(50);
    let config = bench.config("a").set("producer.buffer.memory", "2000").set("producer.max.block.ms", "50");
    let app = bench.start(bench.word_count(), config);
    bench.await_counts();
    // pausing keeps the records where they are until nothing can be written any more
    app.pause();
    bench.feed(500);
    embedded.cluster.set_reachable(false);
    app.resume();
    std::thread::sleep(Duration::from_millis(700));
    assert!(app.state().is_alive());
    embedded.cluster.set_reachable(true);
    await_at_least(&mut bench);
    close(&app);
}

/// Stands still for nobody, and is set back and forth by an hour.
struct Jumping {
    machine: SystemClock,
    ahead_ms: AtomicI64,
}

impl Clock for Jumping {
    fn now_ms(&self) -> i64 {
        self.machine.now_ms() + self.ahead_ms.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic()
    }
}

#[test]
fn the_wall_clock_may_jump() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    let clock = Arc::new(Jumping { machine: SystemClock::new(), ahead_ms: AtomicI64::new(0) });
    let app = bench.builder(bench.word_count(), bench.config("a")).clock(clock.clone()).start().expect("the application starts");
    for hours in [1, -1, 2, 0] {
        clock.ahead_ms.store(hours * 3_600_000, Ordering::Relaxed);
        bench.feed(40);
        bench.await_counts();
        let end = bench.clients.offset(&bench.input, 0, OffsetSpec::Latest);
        bench.await_committed(&bench.input, 0, end);
    }
    assert_eq!(app.state(), State::Running);
    close(&app);
}

#[test]
fn a_cluster_that_is_away_for_too_long_ends_the_application() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    bench.feed(100);
    let app = bench.start(bench.word_count(), bench.config("a").set("task.timeout.ms", "1000").set("commit.interval.ms", "1500"));
    bench.feed(100);
    wait_for("something to commit", || app.metrics().sum("streams_process_records_total", &[]).filter(|n| *n > 500.0));
    embedded.cluster.set_reachable(false);
    let error = end_of(&app);
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("task.timeout.ms = 1000"), "{error}");
    drop(app);
    embedded.cluster.set_reachable(true);
    // it could not say good-bye: its session has to run out
    embedded.pass_time(Duration::from_secs(60));
    let app = bench.start_words("a");
    await_at_least(&mut bench);
    close(&app);
}

#[test]
fn a_member_that_is_thrown_out_joins_again() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    bench.feed(100);
    let app = bench.start(bench.word_count(), bench.config("a").num_stream_threads(2));
    for _ in 0..3 {
        bench.feed(50);
        embedded.pass_time(Duration::from_secs(3600));
        bench.feed(50);
        await_at_least(&mut bench);
    }
    wait_for("the loss", || app.metrics().sum("streams_tasks_lost_events_total", &[]).filter(|n| *n > 0.0));
    await_running(&app);
    close(&app);
}

#[test]
fn writes_that_may_be_tried_again_are() {
    for topic in ["output", "words-changelog", "words-repartition"] {
        let embedded = Embedded::new();
        let mut bench = Bench::new(&embedded);
        bench.feed(100);
        let app = bench.start_words("a");
        bench.await_counts();
        let topic = if topic == "output" { bench.output.clone() } else { format!("{}-{topic}", bench.app) };
        embedded.cluster.fail_produces(&topic, 3, true);
        bench.feed(100);
        await_at_least(&mut bench);
        assert!(app.state().is_alive());
        close(&app);
    }
}

#[test]
fn a_changelog_record_is_never_left_out() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    let config = bench.config("a").set("production.exception.handler", "LogAndContinueProductionExceptionHandler");
    let app = bench.start(bench.word_count(), config);
    let changelog = format!("{}-words-changelog", bench.app);
    embedded.cluster.fail_produces(&changelog, 1, false);
    bench.feed(100);
    let error = end_of(&app);
    assert!(error.kind() == ErrorKind::Rejected && error.to_string().contains(&changelog), "{error}");
    drop(app);
    let app = bench.start_words("a");
    await_at_least(&mut bench);
    close(&app);
}

#[test]
fn input_deleted_before_it_was_read_is_passed_over() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    bench.feed(100);
    let app = bench.start_words("a");
    bench.await_counts();
    close(&app);
    drop(app);
    let before = bench.expected.clone();
    bench.feed(40);
    let ends: Vec<(TopicPartition, i64)> = (0..PARTITIONS).map(|p| (TopicPartition::new(bench.input.as_str(), p), 35)).collect();
    bench.clients.admin().delete_records(&ends).expect("it is done");
    bench.expected = before;
    let app = bench.start_words("a");
    bench.feed(100);
    bench.await_counts();
    close(&app);
}

#[test]
fn a_changelog_that_was_made_anew_wipes_the_store() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    bench.feed(100);
    let app = bench.start_words("a");
    bench.await_counts();
    close(&app);
    drop(app);
    bench.clients.admin().delete_topics(&[&format!("{}-words-changelog", bench.app)]).expect("it is done");
    bench.seen.clear();
    bench.expected.clear();
    // counts begin anew: what the store knew is not in its log, and a copy elsewhere would not know it either
    let app = bench.start_words("a");
    bench.feed(100);
    bench.await_counts();
    close(&app);
}

#[test]
fn inputs_of_different_length_make_as_many_tasks_as_the_longest() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    let short = bench.clients.topic(1);
    let builder = StreamsBuilder::new();
    let both = builder.stream::<(), String>(bench.input.as_str()).merge(&builder.stream::<(), String>(short.as_str()));
    both.to(&bench.output);
    let app = bench.start(builder.build().expect("the topology is right"), bench.config("a").num_stream_threads(2));
    wait_for("four tasks that read five partitions", || {
        let tasks: Vec<usize> = app.threads().iter().flat_map(|t| t.tasks.iter().map(|task| task.partitions.len())).collect();
        ((tasks.len(), tasks.iter().sum::<usize>()) == (4, 5)).then_some(())
    });
    embedded.cluster.produce(&short, Some(0), None, Some(b"short"), TIME).expect("it is taken");
    bench.put(3, None, Some(b"long"), TIME);
    bench.flush();
    bench.await_output("both records", |bench| {
        let mut texts = bench.texts();
        texts.sort_unstable();
        texts == ["long", "short"]
    });
    close(&app);
}

#[test]
fn the_state_directory_is_one_instances_alone() {
    if !durable() {
        return;
    }
    let embedded = Embedded::new();
    let bench = Bench::new(&embedded);
    let app = bench.start_words("a");
    let error = bench.builder(bench.word_count(), bench.config("a")).start().expect_err("it is in use");
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains(&bench.app), "{error}");
    close(&app);
    // closing is enough, the handle may still be there
    let second = bench.start_words("a");
    close(&second);
}

#[test]
fn a_state_directory_that_is_no_directory_is_named() {
    if !durable() {
        return;
    }
    let embedded = Embedded::new();
    let bench = Bench::new(&embedded);
    std::fs::write(bench.state_dir("a"), b"a file").expect("it is written");
    let error = bench.builder(bench.word_count(), bench.config("a")).start().expect_err("it cannot be used");
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains("state.dir"), "{error}");
}

#[test]
fn a_closure_that_hangs_does_not_hang_the_caller() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let topology = bench.word_count_with(move |line| {
        if line == "hang" {
            let _ = held.lock().expect("one thread").recv();
        }
    });
    let app = bench.start(topology, bench.config("a"));
    bench.put(0, None, Some(b"hang"), TIME);
    bench.flush();
    std::thread::sleep(Duration::from_millis(300));
    let error = app.close(Duration::from_millis(300)).expect_err("it hangs");
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("StreamThread-1"), "{error}");
    drop(release);
    app.close(PATIENCE).expect("it goes on");
}
