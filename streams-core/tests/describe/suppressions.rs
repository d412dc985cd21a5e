//! Tables whose changes are held back.

use crate::{concat, input};
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::{
    BufferConfig, Grouped, KTable, Materialized, Produced, SessionWindows, SlidingWindows, StreamsBuilder, Suppressed, TimeWindowedKStream,
    TimeWindows, Windowed,
};

fn tumbling() -> TimeWindows {
    TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(5))
}

fn table(b: &StreamsBuilder) -> KTable<String, String> {
    b.table("table")
}

fn windows(b: &StreamsBuilder, windows: TimeWindows) -> TimeWindowedKStream<String, String> {
    input(b).group_by_key_with(Grouped::default()).windowed_by(windows)
}

fn windowed(table: &KTable<Windowed<String>, u64>) {
    table.to_stream().to_with("output", Produced::inherited());
}

fn to_output(table: &KTable<String, String>) {
    table.to_stream().to("output");
}

fn limit(seconds: u64) -> Suppressed<String> {
    Suppressed::until_time_limit(Duration::from_secs(seconds), BufferConfig::unbounded())
}

fn closes() -> Suppressed<Windowed<String>> {
    Suppressed::until_window_closes(BufferConfig::unbounded())
}

fn suppress_time_limit(b: &StreamsBuilder) {
    to_output(&table(b).suppress(limit(10)));
}

fn suppress_time_limit_zero(b: &StreamsBuilder) {
    to_output(&table(b).suppress(limit(0)));
}

fn suppress_named(b: &StreamsBuilder) {
    to_output(&table(b).suppress(limit(5).named("held-back")));
}

fn suppress_max_records(b: &StreamsBuilder) {
    to_output(&table(b).suppress(Suppressed::until_time_limit(Duration::from_secs(30), BufferConfig::max_records(2))));
}

fn suppress_max_bytes(b: &StreamsBuilder) {
    to_output(&table(b).suppress(Suppressed::until_time_limit(Duration::from_secs(60), BufferConfig::max_bytes(115))));
}

fn suppress_max_records_and_bytes(b: &StreamsBuilder) {
    let both = BufferConfig::max_records(3).with_max_bytes(90);
    to_output(&table(b).suppress(Suppressed::until_time_limit(Duration::from_secs(300), both)));
}

fn suppress_shut_down_when_full(b: &StreamsBuilder) {
    let strict = BufferConfig::max_records(1000).shut_down_when_full();
    to_output(&table(b).suppress(Suppressed::until_time_limit(Duration::from_secs(30), strict)));
}

fn suppress_logging_disabled(b: &StreamsBuilder) {
    let unlogged = BufferConfig::max_records(3).logging_disabled();
    to_output(&table(b).suppress(Suppressed::until_time_limit(Duration::from_secs(10), unlogged)));
}

fn suppress_logging_configs(b: &StreamsBuilder) {
    let configs = BTreeMap::from([("min.insync.replicas".to_owned(), "2".to_owned())]);
    let logged = BufferConfig::unbounded().logging(configs);
    to_output(&table(b).suppress(Suppressed::until_time_limit(Duration::from_secs(10), logged)));
}

fn suppress_count(b: &StreamsBuilder) {
    input(b).group_by_key().count().suppress(limit(5)).to_stream().to("output");
}

fn suppress_reduce_re_keyed(b: &StreamsBuilder) {
    let texts = Materialized::from("texts").caching_disabled();
    to_output(&input(b).group_by(|_, value| value.clone()).reduce_with(concat, texts).suppress(limit(5)));
}

fn suppress_mapped(b: &StreamsBuilder) {
    to_output(&table(b).map_values(|value| format!("{value}!")).suppress(limit(5)));
}

fn suppress_filter_materialized(b: &StreamsBuilder) {
    let filtered = table(b).filter_with(|_, value| value != "c", Materialized::from("filtered"));
    filtered.suppress(limit(5)).to_stream().to("output-1");
    filtered.suppress(limit(10)).to_stream().to("output-2");
}

fn suppress_twice(b: &StreamsBuilder) {
    to_output(&table(b).suppress(limit(0)).suppress(limit(10)));
}

fn suppress_then_mapped(b: &StreamsBuilder) {
    to_output(&table(b).suppress(limit(5)).map_values(|value| format!("{value}!")));
}

fn or_null(value: String, row: Option<&String>) -> String {
    value + row.map_or("null", String::as_str)
}

fn suppress_then_joined(b: &StreamsBuilder) {
    let stream = input(b);
    stream.left_join_table(&table(b).suppress(limit(5)), or_null).to("output");
}

