//! An operator each: how it is built on a stream of numbers, and what it writes as text.

use super::processed::{Before, Changes, Sums, SumsBySession, SumsByWindow, SumsWithHeaders, Totalled, Totals};
use std::fmt::Debug;
use std::time::Duration;
use streams_core::serde::{I64Serde, ListSerde, StringSerde};
use streams_core::state::Stores;
use streams_core::{
    BufferConfig, CogroupedKStream, Data, Deduplicated, EmitStrategy, JoinWindows, Joined, KStream, KTable, Materialized, SessionWindows,
    SlidingWindows, StreamJoined, StreamsBuilder, Suppressed, TableJoined, TimeWindows, UnlimitedWindows, Window, Windowed, Windows,
};

const SIZE: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(5);

/// Asks another sub-topology, which has work of its own: only what its rows are at the end is certain.
pub(super) const FOREIGN: &str = "foreign";

type Texts = KStream<String, String>;
type Operator = fn(&StreamsBuilder, &KStream<String, i64>) -> Texts;

/// By the name of the store, which is that of the operator.
pub(super) const OPERATORS: [(&str, Operator); 56] = [
    ("reduced", |_, s| rows(&s.group_by_key().reduce_with(|a, b| a * 3 + b, named("reduced")))),
    ("folded", |_, s| rows(&s.group_by_key().fold_with(sum_unless_ten, named("folded")))),
    ("folded-windows", |_, s| windows(&s.group_by_key().windowed_by(tumbling()).fold_with(sum_unless_ten, named("folded-windows")))),
    ("folded-sessions", |_, s| {
        let sessions = SessionWindows::with_gap(Duration::from_secs(2)).grace(GRACE);
        let merge = |_: &String, sum: &mut Option<i64>, other: i64| *sum = Some(sum.unwrap_or(0) + other);
        windows(&s.group_by_key().windowed_by(sessions).fold_with(sum_unless_ten, merge, named("folded-sessions")))
    }),
    ("filtered", |_, s| {
        rows(&s.to_table_with(kept("filtered")).filter_with(|_, value| value % 3 != 0, named::<String, i64>("filtered-rows")))
    }),
    ("self-joined", |_, s| shown(s.join_with(s, |l, r| (*l, *r), join_windows(), stores("self-joined")))),
    ("regrouped", |_, s| rows(&s.group_by(|_, value| format!("g{}", value % 3)).count_with(named("regrouped")))),
    ("tumbling", |_, s| windows(&s.group_by_key().windowed_by(tumbling()).count_with(named("tumbling")))),
    ("hopping", |_, s| {
        let hopping = TimeWindows::hopping(SIZE, Duration::from_secs(3)).grace(GRACE);
        windows(&s.group_by_key().windowed_by(hopping).reduce_with(|a, b| a * 3 + b, named("hopping")))
    }),
    ("mergeable", |_, s| {
        let hopping = TimeWindows::hopping(SIZE, Duration::from_secs(3)).grace(GRACE);
        windows(&s.group_by_key().windowed_by(hopping).count_mergeable_with(named("mergeable")))
    }),
    ("sliding", |_, s| windows(&s.group_by_key().windowed_by(SlidingWindows::within(SIZE).grace(GRACE)).count_with(named("sliding")))),
    ("unlimited", |_, s| windows(&s.group_by_key().windowed_by(UnlimitedWindows::new()).count_with(named("unlimited")))),
    ("sessions", |_, s| {
        let sessions = SessionWindows::with_gap(Duration::from_secs(2)).grace(GRACE);
        windows(&s.group_by_key().windowed_by(sessions).reduce_with(|a, b| a + b, named("sessions")))
    }),
    ("closed", |_, s| {
        let closed = s.group_by_key().windowed_by(tumbling()).emit_strategy(EmitStrategy::on_window_close());
        windows(&closed.count_with(named("closed")))
    }),
    ("suppressed", |_, s| {
        let counts = s.group_by_key().windowed_by(tumbling()).count_with(named("suppressed"));
        windows(&counts.suppress(Suppressed::until_window_closes(BufferConfig::unbounded()).named("suppressed-buffer")))
    }),
    ("held", |_, s| {
        let held = Suppressed::until_time_limit(SIZE, BufferConfig::max_records(3)).named("held-buffer");
        rows(&s.group_by_key().count_with(named("held")).suppress(held))
    }),
    ("cogrouped", |_, s| rows(&cogrouped(s).aggregate_with(|| 0, named("cogrouped")))),
    ("joined", |_, s| shown(left(s).join_with(&right(s), |l, r| (*l, *r), join_windows(), stores("joined")))),
    ("left-joined", |_, s| {
        shown(left(s).left_join_with(&right(s), |l, r: Option<&i64>| (*l, r.copied()), join_windows(), stores("left-joined")))
    }),
    ("outer-joined", |_, s| {
        let both = |l: Option<&i64>, r: Option<&i64>| (l.copied(), r.copied());
        shown(left(s).outer_join_with(&right(s), both, join_windows(), stores("outer-joined")))
    }),
    ("looked-up", |_, s| {
        let table = right(s).to_table_with(kept("looked-up"));
        shown(left(s).left_join_table(&table, |value, row| (value, row.copied())))
    }),
    ("tables", |_, s| rows(&tables(s, "tables").0.join(&tables(s, "tables-inner").1, |l, r| l * 1_000 + r))),
    ("outer-tables", |_, s| {
        let (left, right) = tables(s, "outer-tables");
        rows(&left.outer_join(&right, |l, r| l.copied().unwrap_or(-1) * 1_000 + r.copied().unwrap_or(-1)))
    }),
    ("grouped-table", |_, s| {
        let table = s.to_table_with(kept("grouped-table"));
        rows(&table.group_by(|_, value| (format!("g{}", value % 3), *value)).reduce_with(
            |a, b| a + b,
            |a, b| a - b,
            named("grouped-table-sums"),
        ))
    }),
    ("kept-results", |_, s| {
        rows(&s.to_table_with(kept("kept-results")).map_values_with(|value| value % 7, named::<String, i64>("kept-sevenths")))
    }),
    ("sessions-closed", |_, s| {
        let sessions = SessionWindows::with_gap(Duration::from_secs(2)).grace(GRACE);
        let closed = s.group_by_key().windowed_by(sessions).emit_strategy(EmitStrategy::on_window_close());
        windows(&closed.count_with(named("sessions-closed")))
    }),
    ("cogrouped-sliding", |_, s| {
        windows(&cogrouped(s).windowed_by(SlidingWindows::within(SIZE).grace(GRACE)).aggregate_with(|| 0, named("cogrouped-sliding")))
    }),
    ("cogrouped-sessions", |_, s| {
        let sessions = SessionWindows::with_gap(Duration::from_secs(2)).grace(GRACE);
        let merge = |_: &String, a: &mut i64, b: i64| *a += b;
        windows(&cogrouped(s).windowed_by(sessions).aggregate_with(|| 0, merge, named("cogrouped-sessions")))
    }),
    ("deduplicated", |_, s| {
        let options = Deduplicated::default().store_name("deduplicated");
        shown(s.deduplicate_by_key_value_with(|_, value| Some(value % 10), SIZE, options))
    }),
    ("expiring", |_, s| rows(&s.to_table_with(kept("expiring").ttl(SIZE)))),
    ("largest", |_, s| rows(&s.group_by_key().top_n_with(3, |value: &i64| *value, named_list("largest")))),
    ("versions", |_, s| {
        let table = right(s).to_table_with(kept("versions").versioned(Duration::from_secs(3600)));
        shown(left(s).left_join_table(&table, |value, row| (value, row.copied())))
    }),
    ("waiting", |_, s| {
        let table = right(s).to_table_with(kept("waiting").versioned(Duration::from_secs(3600)));
        let joined = Joined::default().named("waiting-join").grace(GRACE);
        shown(left(s).left_join_table_with(&table, |value, row| (value, row.copied()), joined))
    }),
    ("averages", |_, s| {
        let add = |_: &String, value: i64, all: &mut Vec<i64>| all.push(value);
        rows(
            &s.group_by_key()
                .aggregate_with(Vec::new, add, named_list("averages"))
                .map_values(|all| all.iter().sum::<i64>() / all.len() as i64),
        )
    }),
    (FOREIGN, |_, s| {
        let (left, right) = tables(s, "foreign");
        let by_last_digit = |_: &String, value: &i64| Some(format!("key-{}", value % 5));
        rows(&left.join_on_foreign_key_with(&right, by_last_digit, |l, r| l * 1_000 + r, TableJoined::default().named("foreign-join")))
    }),
    ("left-foreign", |_, s| {
        let (left, right) = tables(s, "left-foreign");
        let by_last_digit = |_: &String, value: &i64| Some(format!("key-{}", value % 5));
        let both = |l: &i64, r: Option<&i64>| l * 1_000 + r.copied().unwrap_or(-1);
        rows(&left.left_join_on_foreign_key_with(&right, by_last_digit, both, TableJoined::default().named("left-foreign-join")))
    }),
    ("left-tables", |_, s| {
        let (left, right) = tables(s, "left-tables");
        rows(&left.left_join(&right, |l, r| l * 1_000 + r.copied().unwrap_or(-1)))
    }),
    ("own-windows", |_, s| windows(&s.group_by_key().windowed_by(Gaps).count_with(named("own-windows")))),
    ("sliding-closed", |_, s| {
        let sliding = s.group_by_key().windowed_by(SlidingWindows::within(SIZE).grace(GRACE));
        windows(&sliding.emit_strategy(EmitStrategy::on_window_close()).count_with(named("sliding-closed")))
    }),
    ("cogrouped-tumbling", |_, s| windows(&cogrouped(s).windowed_by(tumbling()).aggregate_with(|| 0, named("cogrouped-tumbling")))),
    ("grouped-counts", |_, s| {
        let table = s.to_table_with(kept("grouped-counts"));
        rows(&table.group_by(|_, value| (format!("g{}", value % 3), *value)).count_with(named("grouped-counts-result")))
    }),
    ("grouped-folds", |_, s| {
        let table = s.to_table_with(kept("grouped-folds"));
        let grouped = table.group_by(|_, value| (format!("g{}", value % 3), *value));
        let (add, subtract) =
            (|_: &String, value: i64, all: &mut i64| *all += value, |_: &String, value: i64, all: &mut i64| *all -= value);
        rows(&grouped.aggregate_with(|| 0, add, subtract, named("grouped-folds-result")))
    }),
    ("ranked-groups", |_, s| {
        let table = s.to_table_with(kept("ranked-groups"));
        let grouped = table.group_by(|_, value| (format!("g{}", value % 3), *value));
        rows(&grouped.top_n_with(2, |value: &i64| *value, named_list("ranked-groups-result")))
    }),
    ("largest-in-windows", |_, s| {
        windows(&s.group_by_key().windowed_by(tumbling()).top_n_with(2, |value: &i64| *value, named_list("largest-in-windows")))
    }),
    ("too-late", |_, s| {
        let windowed = s.group_by_key().windowed_by(tumbling());
        let _counts = windowed.count_with(named("too-late"));
        shown(windowed.late_records())
    }),
    ("processed", |builder, s| {
        let sums = builder.add_state_store(Stores::key_value::<String, i64>("processed"));
        s.process(sums, |_, sums| Sums { sums })
    }),
    ("processed-sessions", |builder, s| {
        let sessions = builder.add_state_store(Stores::session::<String, i64>("processed-sessions", Duration::from_secs(3600)));
        s.process(sessions, |_, sessions| SumsBySession { sessions })
    }),
    ("processed-versions", |builder, s| {
        let versions = builder.add_state_store(Stores::versioned_key_value::<String, i64>("processed-versions", Duration::from_secs(3600)));
        s.process(versions, |_, versions| Before { versions })
    }),
    ("processed-lru", |builder, s| {
        // as many as there are keys: which were used last is not restored
        let sums = builder.add_state_store(Stores::lru_map::<String, i64>("processed-lru", 5));
        s.process(sums, |_, sums| Sums { sums })
    }),
    ("processed-with-headers", |builder, s| {
        let rows = builder.add_state_store(Stores::key_value::<String, i64>("processed-with-headers").with_headers());
        s.process(rows, |_, rows| SumsWithHeaders { rows })
    }),
    ("processed-own", |builder, s| {
        let own = builder.add_state_store(Stores::own("processed-own", |_| Ok(Totals::default())));
        s.process(own, |_, own| Totalled { own })
    }),
    ("processed-windows", |builder, s| {
        let windows = builder.add_state_store(Stores::window::<String, i64>("processed-windows", Duration::from_secs(60), SIZE));
        s.process(windows, |_, windows| SumsByWindow { windows })
    }),
    ("transformed", |builder, s| {
        let seen = builder.add_state_store(Stores::key_value::<String, i64>("transformed-seen"));
        rows(&s.to_table_with(kept("transformed")).transform_values(seen, |_, seen| Changes { seen }))
    }),
    ("reduced-in-memory", |_, s| rows(&s.group_by_key().reduce_with(|a, b| a * 3 + b, kept("reduced-in-memory").in_memory()))),
    ("tumbling-in-memory", |_, s| windows(&s.group_by_key().windowed_by(tumbling()).count_with(named("tumbling-in-memory").in_memory()))),
    ("joined-in-memory", |_, s| {
        let both = |l: Option<&i64>, r: Option<&i64>| (l.copied(), r.copied());
        shown(left(s).outer_join_with(&right(s), both, join_windows(), stores("joined-in-memory").in_memory()))
    }),
];

/// Whole tens delete.
#[allow(clippy::ptr_arg, reason = "an aggregator of texts")]
fn sum_unless_ten(_: &String, value: i64, sum: &mut Option<i64>) {
    *sum = (value % 10 != 0).then(|| sum.unwrap_or(0) + value);
}

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

/// 3 s of every 10.
struct Gaps;

impl Windows for Gaps {
    fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window)) {
        let start = timestamp.div_euclid(10_000) * 10_000;
        if timestamp < start + 3_000 {
            found(Window::new(start, start + 3_000));
        }
    }
    fn size(&self) -> Duration {
        Duration::from_secs(3)
    }
    fn grace(&self) -> Duration {
        GRACE
    }
}
