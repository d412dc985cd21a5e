//! Unlimited windows, and windows of the user.

use crate::{concat, input};
use std::time::Duration;
use streams_core::serde::DefaultSerde;
use streams_core::{
    Data, KTable, Materialized, Named, Produced, StreamsBuilder, TimeWindowedKStream, UnlimitedWindows, Window, Windowed, Windows,
};

/// The first fifteen of every twenty seconds, and four of every ten: some records lie in two windows, some in none.
pub struct Uneven;

impl Windows for Uneven {
    fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window)) {
        let start = |every: i64, after: i64| (timestamp - after).div_euclid(every) * every + after;
        let (long, short) = (start(20_000, 0), start(10_000, 3_000));
        let mut windows = [Window::new(long, long + 15_000), Window::new(short, short + 4_000)];
        windows.sort();
        windows.into_iter().filter(|window| timestamp < window.end).for_each(found);
    }
    fn size(&self) -> Duration {
        Duration::from_secs(15)
    }
    fn grace(&self) -> Duration {
        Duration::from_secs(2)
    }
}

fn by_key<W: Windows>(b: &StreamsBuilder, windows: W) -> TimeWindowedKStream<String, String> {
    input(b).group_by_key().windowed_by(windows)
}

fn by_value<W: Windows>(b: &StreamsBuilder, windows: W) -> TimeWindowedKStream<String, String> {
    input(b).group_by(|_, value| value.clone()).windowed_by(windows)
}

fn to_output<V: Data + DefaultSerde>(table: &KTable<Windowed<String>, V>) {
    table.to_stream().to_with("output", Produced::inherited());
}

fn append(_: &String, value: String, text: &mut String) {
    text.push_str(&value);
}

fn unlimited_count(b: &StreamsBuilder) {
    to_output(&by_key(b, UnlimitedWindows::new()).count());
}

fn unlimited_count_start(b: &StreamsBuilder) {
    to_output(&by_key(b, UnlimitedWindows::start_on(10_060_000)).count());
}

fn unlimited_count_store_named(b: &StreamsBuilder) {
    to_output(&by_value(b, UnlimitedWindows::new()).count_with("my-store"));
}

fn unlimited_count_materialized_unnamed(b: &StreamsBuilder) {
    to_output(&by_key(b, UnlimitedWindows::new()).count_with(Materialized::default()));
}

fn unlimited_reduce(b: &StreamsBuilder) {
    to_output(&by_key(b, UnlimitedWindows::new()).reduce_with(concat, Named::new("my-reduce")));
}

fn unlimited_aggregate_uncached(b: &StreamsBuilder) {
    let kept = Materialized::from("my-store").caching_disabled();
    to_output(&by_key(b, UnlimitedWindows::new()).aggregate_with(String::new, append, kept));
}

fn custom_count(b: &StreamsBuilder) {
    to_output(&by_key(b, Uneven).count());
}

fn custom_count_uncached(b: &StreamsBuilder) {
    to_output(&by_key(b, Uneven).count_with(Materialized::from("my-store").caching_disabled()));
}

fn custom_reduce_repartition(b: &StreamsBuilder) {
    to_output(&by_value(b, Uneven).reduce(concat));
}

fn custom_aggregate_named(b: &StreamsBuilder) {
    let kept = Materialized::from("my-store").node_named("my-aggregate").retention(Duration::from_secs(7200));
    to_output(&by_key(b, Uneven).aggregate_with(String::new, append, kept));
}

golden!(
    unlimited_count,
    unlimited_count_start,
    unlimited_count_store_named,
    unlimited_count_materialized_unnamed,
    unlimited_reduce,
    unlimited_aggregate_uncached,
    custom_count,
    custom_count_uncached,
    custom_reduce_repartition,
    custom_aggregate_named,
);
