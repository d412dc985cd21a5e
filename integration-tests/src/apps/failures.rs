//! User code and outputs that fail, and what the application does about it.

use super::AppFixture;
use super::bench::{Bench, TIME, await_running, close, durable, end_of, shared};
use crate::behaviour::clients::wait_for;
use std::sync::atomic::{AtomicU32, Ordering};
use streams_core::handlers::{Response, UncaughtErrorResponse};
use streams_core::{Error, ErrorKind, State, StreamsBuilder};

const POISON: &str = "poison";

fn put_poison(bench: &mut Bench<'_>) {
    bench.put(2, None, Some(POISON.as_bytes()), TIME);
    bench.flush();
}

pub fn a_panic_ends_the_application_and_names_the_record(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(20);
    let topology = bench.word_count_with(|line| assert_ne!(line, POISON, "the closure's own words"));
    let app = bench.builder(topology, bench.config("a")).start().expect("the application starts");
    bench.await_counts();
    put_poison(&mut bench);
    let error = end_of(&app);
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::UserCode, "{text}");
    for part in ["task 0_2", &bench.input, "partition 2", "offset 5", "the closure's own words"] {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
    assert_eq!(bench.committed(&bench.input, 2), Some(5), "what came before it is committed, it is not");
}

/// Without RocksDB nobody asks it.
pub fn a_config_setter_that_panics_ends_the_application(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(20);
    let builder = bench.builder(bench.word_count(), bench.config("a"));
    #[cfg(feature = "rocksdb")]
    let builder = builder.rocksdb_config_setter(|store, _| panic!("no options for {store}"));
    let app = builder.start().expect("the application starts");
    if !durable() {
        bench.await_counts();
        return close(&app);
    }
    let error = end_of(&app);
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::UserCode, "{text}");
    assert!(text.contains("store words: the RocksDB config setter panicked: no options for words"), "{text}");
}

/// The task's state goes back to its last commit with it, so what is processed again is counted once. What it had sent to other topics
/// stays there: here nothing but the counts themselves.
pub fn a_panic_is_left_out_where_the_policy_says_so(fixture: &dyn AppFixture) {
    for cache in ["10000000", "0"] {
        let mut bench = Bench::new(fixture);
        let (count, panics) = shared::<AtomicU32>();
        let builder = StreamsBuilder::new();
        builder
            .stream::<String, String>(bench.input.as_str())
            .group_by_key()
            .aggregate_with(
                || 0,
                move |_, value, total: &mut i64| {
                    *total += 1;
                    if value == POISON {
                        count.fetch_add(1, Ordering::Relaxed);
                        panic!("on purpose");
                    }
                },
                "words",
            )
            .to_stream()
            .to(&bench.output);
        let topology = builder.build().expect("the topology is right");
        let config = bench.config("a").set("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");
        let app = bench.start(topology, config.set("statestore.cache.max.bytes", cache));
        let put = |bench: &mut Bench<'_>, n: i64, word: &str, value: &str| {
            bench.put(2, Some(word.as_bytes()), Some(value.as_bytes()), TIME + n);
        };
        for n in 0..600 {
            let word = ["a", "b", "c"][n as usize % 3];
            put(&mut bench, n, word, "fine");
            *bench.expected.entry(word.to_owned()).or_default() += 1;
            if n % 200 == 199 {
                put(&mut bench, n, word, POISON);
                put(&mut bench, n, "only poison", POISON);
                bench.flush();
            }
        }
        bench.await_counts();
        bench.await_committed(&bench.input, 2, 606);
        assert!(panics.load(Ordering::Relaxed) >= 6);
        assert!(app.state().is_alive());
        close(&app);
        bench.await_counts();
    }
}

