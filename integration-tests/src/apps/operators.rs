//! Every stateful operator, in an application that is closed in the middle and goes on, once with its state and once without: it writes what the test
//! driver writes that nobody interrupts, record by record.

use super::AppFixture;
use super::bench::{Bench, close};
use crate::behaviour::clients::{Seen, wait_for};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use streams_core::config::StreamsConfig;
use streams_core::serde::{I64Serde, ListSerde, StringSerde};
use streams_core::testing::TopologyTestDriver;
use streams_core::{
    BufferConfig, CogroupedKStream, Data, Deduplicated, EmitStrategy, JoinWindows, Joined, KStream, KTable, Materialized, SessionWindows,
    SlidingWindows, StreamJoined, StreamsBuilder, Suppressed, TableJoined, TimeWindows, Topology, UnlimitedWindows, Windowed,
};

const RECORDS: usize = 600;
const SIZE: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(5);

type Texts = KStream<String, String>;
type Operator = fn(&KStream<String, i64>) -> Texts;

/// By the name of the store, which is that of the operator.
const OPERATORS: [(&str, Operator); 30] = [
    ("reduced", |s| rows(&s.group_by_key().reduce_with(|a, b| a * 3 + b, named("reduced")))),
    ("regrouped", |s| rows(&s.group_by(|_, value| format!("g{}", value % 3)).count_with(named("regrouped")))),
    ("tumbling", |s| windows(&s.group_by_key().windowed_by(tumbling()).count_with(named("tumbling")))),
    ("hopping", |s| {
        let hopping = TimeWindows::hopping(SIZE, Duration::from_secs(3)).grace(GRACE);
        windows(&s.group_by_key().windowed_by(hopping).reduce_with(|a, b| a * 3 + b, named("hopping")))
    }),
    ("mergeable", |s| {
        let hopping = TimeWindows::hopping(SIZE, Duration::from_secs(3)).grace(GRACE);
        windows(&s.group_by_key().windowed_by(hopping).count_mergeable_with(named("mergeable")))
    }),
    ("sliding", |s| windows(&s.group_by_key().windowed_by(SlidingWindows::within(SIZE).grace(GRACE)).count_with(named("sliding")))),
    ("unlimited", |s| windows(&s.group_by_key().windowed_by(UnlimitedWindows::new()).count_with(named("unlimited")))),
    ("sessions", |s| {
        let sessions = SessionWindows::with_gap(Duration::from_secs(2)).grace(GRACE);
        windows(&s.group_by_key().windowed_by(sessions).reduce_with(|a, b| a + b, named("sessions")))
    }),
    ("closed", |s| {
        let closed = s.group_by_key().windowed_by(tumbling()).emit_strategy(EmitStrategy::on_window_close());
        windows(&closed.count_with(named("closed")))
    }),
    ("suppressed", |s| {
        let counts = s.group_by_key().windowed_by(tumbling()).count_with(named("suppressed"));
        windows(&counts.suppress(Suppressed::until_window_closes(BufferConfig::unbounded()).named("suppressed-buffer")))
    }),
    ("held", |s| {
        let held = Suppressed::until_time_limit(SIZE, BufferConfig::max_records(3)).named("held-buffer");
        rows(&s.group_by_key().count_with(named("held")).suppress(held))
    }),
    ("cogrouped", |s| rows(&cogrouped(s).aggregate_with(|| 0, named("cogrouped")))),
    ("joined", |s| shown(left(s).join_with(&right(s), |l, r| (*l, *r), join_windows(), stores("joined")))),
    ("left-joined", |s| {
        shown(left(s).left_join_with(&right(s), |l, r: Option<&i64>| (*l, r.copied()), join_windows(), stores("left-joined")))
    }),
    ("outer-joined", |s| {
        let both = |l: Option<&i64>, r: Option<&i64>| (l.copied(), r.copied());
        shown(left(s).outer_join_with(&right(s), both, join_windows(), stores("outer-joined")))
    }),
    ("looked-up", |s| {
        let table = right(s).to_table_with(kept("looked-up"));
        shown(left(s).left_join_table(&table, |value, row| (value, row.copied())))
    }),
    ("tables", |s| rows(&tables(s, "tables").0.join(&tables(s, "tables-inner").1, |l, r| l * 1_000 + r))),
    ("outer-tables", |s| {
        let (left, right) = tables(s, "outer-tables");
        rows(&left.outer_join(&right, |l, r| l.copied().unwrap_or(-1) * 1_000 + r.copied().unwrap_or(-1)))
    }),
    ("grouped-table", |s| {
        let table = s.to_table_with(kept("grouped-table"));
        rows(&table.group_by(|_, value| (format!("g{}", value % 3), *value)).reduce_with(
            |a, b| a + b,
            |a, b| a - b,
            named("grouped-table-sums"),
        ))
    }),
    ("kept-results", |s| {
        rows(&s.to_table_with(kept("kept-results")).map_values_with(|value| value % 7, named::<String, i64>("kept-sevenths")))
    }),
    ("sessions-closed", |s| {
        let sessions = SessionWindows::with_gap(Duration::from_secs(2)).grace(GRACE);
        let closed = s.group_by_key().windowed_by(sessions).emit_strategy(EmitStrategy::on_window_close());
        windows(&closed.count_with(named("sessions-closed")))
    }),
    ("cogrouped-sliding", |s| {
        windows(&cogrouped(s).windowed_by(SlidingWindows::within(SIZE).grace(GRACE)).aggregate_with(|| 0, named("cogrouped-sliding")))
    }),
    ("cogrouped-sessions", |s| {
        let sessions = SessionWindows::with_gap(Duration::from_secs(2)).grace(GRACE);
        let merge = |_: &String, a: &mut i64, b: i64| *a += b;
        windows(&cogrouped(s).windowed_by(sessions).aggregate_with(|| 0, merge, named("cogrouped-sessions")))
    }),
    ("deduplicated", |s| {
        let options = Deduplicated::default().store_name("deduplicated");
        shown(s.deduplicate_by_key_value_with(|_, value| Some(value % 10), SIZE, options))
    }),
    ("expiring", |s| rows(&s.to_table_with(kept("expiring").ttl(SIZE)))),
    ("largest", |s| rows(&s.group_by_key().top_n_with(3, |value: &i64| *value, named_list("largest")))),
    ("versions", |s| {
        let table = right(s).to_table_with(kept("versions").versioned(Duration::from_secs(3600)));
        shown(left(s).left_join_table(&table, |value, row| (value, row.copied())))
    }),
    ("waiting", |s| {
        let table = right(s).to_table_with(kept("waiting").versioned(Duration::from_secs(3600)));
        let joined = Joined::default().named("waiting-join").grace(GRACE);
        shown(left(s).left_join_table_with(&table, |value, row| (value, row.copied()), joined))
    }),
    ("averages", |s| {
        let add = |_: &String, value: i64, all: &mut Vec<i64>| all.push(value);
        rows(
            &s.group_by_key()
                .aggregate_with(Vec::new, add, named_list("averages"))
                .map_values(|all| all.iter().sum::<i64>() / all.len() as i64),
        )
    }),
    (FOREIGN, |s| {
        let (left, right) = tables(s, "foreign");
        let by_last_digit = |_: &String, value: &i64| Some(format!("key-{}", value % 5));
        rows(&left.join_on_foreign_key_with(&right, by_last_digit, |l, r| l * 1_000 + r, TableJoined::default().named("foreign-join")))
    }),
];

