//! Topologies of tables, of which each can be with caches and without.

use std::time::Duration;
use streams_core::processor::{TransformContext, ValueTransformer};
use streams_core::serde::{DefaultSerde, I64Serde, ListSerde, StringSerde};
use streams_core::{
    BoxError, Consumed, Data, KGroupedStream, KGroupedTable, KTable, Materialized, SessionWindows, SlidingWindows, StreamsBuilder,
    TableJoined, TimeWindows, UnlimitedWindows, Window, Windows,
};

/// A builder, and whether its stores have caches.
pub struct Made {
    pub builder: StreamsBuilder,
    pub cached: bool,
}

impl Made {
    fn kept<K: Data + DefaultSerde, V: Data + DefaultSerde>(&self, name: &str) -> Materialized<K, V> {
        let kept = Materialized::from(name);
        if self.cached { kept } else { kept.caching_disabled() }
    }

    /// One of the topics of tables, kept.
    fn table(&self, topic: &str) -> KTable<String, i64> {
        self.builder.table_with(topic, Consumed::default(), self.kept::<String, i64>(&format!("{topic}-rows")))
    }

    fn uncached(&self, topic: &str) -> KTable<String, i64> {
        let rows = Materialized::from(format!("{topic}-rows").as_str()).caching_disabled();
        self.builder.table_with(topic, Consumed::default(), rows)
    }

    fn grouped(&self, topic: &str) -> KGroupedStream<String, i64> {
        self.builder.stream::<String, i64>(topic).group_by_key()
    }

    fn counts(&self, topic: &str) -> KTable<String, i64> {
        self.grouped(topic).aggregate_with(|| 0, |_, _, count| *count += 1, self.kept::<String, i64>(&format!("{topic}-counts")))
    }

    /// Sums and numbers of the rows of each group. A group without rows is none: whether it had some between two commits cannot be seen.
    fn sums<K: Data + DefaultSerde>(&self, grouped: &KGroupedTable<K, i64>) -> KTable<K, i64> {
        let add = |_: &K, value: i64, sum: &mut Option<i64>| *sum = Some(sum.unwrap_or(0) + value * 1_000 + 1);
        let subtract = |_: &K, value: i64, sum: &mut Option<i64>| *sum = sum.map(|sum| sum - value * 1_000 - 1).filter(|sum| *sum != 0);
        grouped.fold_with(add, subtract, self.kept::<K, i64>("sums"))
    }

