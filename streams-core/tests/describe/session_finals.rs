//! Sessions that are forwarded once, when they close. Stores have a long retention, for the reason that `final_results` names.

use crate::{concat, input};
use std::time::Duration;
use streams_core::serde::DefaultSerde;
use streams_core::{
    Data, EmitStrategy, KGroupedStream, KTable, Materialized, Produced, SessionWindowedKStream, SessionWindows, StreamsBuilder, Windowed,
};

fn by_key(b: &StreamsBuilder) -> KGroupedStream<String, String> {
    input(b).group_by_key()
}

fn by_value(b: &StreamsBuilder) -> KGroupedStream<String, String> {
    input(b).group_by(|_, value| value.clone())
}

fn gap(gap: u64, grace: u64) -> SessionWindows {
    SessionWindows::with_gap(Duration::from_millis(gap)).grace(Duration::from_millis(grace))
}

fn at_close(grouped: &KGroupedStream<String, String>, windows: SessionWindows) -> SessionWindowedKStream<String, String> {
    grouped.windowed_by(windows).emit_strategy(EmitStrategy::on_window_close())
}

fn closing(grouped: &KGroupedStream<String, String>) -> SessionWindowedKStream<String, String> {
    at_close(grouped, gap(5_000, 7_345))
}

fn to_output<V: Data>(table: &KTable<Windowed<String>, V>) {
    table.to_stream().to_with("output", Produced::inherited());
}

const LONG: Duration = Duration::from_secs(7200);

fn kept<V: Data + DefaultSerde>() -> Materialized<String, V> {
    Materialized::from("my-store").retention(LONG)
}

fn final_session_count(b: &StreamsBuilder) {
    to_output(&closing(&by_key(b)).count_with(kept()));
}

fn final_session_count_update(b: &StreamsBuilder) {
    to_output(&by_key(b).windowed_by(gap(5_000, 61_000)).emit_strategy(EmitStrategy::on_window_update()).count());
}

fn final_session_count_no_grace(b: &StreamsBuilder) {
    let windows = SessionWindows::with_gap(Duration::from_secs(10)).no_grace();
    to_output(&at_close(&by_key(b), windows).count_with(kept()));
}

fn final_session_count_no_gap(b: &StreamsBuilder) {
    to_output(&at_close(&by_key(b), gap(0, 10_000)).count_with(kept()));
}

fn final_session_count_wide(b: &StreamsBuilder) {
    to_output(&at_close(&by_key(b), gap(60_000, 60_000)).count_with(kept()));
}

fn final_session_count_repartition(b: &StreamsBuilder) {
    to_output(&closing(&by_value(b)).count_with(kept()));
}

fn final_session_count_named(b: &StreamsBuilder) {
    to_output(&closing(&by_key(b)).count_with(kept().node_named("my-count")));
}

fn final_session_count_materialized_unnamed(b: &StreamsBuilder) {
    to_output(&closing(&by_key(b)).count_with(Materialized::default().retention(LONG)));
}

fn final_session_count_in_memory(b: &StreamsBuilder) {
    to_output(&closing(&by_key(b)).count_with(kept().in_memory()));
}

fn final_session_count_in_memory_no_gap(b: &StreamsBuilder) {
    to_output(&at_close(&by_key(b), gap(1_000, 0)).count_with(kept().in_memory()));
}

fn final_session_count_no_changelog(b: &StreamsBuilder) {
    to_output(&closing(&by_key(b)).count_with(kept().logging_disabled()));
}

fn final_session_reduce(b: &StreamsBuilder) {
    to_output(&closing(&by_key(b)).reduce_with(concat, kept()));
}

fn final_session_aggregate(b: &StreamsBuilder) {
    let add = |_: &String, value: String, text: &mut String| text.push_str(&value);
    let merge = |_: &String, one: &mut String, other: String| *one += &(other + ">");
    to_output(&closing(&by_value(b)).aggregate_with(|| "<".to_owned(), add, merge, kept().node_named("my-aggregate")));
}

fn final_session_filtered(b: &StreamsBuilder) {
    to_output(&closing(&by_key(b)).count_with(kept()).filter(|_, count| *count > 1));
}

/// Java drops nulls where it groups; here the types ask for it to be said.
fn final_session_re_keyed(b: &StreamsBuilder) {
    let re_keyed = closing(&by_key(b)).count_with(kept()).to_stream().select_key(|windowed, _| windowed.key.clone());
    re_keyed.skip_null_values().group_by_key().count().to_stream().to("output");
}

golden!(
    final_session_count,
    final_session_count_update,
    final_session_count_no_grace,
    final_session_count_no_gap,
    final_session_count_wide,
    final_session_count_repartition,
    final_session_count_named,
    final_session_count_materialized_unnamed,
    final_session_count_in_memory,
    final_session_count_in_memory_no_gap,
    final_session_count_no_changelog,
    final_session_reduce,
    final_session_aggregate,
    final_session_filtered,
    final_session_re_keyed,
);