/// Asks another sub-topology, which has work of its own: only what its rows are at the end is certain.
const FOREIGN: &str = "foreign";

fn named<K: Data, V: Data>(store: &str) -> Materialized<K, V>
where
    Materialized<K, V>: Default,
{
    Materialized::default().named(store)
}

fn named_list(store: &str) -> Materialized<String, Vec<i64>> {
    Materialized::with(StringSerde, ListSerde::new(I64Serde)).named(store)
}

fn cogrouped(source: &KStream<String, i64>) -> CogroupedKStream<String, i64> {
    let right = right(source).group_by_key();
    let left = left(source).group_by_key().cogroup(|_, value, all: &mut i64| *all = all.wrapping_mul(3) + value);
    left.cogroup(&right, |_, value, all| *all = all.wrapping_mul(5) - value)
}

fn kept(store: &str) -> Materialized<String, i64> {
    named(store)
}

fn tumbling() -> TimeWindows {
    TimeWindows::tumbling(SIZE).grace(GRACE)
}

fn join_windows() -> JoinWindows {
    JoinWindows::within(Duration::from_secs(4)).grace(GRACE)
}

fn stores(name: &str) -> StreamJoined<String, i64, i64> {
    StreamJoined::default().named(name).store_name(name)
}

fn left(source: &KStream<String, i64>) -> KStream<String, i64> {
    source.filter(|_, value| value % 2 == 0)
}

fn right(source: &KStream<String, i64>) -> KStream<String, i64> {
    source.filter(|_, value| value % 2 != 0)
}

fn tables(source: &KStream<String, i64>, name: &str) -> (KTable<String, i64>, KTable<String, i64>) {
    (left(source).to_table_with(kept(&format!("{name}-left"))), right(source).to_table_with(kept(&format!("{name}-right"))))
}

fn shown<V: Data + Debug>(stream: KStream<String, V>) -> Texts {
    stream.map_values(|value| format!("{value:?}"))
}

fn rows<V: Data + Debug>(table: &KTable<String, V>) -> Texts {
    shown(table.to_stream())
}

