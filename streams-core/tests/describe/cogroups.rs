//! Several grouped streams into one table. Inputs do not keep step, so windows are long or kept long: none expires by what another input has
//! seen.

use std::time::Duration;
use streams_core::{CogroupedKStream, KGroupedStream, KTable, Materialized, Named, Produced, StreamsBuilder, TimeWindows, Windowed};

fn hours() -> TimeWindows {
    TimeWindows::tumbling(Duration::from_secs(3600)).grace(Duration::from_secs(300))
}

fn tumbling() -> TimeWindows {
    TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(5))
}

fn grouped(b: &StreamsBuilder, topic: &str) -> KGroupedStream<String, String> {
    b.stream::<String, String>(topic).group_by_key()
}

fn append(_: &String, value: String, text: &mut String) {
    text.push_str(&value);
}

fn prepend(_: &String, value: String, text: &mut String) {
    text.insert_str(0, &value);
}

/// Both streams as they come.
fn pair(b: &StreamsBuilder) -> CogroupedKStream<String, String> {
    let left = grouped(b, "left");
    left.cogroup(append).cogroup(&grouped(b, "right"), prepend)
}

/// The first one re-keyed.
fn re_keyed(b: &StreamsBuilder) -> CogroupedKStream<String, String> {
    let left = b.stream::<String, String>("left").group_by(|_, value| value.clone());
    left.cogroup(append).cogroup(&grouped(b, "right"), prepend)
}

fn to_output(table: &KTable<String, String>) {
    table.to_stream().to("output");
}

fn windowed(table: &KTable<Windowed<String>, String>) {
    table.to_stream().to_with("output", Produced::inherited());
}

fn kept_long() -> Materialized<String, String> {
    Materialized::from("my-store").retention(Duration::from_secs(7200))
}

fn cogroup_one(b: &StreamsBuilder) {
    to_output(&grouped(b, "input").cogroup(append).aggregate(String::new));
}

fn cogroup_two(b: &StreamsBuilder) {
    to_output(&pair(b).aggregate(String::new));
}

fn cogroup_three_re_keyed(b: &StreamsBuilder) {
    let first = b.stream::<String, String>("first").group_by_with(|_, value| value.clone(), "by-first");
    let second = grouped(b, "second");
    let third = b.stream::<String, String>("third").select_key(|_, value| value.clone()).group_by_key_with("by-third");
    let two = first.cogroup(append).cogroup(&second, |key, _, text| text.push_str(key));
    to_output(&two.cogroup(&third, prepend).aggregate(String::new));
}

fn cogroup_named(b: &StreamsBuilder) {
    to_output(&pair(b).aggregate_with(String::new, Named::new("both")));
}

fn cogroup_materialized(b: &StreamsBuilder) {
    to_output(&pair(b).aggregate_with(String::new, "my-store"));
}

fn cogroup_named_materialized(b: &StreamsBuilder) {
    to_output(&pair(b).aggregate_with(String::new, Materialized::from("my-store").node_named("both")));
}

fn cogroup_materialized_unnamed(b: &StreamsBuilder) {
    to_output(&pair(b).aggregate_with(String::new, Materialized::default().caching_disabled().logging_disabled()));
}

fn cogroup_in_memory(b: &StreamsBuilder) {
    to_output(&pair(b).aggregate_with(String::new, Materialized::from("in-memory").in_memory()));
}

fn cogroup_re_keyed(b: &StreamsBuilder) {
    to_output(&re_keyed(b).aggregate(String::new));
}

fn cogroup_re_keyed_materialized(b: &StreamsBuilder) {
    to_output(&re_keyed(b).aggregate_with(String::new, Materialized::from("my-store").node_named("both")));
}

fn cogroup_aggregated_twice(b: &StreamsBuilder) {
    let cogrouped = re_keyed(b);
    cogrouped.aggregate(String::new).to_stream().to("output-1");
    cogrouped.aggregate(|| "-".to_owned()).to_stream().to("output-2");
}

fn cogroup_then_filtered(b: &StreamsBuilder) {
    to_output(&pair(b).aggregate(String::new).filter(|_, text| text.len() % 3 != 0));
}

/// Java drops nulls where it groups; here the types ask for it to be said.
fn cogroup_then_joined(b: &StreamsBuilder) {
    let table = pair(b).aggregate(String::new);
    b.stream::<String, String>("input").join_table(&table, |value, text| value + text).to("output");
    table.to_stream().skip_null_values().group_by_key().count().to_stream().to("counts");
}

fn cogroup_windowed_one(b: &StreamsBuilder) {
    windowed(&grouped(b, "input").cogroup(append).windowed_by(tumbling()).aggregate(String::new));
}

fn cogroup_windowed(b: &StreamsBuilder) {
    windowed(&pair(b).windowed_by(hours()).aggregate(String::new));
}

fn cogroup_windowed_named(b: &StreamsBuilder) {
    windowed(&pair(b).windowed_by(hours()).aggregate_with(String::new, Named::new("both")));
}

fn cogroup_windowed_materialized(b: &StreamsBuilder) {
    windowed(&pair(b).windowed_by(tumbling()).aggregate_with(String::new, kept_long().node_named("both")));
}

fn cogroup_windowed_hopping(b: &StreamsBuilder) {
    let hopping = TimeWindows::hopping(Duration::from_secs(10), Duration::from_secs(3)).no_grace();
    windowed(&pair(b).windowed_by(hopping).aggregate_with(String::new, kept_long().caching_disabled()));
}

fn cogroup_windowed_re_keyed(b: &StreamsBuilder) {
    windowed(&re_keyed(b).windowed_by(hours()).aggregate(String::new));
}

golden!(
    cogroup_one,
    cogroup_two,
    cogroup_three_re_keyed,
    cogroup_named,
    cogroup_materialized,
    cogroup_named_materialized,
    cogroup_materialized_unnamed,
    cogroup_in_memory,
    cogroup_re_keyed,
    cogroup_re_keyed_materialized,
    cogroup_aggregated_twice,
    cogroup_then_filtered,
    cogroup_then_joined,
    cogroup_windowed_one,
    cogroup_windowed,
    cogroup_windowed_named,
    cogroup_windowed_materialized,
    cogroup_windowed_hopping,
    cogroup_windowed_re_keyed,
);