fn suppress_mapped_then_joined(b: &StreamsBuilder) {
    let stream = input(b);
    let mapped = table(b).map_values(|value| format!("{value}!")).suppress(limit(30)).map_values(|value| format!("{value}?"));
    stream.left_join_table(&mapped, or_null).to("output");
}

fn suppress_window_closes(b: &StreamsBuilder) {
    windowed(&windows(b, tumbling()).count().suppress(closes()));
}

fn suppress_window_closes_no_grace(b: &StreamsBuilder) {
    windowed(&windows(b, TimeWindows::tumbling(Duration::from_secs(10)).no_grace()).count().suppress(closes()));
}

fn suppress_window_closes_hopping(b: &StreamsBuilder) {
    let hopping = TimeWindows::hopping(Duration::from_secs(10), Duration::from_secs(3)).grace(Duration::from_secs(2));
    let texts = windows(b, hopping).reduce_with(concat, Materialized::from("texts").caching_disabled());
    texts.suppress(closes().named("final")).to_stream().to_with("output", Produced::inherited());
}

fn suppress_window_closes_bounded(b: &StreamsBuilder) {
    let bounded = BufferConfig::max_records(1000).with_max_bytes(1_000_000).shut_down_when_full().logging_disabled();
    windowed(&windows(b, tumbling()).count().suppress(Suppressed::until_window_closes(bounded)));
}

fn suppress_window_closes_filtered(b: &StreamsBuilder) {
    windowed(&windows(b, tumbling()).count().filter(|_, count| *count != 2).suppress(closes()));
}

fn suppress_window_closes_re_keyed(b: &StreamsBuilder) {
    let by_value = input(b).group_by_with(|_, value| value.clone(), "by-value");
    windowed(&by_value.windowed_by(tumbling()).count().suppress(closes()));
}

fn suppress_window_closes_cogrouped(b: &StreamsBuilder) {
    let [left, right] = ["left", "right"].map(|topic| b.stream::<String, String>(topic));
    let both = left.group_by_key().cogroup(|_, _, count| *count += 1).cogroup(&right.group_by_key(), |_, _, count| *count += 100);
    let kept_long = Materialized::default().retention(Duration::from_secs(7200));
    windowed(&both.windowed_by(tumbling()).aggregate_with(|| 0, kept_long).suppress(closes()));
}

fn suppress_windowed_time_limit(b: &StreamsBuilder) {
    let limit = Suppressed::until_time_limit(Duration::from_secs(5), BufferConfig::unbounded());
    windowed(&windows(b, tumbling()).count().suppress(limit));
}

/// Java drops nulls where it groups; here the types ask for it to be said.
/// What lies on the edge, where Java tells of a window twice, is in the tests of the operators: no record comes near this one.
const OFF_THE_EDGE: Duration = Duration::from_millis(7_345);

fn suppress_window_closes_sliding(b: &StreamsBuilder) {
    let windows = SlidingWindows::within(Duration::from_secs(10)).grace(OFF_THE_EDGE);
    windowed(&input(b).group_by_key_with(Grouped::default()).windowed_by(windows).count().suppress(closes()));
}

fn suppress_window_closes_sessions(b: &StreamsBuilder) {
    let windows = SessionWindows::with_gap(Duration::from_secs(10)).grace(OFF_THE_EDGE);
    let kept = Materialized::default().retention(Duration::from_secs(7200));
    windowed(&input(b).group_by_key_with(Grouped::default()).windowed_by(windows).count_with(kept).suppress(closes()));
}

fn suppress_window_closes_re_grouped(b: &StreamsBuilder) {
    let counts = windows(b, tumbling()).count().suppress(closes());
    let by_key = counts.to_stream().select_key(|windowed, _| windowed.key.clone()).skip_null_values().group_by_key();
    by_key.count().to_stream().to("output");
}

golden!(
    suppress_time_limit,
    suppress_time_limit_zero,
    suppress_named,
    suppress_max_records,
    suppress_max_bytes,
    suppress_max_records_and_bytes,
    suppress_shut_down_when_full,
    suppress_logging_disabled,
    suppress_logging_configs,
    suppress_count,
    suppress_reduce_re_keyed,
    suppress_mapped,
    suppress_filter_materialized,
    suppress_twice,
    suppress_then_mapped,
    suppress_then_joined,
    suppress_mapped_then_joined,
    suppress_window_closes,
    suppress_window_closes_no_grace,
    suppress_window_closes_hopping,
    suppress_window_closes_bounded,
    suppress_window_closes_filtered,
    suppress_window_closes_re_keyed,
    suppress_window_closes_cogrouped,
    suppress_windowed_time_limit,
    suppress_window_closes_sliding,
    suppress_window_closes_sessions,
    suppress_window_closes_re_grouped,
);
