//! Cogroups by sliding windows, by sessions and without an end. Nothing expires by what another input has seen, as in `cogroups`.

use std::time::Duration;
use streams_core::{
    BufferConfig, CogroupedKStream, KTable, Materialized, Named, Produced, SessionWindows, SlidingWindows, StreamsBuilder, Suppressed,
    UnlimitedWindows, Windowed,
};

const LONG: Duration = Duration::from_secs(7200);

fn sliding() -> SlidingWindows {
    SlidingWindows::within(Duration::from_secs(10)).grace(Duration::from_secs(5))
}

fn sliding_hours() -> SlidingWindows {
    SlidingWindows::within(Duration::from_secs(3600)).grace(Duration::from_secs(300))
}

fn closing() -> SessionWindows {
    SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_millis(7_345))
}

fn open() -> SessionWindows {
    SessionWindows::with_gap(Duration::from_secs(5)).grace(LONG)
}

fn append(_: &String, value: String, text: &mut String) {
    text.push_str(&value);
}

fn prepend(_: &String, value: String, text: &mut String) {
    text.insert_str(0, &value);
}

fn join(_: &String, one: &mut String, other: String) {
    one.push_str(&other);
    one.push('>');
}

fn nothing() -> String {
    "<".to_owned()
}

fn one(b: &StreamsBuilder) -> CogroupedKStream<String, String> {
    b.stream::<String, String>("input").group_by_key().cogroup(append)
}

/// Both streams as they come.
fn pair(b: &StreamsBuilder) -> CogroupedKStream<String, String> {
    let left = b.stream::<String, String>("left").group_by_key();
    left.cogroup(append).cogroup(&b.stream::<String, String>("right").group_by_key(), prepend)
}

/// The first one re-keyed.
fn re_keyed(b: &StreamsBuilder) -> CogroupedKStream<String, String> {
    let left = b.stream::<String, String>("left").group_by(|_, value| value.clone());
    left.cogroup(append).cogroup(&b.stream::<String, String>("right").group_by_key(), prepend)
}

fn to_output(table: &KTable<Windowed<String>, String>) {
    table.to_stream().to_with("output", Produced::inherited());
}

fn kept() -> Materialized<String, String> {
    Materialized::from("my-store").retention(LONG)
}

fn cogroup_sliding_one(b: &StreamsBuilder) {
    to_output(&one(b).windowed_by(sliding()).aggregate(nothing));
}

fn cogroup_sliding(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(sliding_hours()).aggregate(nothing));
}

fn cogroup_sliding_named(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(sliding_hours()).aggregate_with(nothing, Named::new("both")));
}

fn cogroup_sliding_materialized(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(sliding()).aggregate_with(nothing, kept().node_named("both")));
}

fn cogroup_sliding_no_cache(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(sliding()).aggregate_with(nothing, kept().caching_disabled()));
}

fn cogroup_sliding_in_memory(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(sliding()).aggregate_with(nothing, kept().in_memory()));
}

fn cogroup_sliding_re_keyed(b: &StreamsBuilder) {
    to_output(&re_keyed(b).windowed_by(sliding_hours()).aggregate(nothing));
}

fn cogroup_session_one(b: &StreamsBuilder) {
    let windows = SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_secs(61));
    to_output(&one(b).windowed_by(windows).aggregate(nothing, join));
}

fn cogroup_session(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(open()).aggregate(nothing, join));
}

fn cogroup_session_named(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(open()).aggregate_with(nothing, join, Named::new("both")));
}

fn cogroup_session_materialized(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(closing()).aggregate_with(nothing, join, kept().node_named("both")));
}

fn cogroup_session_no_cache(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(closing()).aggregate_with(nothing, join, kept().caching_disabled()));
}

fn cogroup_session_in_memory(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(closing()).aggregate_with(nothing, join, kept().in_memory().caching_disabled()));
}

fn cogroup_session_re_keyed(b: &StreamsBuilder) {
    to_output(&re_keyed(b).windowed_by(open()).aggregate(nothing, join));
}

fn cogroup_session_filtered(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(open()).aggregate(nothing, join).filter(|_, text| text.len() % 3 != 0));
}

fn cogroup_session_suppressed(b: &StreamsBuilder) {
    let table = pair(b).windowed_by(closing()).aggregate_with(nothing, join, Materialized::default().retention(LONG));
    to_output(&table.suppress(Suppressed::until_window_closes(BufferConfig::unbounded())));
}

fn cogroup_unlimited(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(UnlimitedWindows::new()).aggregate(nothing));
}

golden!(
    cogroup_sliding_one,
    cogroup_sliding,
    cogroup_sliding_named,
    cogroup_sliding_materialized,
    cogroup_sliding_no_cache,
    cogroup_sliding_in_memory,
    cogroup_sliding_re_keyed,
    cogroup_session_one,
    cogroup_session,
    cogroup_session_named,
    cogroup_session_materialized,
    cogroup_session_no_cache,
    cogroup_session_in_memory,
    cogroup_session_re_keyed,
    cogroup_session_filtered,
    cogroup_session_suppressed,
    cogroup_unlimited,
);