    fn out<K: Data + std::fmt::Debug>(&self, table: &KTable<K, i64>) {
        table.to_stream().map(|key, value| (format!("{key:?}"), value)).to("out");
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The order of records can be seen in it.
fn fold(value: i64, sum: &mut i64) {
    *sum = (sum.wrapping_mul(31) + value) % 1_000_003;
}

fn aggregated(m: &Made) {
    m.out(&m.grouped("in").aggregate_with(|| 7, |_, value, sum| fold(value, sum), m.kept::<String, i64>("sums")));
}

/// Some values delete.
fn forget(_: &String, value: i64, slot: &mut Option<i64>) {
    *slot = (value % 4 != 0).then(|| slot.unwrap_or(1) * 3 % 1_000 + value);
}

fn folded_with_deletions(m: &Made) {
    m.out(&m.grouped("in").fold_with(forget, m.kept::<String, i64>("folded")));
}

fn hopping_with_deletions(m: &Made) {
    let windowed = m.grouped("in").windowed_by(TimeWindows::hopping(ms(20), ms(7)).grace(ms(30)));
    m.out(&windowed.fold_with(forget, m.kept::<String, i64>("windows")));
}

fn sliding_with_deletions(m: &Made) {
    let windowed = m.grouped("in").windowed_by(SlidingWindows::within(ms(15)).grace(ms(30)));
    m.out(&windowed.fold_with(forget, m.kept::<String, i64>("windows")));
}

fn sessions_with_deletions(m: &Made) {
    let windowed = m.grouped("in").windowed_by(SessionWindows::with_gap(ms(8)).grace(ms(20)));
    let merge = |_: &String, one: &mut Option<i64>, other: i64| *one = (other % 5 != 0).then(|| one.unwrap_or(7) % 1_000 * 5 + other);
    m.out(&windowed.fold_with(forget, merge, m.kept::<String, i64>("sessions")));
}

fn windows_with_deletions_grouped_again(m: &Made) {
    let windowed = m.grouped("in").windowed_by(TimeWindows::tumbling(ms(20)).grace(ms(40)));
    let windows = windowed.fold_with(forget, m.kept::<String, i64>("windows"));
    let by_start = windows.group_by(|windowed, sum| (windowed.window.start, *sum));
    m.out(&m.sums(&by_start));
}

fn sessions_with_deletions_grouped_again(m: &Made) {
    let windowed = m.grouped("in").windowed_by(SessionWindows::with_gap(ms(8)).grace(ms(60)));
    let sessions = windowed.fold_with(forget, |_, one, other| *one = Some(one.unwrap_or(0) % 1_000 * 3 + other), m.kept("sessions"));
    let by_key = sessions.group_by(|windowed, sum| (windowed.key.clone(), *sum));
    m.out(&m.sums(&by_key));
}

fn tumbling(m: &Made) {
    let windowed = m.grouped("in").windowed_by(TimeWindows::tumbling(ms(20)).grace(ms(10)));
    m.out(&windowed.aggregate_with(|| 7, |_, value, sum| fold(value, sum), m.kept::<String, i64>("windows")));
}

fn hopping(m: &Made) {
    let windowed = m.grouped("in").windowed_by(TimeWindows::hopping(ms(20), ms(7)).grace(ms(30)));
    m.out(&windowed.reduce_with(|a, b| (a * 31 + b) % 1_003, m.kept::<String, i64>("windows")));
}

fn sliding(m: &Made) {
    let windowed = m.grouped("in").windowed_by(SlidingWindows::within(ms(15)).grace(ms(30)));
    m.out(&windowed.aggregate_with(|| 7, |_, value, sum| fold(value, sum), m.kept::<String, i64>("windows")));
}

fn sessions(m: &Made) {
    let windowed = m.grouped("in").windowed_by(SessionWindows::with_gap(ms(8)).grace(ms(20)));
    let merge = |_: &String, one: &mut i64, other| fold(other, one);
    m.out(&windowed.aggregate_with(|| 7, |_, value, sum| fold(value, sum), merge, m.kept::<String, i64>("sessions")));
}

fn windows_grouped_again(m: &Made) {
    let windowed = m.grouped("in").windowed_by(TimeWindows::tumbling(ms(20)).grace(ms(40)));
    let windows = windowed.reduce_with(|a, b| a + b, m.kept::<String, i64>("windows"));
    let by_start = windows.group_by(|windowed, sum| (windowed.window.start, *sum));
    m.out(&m.sums(&by_start));
}

fn sessions_grouped_again(m: &Made) {
    let windowed = m.grouped("in").windowed_by(SessionWindows::with_gap(ms(8)).grace(ms(60)));
    let sessions = windowed.reduce_with(|a, b| a + b, m.kept::<String, i64>("sessions"));
    let by_key = sessions.group_by(|windowed, sum| (windowed.key.clone(), *sum));
    m.out(&m.sums(&by_key));
}

fn histogram(m: &Made) {
    m.out(&m.sums(&m.counts("in").group_by(|_, count| (*count, 1))));
}

fn table_grouped(m: &Made) {
    m.out(&m.sums(&m.table("left").group_by(|_, value| ((value % 3).to_string(), *value))));
}

fn table_filtered_and_mapped(m: &Made) {
    let odd = m.table("left").filter_with(|_, value| value % 2 == 1, m.kept::<String, i64>("odd"));
    m.out(&odd.map_values(|value| value * 10).filter(|_, value| value % 3 != 0));
}

fn joined(m: &Made) {
    m.out(&m.table("left").join(&m.table("right"), |a, b| a * 1_000 + b));
}

fn joined_and_kept(m: &Made) {
    m.out(&m.table("left").join_with(&m.table("right"), |a, b| a * 1_000 + b, m.kept::<String, i64>("joined")));
}

fn left_joined(m: &Made) {
    m.out(&m.table("left").left_join_with(&m.table("right"), |a, b| a * 1_000 + b.unwrap_or(&-1), m.kept::<String, i64>("joined")));
}

fn outer_joined(m: &Made) {
    m.out(&m.table("left").outer_join(&m.table("right"), |a, b| a.unwrap_or(&-1) * 1_000 + b.unwrap_or(&-1)));
}

/// The old rows of the join are what was given before, whatever waits in the caches of both sides.
fn joined_then_grouped(m: &Made) {
    let joined = m.table("left").outer_join(&m.table("right"), |a, b| a.unwrap_or(&-1) * 1_000 + b.unwrap_or(&-1));
    m.out(&m.sums(&joined.group_by(|_, value| ((value % 3).to_string(), *value))));
}

fn counts_joined_with_a_table(m: &Made) {
    m.out(&m.counts("in").left_join(&m.table("left"), |count, value| count * 1_000 + value.unwrap_or(&-1)));
}

fn stream_as_table_joined(m: &Made) {
    let newest = m.builder.stream::<String, i64>("in").to_table_with(m.kept::<String, i64>("newest"));
    m.out(&newest.outer_join(&m.table("left"), |a, b| a.unwrap_or(&-1) * 1_000 + b.unwrap_or(&-1)));
}

fn foreign_key(_: &String, value: &i64) -> Option<String> {
    (value % 5 != 0).then(|| ["a", "b", "c", "d"][(value % 4) as usize].to_owned())
}

fn left_join_on_foreign_key(m: &Made, left: &KTable<String, i64>, right: &KTable<String, i64>) {
    let options = TableJoined::default().materialized(m.kept::<String, i64>("joined"));
    m.out(&left.left_join_on_foreign_key_with(right, foreign_key, |a, b| a * 1_000 + b.unwrap_or(&-1), options));
}

fn left_joined_on_foreign_key(m: &Made) {
    left_join_on_foreign_key(m, &m.table("left"), &m.table("right"));
}

/// Rows ask while what they ask for waits in its cache.
fn left_joined_on_cached_foreign_key(m: &Made) {
    left_join_on_foreign_key(m, &m.uncached("left"), &m.table("right"));
}

/// Answers come while what they are for waits in its cache.
fn cached_left_joined_on_foreign_key(m: &Made) {
    left_join_on_foreign_key(m, &m.table("left"), &m.uncached("right"));
}

fn join_on_foreign_key(m: &Made, left: &KTable<String, i64>, right: &KTable<String, i64>) {
    let options = TableJoined::default().materialized(m.kept::<String, i64>("joined")).answer_every_change();
    m.out(&left.join_on_foreign_key_with(right, foreign_key, |a, b| a * 1_000 + b, options));
}

fn joined_on_foreign_key(m: &Made) {
    join_on_foreign_key(m, &m.table("left"), &m.table("right"));
}

fn joined_on_cached_foreign_key(m: &Made) {
    join_on_foreign_key(m, &m.uncached("left"), &m.table("right"));
}

fn cached_joined_on_foreign_key(m: &Made) {
    join_on_foreign_key(m, &m.table("left"), &m.uncached("right"));
}

fn cogrouped(m: &Made) {
    let both = m.grouped("in").cogroup(|_, value, sum| fold(value, sum)).cogroup(&m.grouped("other"), |_, value, sum| *sum -= value);
    m.out(&both.aggregate_with(|| 7, m.kept::<String, i64>("cogrouped")));
}

fn cogrouped_by_window(m: &Made) {
    let both = m.grouped("in").cogroup(|_, value, sum| fold(value, sum)).cogroup(&m.grouped("other"), |_, value, sum| *sum -= value);
    m.out(&both.windowed_by(TimeWindows::tumbling(ms(20)).grace(ms(60))).aggregate_with(|| 7, m.kept::<String, i64>("cogrouped")));
}

fn cogrouped_by_session(m: &Made) {
    let both = m.grouped("in").cogroup(|_, value, sum| *sum += value).cogroup(&m.grouped("other"), |_, value, sum| *sum -= value);
    let sessions = both.windowed_by(SessionWindows::with_gap(ms(8)).grace(ms(60)));
    m.out(&sessions.aggregate_with(|| 7, |_, one, other| *one += other, m.kept::<String, i64>("cogrouped")));
}

fn unlimited(m: &Made) {
    let windowed = m.grouped("in").windowed_by(UnlimitedWindows::start_on(30));
    m.out(&windowed.aggregate_with(|| 7, |_, value, sum| fold(value, sum), m.kept::<String, i64>("windows")));
}

/// 10 ms of every 25.
struct Gaps;

impl Windows for Gaps {
    fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window)) {
        let start = timestamp.div_euclid(25) * 25;
        if timestamp < start + 10 {
            found(Window::new(start, start + 10));
        }
    }
    fn size(&self) -> Duration {
        ms(10)
    }
    fn grace(&self) -> Duration {
        ms(30)
    }
}

