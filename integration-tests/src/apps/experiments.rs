//! The list of experiments that reliability is measured by: those that need no process of their own (docs/RELIABILITY.md).

use super::AppFixture;
use super::bench::{Bench, Counts, PARTITIONS, TIME, close, end_of};
use super::sharing::await_shares;
use crate::behaviour::clients::wait_for;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use streams_core::cluster::RawRecord;
use streams_core::handlers::{LogAndSkipOnInvalidTimestamp, ProductionContext, ProductionResponse, TimestampContext, TimestampExtractor};
use streams_core::serde::{Serde, SerdeContext, StringSerde, Wrote};
use streams_core::{BoxError, Error, ErrorKind, KafkaStreams, Produced, StreamsBuilder, TimeWindows, Topology};

const RECORDS: usize = 200_000;
/// Ahead of all others by 300 days; a broker would not take what is ahead of its own clock.
const FAR_FUTURE: i64 = TIME + 300 * 86_400_000;

/// E23: the same input gives the same results, whoever processes it.
pub fn results_do_not_depend_on_threads_instances_and_caches(fixture: &dyn AppFixture) {
    for (threads, instances, cache) in
        [(1, 1, "0"), (2, 1, "0"), (4, 1, "10485760"), (1, 2, "0"), (2, 2, "10485760"), (4, 2, "0"), (1, 1, "10485760"), (2, 2, "0")]
    {
        let mut bench = Bench::new(fixture);
        bench.feed(1_000);
        let apps: Vec<KafkaStreams> = (0..instances)
            .map(|n| {
                let config = bench.config(&n.to_string()).num_stream_threads(threads).set("statestore.cache.max.bytes", cache);
                bench.start(bench.word_count(), config)
            })
            .collect();
        await_shares(&apps.iter().collect::<Vec<_>>());
        bench.feed(1_000);
        bench.await_counts();
        apps.iter().for_each(close);
        if cache == "0" {
            bench.expect_every_update(fixture.exactly_once());
        }
    }
}

/// Texts, one of which cannot be written.
struct Picky;

impl Serde<String> for Picky {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<String, BoxError> {
        StringSerde.deserialize(cx, bytes)
    }
    fn serialize(&self, cx: &SerdeContext<'_>, value: &String, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        if value == "unwritable" {
            return Err("on purpose".into());
        }
        StringSerde.serialize(cx, value, out)
    }
}