fn windows<V: Data + Debug>(table: &KTable<Windowed<String>, V>) -> Texts {
    let key = |windowed: Windowed<String>| format!("{} {} {}", windowed.key, windowed.window.start, windowed.window.end);
    table.to_stream().map(move |windowed, value| (key(windowed), format!("{value:?}")))
}

/// All operators on one topic; each writes to the topic of its place.
fn topology(input: &str, outputs: &[String]) -> Topology {
    let builder = StreamsBuilder::new();
    let source = builder.stream::<String, i64>(input);
    for ((_, operator), output) in OPERATORS.iter().zip(outputs) {
        operator(&source).to(output);
    }
    builder.build().expect("the topology is right")
}

/// Records of a few keys, out of order by up to 12 s: some are late. `begin`: now, as a broker deletes what a window's changelog has of long ago.
fn records(begin: i64) -> Vec<(String, i64, i64)> {
    let mut random = 7_u64;
    let mut next = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let record = |n: usize| {
        // the first ones after a restart are too late for whoever remembers what came before it
        let is_first = n >= RECORDS / 3 && n % (RECORDS / 3) < 4;
        let late = if is_first { 30_000 + next(3_000) } else { next(4).checked_sub(3).map_or(0, |_| next(12_000)) };
        (format!("key-{}", next(5)), next(100) as i64, begin + n as i64 * 200 - late as i64)
    };
    (0..RECORDS).map(record).collect()
}

type Record = (Option<Vec<u8>>, Option<Vec<u8>>, i64);

/// What the driver writes to each output.
fn expected(topology: &Topology, outputs: &[String], records: &[(String, i64, i64)]) -> Vec<Vec<Record>> {
    let config = StreamsConfig::new("driver", "embedded").set("statestore.cache.max.bytes", "0");
    let driver = TopologyTestDriver::builder(topology).config(config).build().expect("the driver starts");
    let mut input = driver.input::<String, i64>("in");
    for (key, value, time) in records {
        input.pipe_at(key.clone(), *value, *time).expect("the record is processed");
    }
    let written = |topic: &String| {
        let records = driver.output::<String, String>(topic).read_records().expect("texts");
        records.into_iter().map(|r| (Some(r.key.into_bytes()), Some(r.value.into_bytes()), r.timestamp)).collect()
    };
    outputs.iter().map(written).collect()
}

fn last_rows(records: &[Record]) -> BTreeMap<&Option<Vec<u8>>, &Option<Vec<u8>>> {
    records.iter().map(|(key, value, _)| (key, value)).collect()
}

pub fn every_stateful_operator_goes_on_after_a_restart_as_if_there_had_been_none(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let input = bench.clients.topic(1);
    let outputs: Vec<String> = OPERATORS.iter().map(|_| bench.clients.topic(1)).collect();
    let begin = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64 / 60_000 * 60_000 - 300_000;
    let records = records(begin);
    let expected = expected(&topology("in", &outputs), &outputs, &records);
    let mut written: Vec<Vec<Record>> = vec![Vec::new(); outputs.len()];
    for (round, part) in records.chunks(RECORDS / 3).enumerate() {
        let app = bench.start(topology(&input, &outputs), bench.config("a").set("statestore.cache.max.bytes", "0"));
        for (key, value, time) in part {
            bench.put_to(&input, 0, Some(key.as_bytes()), Some(&value.to_be_bytes()), *time);
        }
        bench.flush();
        bench.await_committed(&input, 0, (RECORDS / 3 * (round + 1)) as i64);
        if round == 2 {
            for (n, topic) in outputs.iter().enumerate() {
                let mut reader = bench.clients.committed_reader(topic, 0, 0);
                let is_foreign = OPERATORS[n].0 == FOREIGN;
                let what = format!("the output of {}", OPERATORS[n].0);
                wait_for(&what, || {
                    let seen = reader.fetch(1_000).expect("it can be read");
                    written[n].extend(seen.into_iter().map(|Seen { key, value, timestamp, .. }| (key, value, timestamp)));
                    let all =
                        if is_foreign { last_rows(&written[n]) == last_rows(&expected[n]) } else { written[n].len() >= expected[n].len() };
                    all.then_some(())
                });
            }
        }
        close(&app);
        // the third begins without its state
        if round == 1 {
            app.clean_up().expect("nothing runs");
        }
    }
    for (n, (name, _)) in OPERATORS.iter().enumerate() {
        assert!(!expected[n].is_empty(), "{name} writes something");
        if *name != FOREIGN {
            let first = written[n].iter().zip(&expected[n]).position(|(written, expected)| written != expected);
            assert_eq!(
                (first, written[n].len()),
                (None, expected[n].len()),
                "{name}: {:?}",
                first.map(|at| (&written[n][at], &expected[n][at]))
            );
        }
    }
}