fn own_windows(m: &Made) {
    m.out(&m.grouped("in").windowed_by(Gaps).aggregate_with(|| 7, |_, value, sum| fold(value, sum), m.kept::<String, i64>("windows")));
}

fn largest(m: &Made) {
    let kept = Materialized::with(StringSerde, ListSerde::new(I64Serde)).named("largest");
    let kept = if m.cached { kept } else { kept.caching_disabled() };
    let largest = m.grouped("in").top_n_with(3, |value: &i64| *value, kept);
    m.out(&largest.map_values(|list| list.iter().fold(0, |all, value| (all * 31 + value) % 1_000_003)));
}

/// Deletes what can be divided by three.
struct Thirds;

impl ValueTransformer<String, i64, i64> for Thirds {
    fn transform(&mut self, _: &mut TransformContext<'_>, _: &String, value: Option<&i64>) -> Result<Option<i64>, BoxError> {
        Ok(value.filter(|value| *value % 3 != 0).map(|value| value * 10))
    }
}

fn table_transformed(m: &Made) {
    let kept = m.table("left").transform_values_with((), |_, ()| Thirds, m.kept::<String, i64>("thirds"));
    m.out(&kept.outer_join(&m.table("right").transform_values((), |_, ()| Thirds), |a, b| a.unwrap_or(&-1) * 1_000 + b.unwrap_or(&-1)));
}