pub fn an_error_of_a_processor_names_its_node(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let builder = StreamsBuilder::new();
    builder.stream::<(), String>(bench.input.as_str()).process_values_with((), |_, ()| Picky, "picky").to(&bench.output);
    let topology = builder.build().expect("the topology is right");
    bench.put(1, None, Some(b"fine"), TIME);
    bench.put(1, None, Some(POISON.as_bytes()), TIME);
    bench.flush();
    let app = bench.builder(topology.clone(), bench.config("a")).start().expect("the application starts");
    let text = end_of(&app).to_string();
    for part in ["picky", &bench.input, "partition 1", "offset 1", "no poison please"] {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
    drop(app);
    // the same with a handler that goes on
    let app = bench
        .builder(topology, bench.config("a"))
        .processing_exception_handler(|_: &streams_core::handlers::ErrorContext<'_>, _: &Error| Response::Resume)
        .start()
        .expect("the application starts");
    bench.put(1, None, Some(b"after"), TIME);
    bench.flush();
    bench.await_output("the record behind it", |bench| bench.texts().last().is_some_and(|t| t == "after"));
    close(&app);
}

struct Picky;

impl streams_core::processor::FixedKeyProcessor<(), String, String> for Picky {
    fn process(
        &mut self,
        context: &mut streams_core::processor::FixedKeyContext<'_, (), String>,
        record: streams_core::processor::FixedKeyRecord<'_, (), String>,
    ) -> Result<(), streams_core::BoxError> {
        if record.value() == POISON {
            return Err("no poison please".into());
        }
        context.forward(record)?;
        Ok(())
    }
}

pub fn a_failed_thread_is_replaced(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(20);
    let (count, panics) = shared::<AtomicU32>();
    // fails twice, then takes it
    let topology = bench.word_count_with(move |line| assert!(line != POISON || count.fetch_add(1, Ordering::Relaxed) >= 2));
    let (seen, asked) = shared::<AtomicU32>();
    let app = bench
        .builder(topology, bench.config("a"))
        .uncaught_error_handler(move |error: &Error| {
            assert_eq!(error.kind(), ErrorKind::UserCode);
            seen.fetch_add(1, Ordering::Relaxed);
            UncaughtErrorResponse::ReplaceThread
        })
        .start()
        .expect("the application starts");
    await_running(&app);
    bench.await_counts();
    put_poison(&mut bench);
    bench.feed(50);
    *bench.expected.entry(POISON.to_owned()).or_default() += 1;
    let least = bench.expected.clone();
    bench.await_output("all counts", |bench| {
        let counts = bench.counts();
        least.iter().all(|(word, count)| counts.get(word).is_some_and(|c| c >= count))
    });
    assert_eq!((panics.load(Ordering::Relaxed), asked.load(Ordering::Relaxed)), (3, 2));
    wait_for("one thread that runs", || (app.state() == State::Running && app.threads().len() == 1).then_some(()));
    assert_eq!(app.metrics().sum("streams_failed_stream_threads_total", &[]), Some(2.0));
    close(&app);
}

pub fn a_handler_that_panics_closes_the_instance(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let topology = bench.word_count_with(|line| assert_ne!(line, POISON));
    let app = bench
        .builder(topology, bench.config("a"))
        .uncaught_error_handler(|_: &Error| -> UncaughtErrorResponse { panic!("a handler with a fault") })
        .start()
        .expect("the application starts");
    put_poison(&mut bench);
    assert_eq!(end_of(&app).kind(), ErrorKind::UserCode);
}

/// The other instances cannot be told to close with the classic protocol: one that is started goes on with the work.
pub fn shutting_down_the_application_ends_the_instance_by_its_error(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(20);
    let topology = bench.word_count_with(|line| assert_ne!(line, POISON, "the closure's own words"));
    let app = bench
        .builder(topology, bench.config("a").num_stream_threads(2))
        .uncaught_error_handler(UncaughtErrorResponse::ShutdownApplication)
        .start()
        .expect("the application starts");
    await_running(&app);
    bench.await_counts();
    put_poison(&mut bench);
    let error = end_of(&app);
    assert!(error.kind() == ErrorKind::UserCode && error.to_string().contains("the closure's own words"), "{error}");
    assert!(app.threads().is_empty(), "the thread that did not fail ends too");
    drop(app);
    bench.feed(20);
    *bench.expected.entry(POISON.to_owned()).or_default() += 1;
    let app = bench.start_words("b");
    let least = bench.expected.clone();
    bench.await_output("all counts", |bench| {
        let counts = bench.counts();
        least.iter().all(|(word, count)| counts.get(word).is_some_and(|c| c >= count))
    });
    close(&app);
}

pub fn an_output_too_large_for_the_broker_is_named(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let small = bench.clients.topic_with(1, &[("max.message.bytes", "1000")]);
    let builder = StreamsBuilder::new();
    builder.stream::<(), String>(bench.input.as_str()).map_values(|line| line.repeat(100)).to(&small);
    let topology = builder.build().expect("the topology is right");
    bench.put(0, None, Some(b"a"), TIME);
    bench.put(0, None, Some(b"a line that is too long by far when it comes a hundred times"), TIME);
    bench.put(0, None, Some(b"b"), TIME);
    bench.flush();
    // nothing may be packed together with the large record
    let config = |bench: &Bench<'_>| bench.config("a").set("compression.type", "none");
    let app = bench.builder(topology.clone(), config(&bench)).start().expect("the application starts");
    let error = end_of(&app);
    assert!(error.kind() == ErrorKind::Rejected && error.to_string().contains(&small), "{error}");
    assert_eq!(bench.committed(&bench.input, 0), None, "nothing is committed past it");
    drop(app);
    let config = config(&bench).set("production.exception.handler", "LogAndContinueProductionExceptionHandler");
    if fixture.exactly_once() {
        // as in Java: what the broker has refused cannot be left out of the transaction that it is part of
        let error = bench.failure(topology, config);
        assert!(error.kind() == ErrorKind::Rejected && error.to_string().contains("exactly_once_v2"), "{error}");
        return;
    }
    let app = bench.start(topology, config);
    bench.await_committed(&bench.input, 0, 3);
    close(&app);
}