/// Counts by key; each record to `plain`; and by windows that the future ends.
fn sorting(bench: &Bench<'_>, plain: &str) -> Topology {
    let builder = StreamsBuilder::new();
    let values = builder.stream::<Option<String>, String>(bench.input.as_str()).skip_null_keys().map_values(|value| {
        if value == "panic" {
            // one that is not told on stderr, 200 times
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        value
    });
    values.group_by_key().count_with("counts").to_stream().to(&bench.output);
    values.to_with(plain, Produced::with(StringSerde, Picky));
    values
        .group_by_key()
        .windowed_by(TimeWindows::tumbling(Duration::from_secs(10)).no_grace())
        .count_with("windows")
        .to_stream()
        .for_each(|_, _| ());
    builder.build().expect("the topology is right")
}

/// E14: 1 % that cannot be read, 0.1 % each of panics, null keys, records without a time, unwritable ones and empty ones, and two from the
/// future. Policies say to go on.
pub fn of_many_bad_records_only_those_are_left_out(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let plain = bench.clients.topic(1);
    let (mut kinds, mut counts, mut plain_records) = (BTreeMap::<&str, u64>::new(), Counts::new(), 0);
    for n in 0..RECORDS {
        let kind = match (n % 100, n % 1_000) {
            (7, _) => "undecodable",
            (_, 113) => "panic",
            (_, 229) => "null key",
            (_, 331) => "timeless",
            (_, 441) => "unwritable",
            (_, 553) => "",
            _ => "good",
        };
        *kinds.entry(kind).or_default() += 1;
        let key = format!("key-{}", n % 500);
        let value = if kind == "undecodable" { &[0xff, 0xfe][..] } else { kind.as_bytes() };
        let time = if n / 2 == RECORDS / 4 { FAR_FUTURE } else { TIME + n as i64 };
        bench.put(n as i32 % PARTITIONS, (kind != "null key").then_some(key.as_bytes()), Some(value), time);
        if !matches!(kind, "undecodable" | "panic" | "null key" | "timeless") {
            *counts.entry(key).or_default() += 1;
            plain_records += u64::from(kind != "unwritable");
        }
    }
    bench.flush();
    let policy = LogAndSkipOnInvalidTimestamp::default();
    let config = bench
        .config("a")
        // each panic has a partition read again, which begins when the reader's last request has been answered
        .set("fetch.max.wait.ms", "10")
        .set("deserialization.exception.handler", "LogAndContinueExceptionHandler")
        .set("processing.exception.handler", "LogAndContinueProcessingExceptionHandler")
        .set("production.exception.handler", "LogAndContinueProductionExceptionHandler");
    let app = bench
        .builder(sorting(&bench, &plain), config)
        .timestamp_extractor(move |record: &RawRecord<'_>, context: &TimestampContext<'_>| {
            let timestamp = if record.value == Some(b"timeless") { -1 } else { record.timestamp };
            policy.extract(&RawRecord { timestamp, ..*record }, context)
        })
        .start()
        .expect("the application starts");
    let per_partition = (RECORDS / PARTITIONS as usize) as i64;
    for partition in 0..PARTITIONS {
        bench.await_committed(&bench.input, partition, per_partition);
    }
    bench.await_output("the counts", |bench| bench.counts() == counts);
    let mut reader = bench.clients.committed_reader(&plain, 0, 0);
    let mut written = 0;
    wait_for("the records themselves", || {
        written += reader.fetch(10_000).expect("it can be read").len() as u64;
        (written >= plain_records).then_some(())
    });
    // a panic takes back what was done since the last commit, and that is told again
    let dropped = |reason: &str| app.metrics().sum("streams_records_dropped_total", &[("reason", reason)]).unwrap_or_default() as u64;
    for (reason, kind) in [
        ("deserialization", "undecodable"),
        ("processing", "panic"),
        ("null_key", "null key"),
        ("invalid_timestamp", "timeless"),
        ("production", "unwritable"),
    ] {
        assert!(dropped(reason) >= kinds[kind], "{reason}: {} of {}", dropped(reason), kinds[kind]);
    }
    // two partitions had a record of the future, and the windows of what came after it are over
    assert!(dropped("late") as usize >= RECORDS / 4 - RECORDS / 20, "{}", dropped("late"));
    close(&app);
    if fixture.exactly_once() {
        written += reader.fetch(10_000).expect("it can be read").len() as u64;
        assert_eq!(written, plain_records, "each comes once");
    }
}

/// E20: records of transactions that were aborted lie between those of the changelog. Exactly once only: at least once knows no aborted records.
pub fn aborted_changes_are_not_restored(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let changelog = format!("{}-words-changelog", bench.app);
    let mut ghost = bench.clients.transactional(&bench.clients.name("ghost"));
    ghost.init();
    for _ in 0..5 {
        drop(bench.count_and_close("a", 200));
        ghost.begin();
        for partition in 0..PARTITIONS {
            for word in bench.expected.keys() {
                ghost.try_send(&changelog, partition, Some(word.as_bytes()), Some(&[0x7f; 16])).expect("it is taken");
            }
        }
        ghost.flush();
        ghost.abort();
    }
    bench.builder(bench.word_count(), bench.config("a")).clean_up().expect("nothing runs");
    let app = bench.start_words("a");
    bench.feed(200);
    bench.await_counts();
    close(&app);
}

/// E20: what is written to a table's topic while its store is restored is in the table afterwards.
pub fn a_table_is_restored_while_its_topic_is_written(fixture: &dyn AppFixture) {
    const KEYS: usize = 20_000;
    let mut bench = Bench::new(fixture);
    let topic = bench.clients.topic(PARTITIONS);
    let topology = |bench: &Bench<'_>| {
        let builder = StreamsBuilder::new();
        let table = builder.table::<String, String>(topic.as_str());
        builder.stream::<String, String>(bench.input.as_str()).join_table(&table, |_, known| known.clone()).to(&bench.output);
        builder.build().expect("the topology is right")
    };
    let write = |bench: &mut Bench<'_>, round: usize, keys: std::ops::Range<usize>| {
        for n in keys {
            bench.put_to(&topic, n as i32 % PARTITIONS, Some(format!("key-{n}").as_bytes()), Some(format!("{n} {round}").as_bytes()), TIME);
        }
        bench.flush();
    };
    write(&mut bench, 1, 0..KEYS);
    let app = bench.start(topology(&bench), bench.config("a"));
    let caught_up = |bench: &Bench<'_>, records: usize| {
        for partition in 0..PARTITIONS {
            let end = (records / PARTITIONS as usize) as i64;
            bench.await_committed(&topic, partition, end);
        }
    };
    caught_up(&bench, KEYS);
    close(&app);
    app.clean_up().expect("nothing runs");
    drop(app);

    let app = bench.builder(topology(&bench), bench.config("a")).start().expect("the application starts");
    write(&mut bench, 2, 0..KEYS / 2);
    caught_up(&bench, KEYS + KEYS / 2);
    for n in (0..KEYS).step_by(97) {
        bench.put(n as i32 % PARTITIONS, Some(format!("key-{n}").as_bytes()), Some(b"?"), TIME);
    }
    bench.flush();
    let mut expected: Vec<String> = (0..KEYS).step_by(97).map(|n| format!("{n} {}", if n < KEYS / 2 { 2 } else { 1 })).collect();
    expected.sort();
    bench.await_output("what the table knows", |bench| {
        let mut texts = bench.texts();
        texts.sort();
        texts == expected
    });
    close(&app);
}

