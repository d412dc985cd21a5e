//! Windows that are forwarded once, when they close. Stores without a cache have a long retention here: Java loses what a jump in time closes
//! beyond it (docs/SEMANTICS.md).

use crate::{concat, input};
use std::time::Duration;
use streams_core::serde::DefaultSerde;
use streams_core::{
    Data, EmitStrategy, KTable, Materialized, Named, Produced, SlidingWindows, StreamsBuilder, TimeWindowedKStream, TimeWindows,
    WindowKind, Windowed,
};

const TEN: Duration = Duration::from_secs(10);

fn tumbling() -> TimeWindows {
    TimeWindows::tumbling(TEN).grace(Duration::from_secs(5))
}

fn sliding() -> SlidingWindows {
    SlidingWindows::within(TEN).grace(Duration::from_secs(5))
}

fn by_key<W: WindowKind<Windowed<String, String> = TimeWindowedKStream<String, String>>>(
    b: &StreamsBuilder,
    windows: W,
) -> TimeWindowedKStream<String, String> {
    input(b).group_by_key().windowed_by(windows).emit_strategy(EmitStrategy::on_window_close())
}

fn by_value<W: WindowKind<Windowed<String, String> = TimeWindowedKStream<String, String>>>(
    b: &StreamsBuilder,
    windows: W,
) -> TimeWindowedKStream<String, String> {
    input(b).group_by(|_, value| value.clone()).windowed_by(windows).emit_strategy(EmitStrategy::on_window_close())
}

fn kept<V: Data + DefaultSerde>() -> Materialized<String, V> {
    Materialized::from("my-store").retention(Duration::from_secs(7200))
}

fn append(_: &String, value: String, text: &mut String) {
    text.push_str(&value);
}

fn to_output<V: Data + DefaultSerde>(table: &KTable<Windowed<String>, V>) {
    table.to_stream().to_with("output", Produced::inherited());
}

fn final_count(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count());
}

fn final_count_update(b: &StreamsBuilder) {
    to_output(&input(b).group_by_key().windowed_by(tumbling()).emit_strategy(EmitStrategy::on_window_update()).count());
}

fn final_count_no_grace(b: &StreamsBuilder) {
    to_output(&by_key(b, TimeWindows::tumbling(TEN).no_grace()).count());
}

fn final_count_hopping(b: &StreamsBuilder) {
    to_output(&by_key(b, TimeWindows::hopping(TEN, Duration::from_secs(2)).grace(Duration::from_secs(5))).count());
}

fn final_count_hopping_uneven(b: &StreamsBuilder) {
    to_output(&by_key(b, TimeWindows::hopping(TEN, Duration::from_secs(3)).no_grace()).count());
}

fn final_count_repartition(b: &StreamsBuilder) {
    to_output(&by_value(b, tumbling()).count_with("my-store"));
}

fn final_count_named(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count_with(Named::new("my-count")));
}

fn final_count_materialized_unnamed(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count_with(Materialized::default()));
}

fn final_count_uncached(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count_with(kept().caching_disabled()));
}

fn final_count_in_memory(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count_with(kept().in_memory()));
}

fn final_reduce(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).reduce(concat));
}

fn final_aggregate(b: &StreamsBuilder) {
    to_output(&by_value(b, tumbling()).aggregate_with(String::new, append, Materialized::from("my-store").node_named("my-aggregate")));
}

/// Java drops nulls where it groups; here the types ask for it to be said.
fn final_re_keyed(b: &StreamsBuilder) {
    let re_keyed = by_key(b, tumbling()).count().to_stream().select_key(|windowed, _| windowed.key.clone());
    re_keyed.skip_null_values().group_by_key().count().to_stream().to("output");
}

fn final_filtered(b: &StreamsBuilder) {
    to_output(&by_key(b, tumbling()).count().filter(|_, count| *count > 1));
}

fn final_sliding_count(b: &StreamsBuilder) {
    to_output(&by_key(b, sliding()).count_with(kept()));
}

fn final_sliding_count_no_grace(b: &StreamsBuilder) {
    to_output(&by_key(b, SlidingWindows::within(TEN).no_grace()).count_with(kept()));
}

fn final_sliding_reduce(b: &StreamsBuilder) {
    to_output(&by_value(b, sliding()).reduce_with(concat, kept().node_named("my-reduce")));
}

fn final_sliding_aggregate(b: &StreamsBuilder) {
    to_output(&by_key(b, sliding()).aggregate_with(String::new, append, kept().in_memory()));
}

fn final_sliding_early(b: &StreamsBuilder) {
    let windows = SlidingWindows::within(Duration::from_millis(10_060_000)).grace(Duration::from_secs(5));
    to_output(&by_key(b, windows).count_with(kept().retention(Duration::from_secs(7 * 3600))));
}

golden!(
    final_count,
    final_count_update,
    final_count_no_grace,
    final_count_hopping,
    final_count_hopping_uneven,
    final_count_repartition,
    final_count_named,
    final_count_materialized_unnamed,
    final_count_uncached,
    final_count_in_memory,
    final_reduce,
    final_aggregate,
    final_re_keyed,
    final_filtered,
    final_sliding_count,
    final_sliding_count_no_grace,
    final_sliding_reduce,
    final_sliding_aggregate,
    final_sliding_early,
);