fn cogrouped_by_sliding_window(m: &Made) {
    let both = m.grouped("in").cogroup(|_, value, sum| *sum += value).cogroup(&m.grouped("other"), |_, value, sum| *sum -= value);
    m.out(&both.windowed_by(SlidingWindows::within(ms(15)).grace(ms(60))).aggregate_with(|| 7, m.kept::<String, i64>("cogrouped")));
}

pub type Write = fn(&Made);

pub const TOPOLOGIES: &[(&str, Write)] = &[
    ("aggregated", aggregated),
    ("folded_with_deletions", folded_with_deletions),
    ("hopping_with_deletions", hopping_with_deletions),
    ("sliding_with_deletions", sliding_with_deletions),
    ("sessions_with_deletions", sessions_with_deletions),
    ("windows_with_deletions_grouped_again", windows_with_deletions_grouped_again),
    ("sessions_with_deletions_grouped_again", sessions_with_deletions_grouped_again),
    ("tumbling", tumbling),
    ("hopping", hopping),
    ("sliding", sliding),
    ("sessions", sessions),
    ("windows_grouped_again", windows_grouped_again),
    ("sessions_grouped_again", sessions_grouped_again),
    ("histogram", histogram),
    ("table_grouped", table_grouped),
    ("table_filtered_and_mapped", table_filtered_and_mapped),
    ("joined", joined),
    ("joined_and_kept", joined_and_kept),
    ("left_joined", left_joined),
    ("outer_joined", outer_joined),
    ("joined_then_grouped", joined_then_grouped),
    ("counts_joined_with_a_table", counts_joined_with_a_table),
    ("stream_as_table_joined", stream_as_table_joined),
    ("left_joined_on_foreign_key", left_joined_on_foreign_key),
    ("left_joined_on_cached_foreign_key", left_joined_on_cached_foreign_key),
    ("cached_left_joined_on_foreign_key", cached_left_joined_on_foreign_key),
    ("joined_on_foreign_key", joined_on_foreign_key),
    ("joined_on_cached_foreign_key", joined_on_cached_foreign_key),
    ("cached_joined_on_foreign_key", cached_joined_on_foreign_key),
    ("unlimited", unlimited),
    ("own_windows", own_windows),
    ("largest", largest),
    ("table_transformed", table_transformed),
    ("cogrouped", cogrouped),
    ("cogrouped_by_sliding_window", cogrouped_by_sliding_window),
    ("cogrouped_by_window", cogrouped_by_window),
    ("cogrouped_by_session", cogrouped_by_session),
];