/// What a topic of the next two tests takes; a record of `REFUSED` bytes is refused by the broker, one of `TOO_LARGE` by the producer.
const LIMIT: &str = "20000";
const REFUSED: usize = 22_000;
const TOO_LARGE: usize = 30_000;

/// E15: output waits for its commit in batches of which the producer could make much larger ones than the topic takes. All of it arrives but
/// the records that are too large themselves, and for each of those the handler is asked once. What a broker has refused cannot be left out of
/// a transaction; exactly once, all records that are too large are so for the producer.
pub fn of_batches_only_what_is_too_large_is_refused(fixture: &dyn AppFixture) {
    const RECORDS: usize = 50_000;
    let mut bench = Bench::new(fixture);
    let small = bench.clients.topic_with(1, &[("max.message.bytes", LIMIT)]);
    let mut left_out = Vec::new();
    for n in 0..RECORDS {
        let size = match n % 5_000 {
            1_234 => TOO_LARGE,
            3_210 if fixture.exactly_once() => TOO_LARGE,
            3_210 => REFUSED,
            _ => 100,
        };
        if size > 100 {
            left_out.push(n);
        }
        bench.put(0, None, Some(format!("{n:>size$}").as_bytes()), TIME + n as i64);
    }
    bench.flush();
    let builder = StreamsBuilder::new();
    builder.stream::<(), String>(bench.input.as_str()).to(&small);
    let config = bench
        .config("a")
        .set("producer.linger.ms", "300000")
        .set("producer.batch.size", "33554432")
        .set("max.request.size", "25000")
        .set("compression.type", "none");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let note = asked.clone();
    let app = bench
        .builder(builder.build().expect("the topology is right"), config)
        .production_exception_handler(move |context: &ProductionContext<'_>, error: &Error| {
            note.lock().unwrap().push(format!("{}: {error}", context.topic));
            ProductionResponse::Resume
        })
        .start()
        .expect("the application starts");
    bench.await_committed(&bench.input, 0, RECORDS as i64);
    let aborted = app.metrics().sum("streams_transactions_aborted_total", &[]).unwrap_or_default();
    close(&app);

    let mut numbers = Vec::new();
    let mut reader = bench.clients.committed_reader(&small, 0, 0);
    wait_for("the output", || {
        let number = |value: Option<Vec<u8>>| String::from_utf8(value.expect("a value")).expect("a text").trim().parse::<usize>();
        numbers.extend(reader.fetch(10_000).expect("it can be read").into_iter().map(|r| number(r.value).expect("a number")));
        (numbers.len() >= RECORDS - left_out.len()).then_some(())
    });
    let all_others = (0..RECORDS).filter(|n| !left_out.contains(n));
    assert!(numbers.iter().copied().eq(all_others), "each once, in order");
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|text| text.starts_with(&small) && text.contains("bytes")), "{asked:?}");
    // a transaction that is aborted is done again, and its records are asked about again
    assert!(asked.len() == left_out.len() || asked.len() > left_out.len() && aborted > 0.0, "{aborted} aborted: {asked:?}");
}

/// E15: state without its log could not be restored, whatever the handler says.
pub fn a_change_too_large_for_the_changelog_ends_the_application(fixture: &dyn AppFixture) {
    for size in [REFUSED, TOO_LARGE] {
        let mut bench = Bench::new(fixture);
        let builder = StreamsBuilder::new();
        builder
            .stream::<String, String>(bench.input.as_str())
            .group_by_key()
            .reduce_with(|old, new| format!("{old}{new}"), "joined")
            .to_stream()
            .for_each(|_, _| ());
        let config = bench
            .config("a")
            .set("topic.max.message.bytes", LIMIT)
            .set("max.request.size", "25000")
            .set("compression.type", "none")
            .set("production.exception.handler", "LogAndContinueProductionExceptionHandler");
        let topology = builder.build().expect("the topology is right");
        for n in 0..100 {
            bench.put(0, Some(format!("key-{}", n % 7).as_bytes()), Some(b"a"), TIME + n);
        }
        bench.flush();
        let app = bench.start(topology.clone(), config.clone());
        bench.await_committed(&bench.input, 0, 100);
        bench.put(0, Some(b"key-1"), Some("b".repeat(size).as_bytes()), TIME + 1_000);
        bench.flush();
        let error = end_of(&app);
        let changelog = format!("{}-joined-changelog", bench.app);
        assert!(error.kind() == ErrorKind::Rejected && error.to_string().contains(&changelog), "{error}");
        assert_eq!(bench.committed(&bench.input, 0), Some(100), "nothing is committed past it");
        drop(app);
        let again = bench.failure(topology, config);
        assert!(again.to_string().contains(&changelog), "{again}");
    }
}
