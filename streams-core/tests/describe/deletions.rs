//! Aggregations that delete rows. Windows have caches, for without one a deletion has another time than in Java; and stores a long retention,
//! for Java's do not learn the time of a deletion of what was not there, if a cache has held it back (docs/SEMANTICS.md).

use crate::input;
use crate::other_windows::Uneven;
use std::time::Duration;
use streams_core::{
    CogroupedKStream, EmitStrategy, KGroupedStream, KTable, Materialized, Produced, SessionWindowedKStream, SessionWindows, SlidingWindows,
    StreamsBuilder, TimeWindows, UnlimitedWindows, Windowed,
};

const TEN: Duration = Duration::from_secs(10);

fn tumbling() -> TimeWindows {
    TimeWindows::tumbling(TEN).grace(Duration::from_secs(5))
}

fn hopping() -> TimeWindows {
    TimeWindows::hopping(TEN, Duration::from_secs(3)).grace(Duration::from_secs(5))
}

fn sliding() -> SlidingWindows {
    SlidingWindows::within(TEN).grace(Duration::from_secs(5))
}

fn sessions() -> SessionWindows {
    SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_millis(7_345))
}

fn grouped(b: &StreamsBuilder) -> KGroupedStream<String, String> {
    input(b).group_by_key()
}

fn by_session(b: &StreamsBuilder) -> SessionWindowedKStream<String, String> {
    grouped(b).windowed_by(sessions())
}

fn nothing() -> String {
    "<".to_owned()
}

fn append(_: &String, value: String, text: &mut Option<String>) {
    if value.starts_with('b') {
        *text = None;
    } else {
        text.get_or_insert_with(nothing).push_str(&value);
    }
}

fn prepend(_: &String, value: String, text: &mut String) {
    text.insert_str(0, &value);
}

fn join(_: &String, one: &mut Option<String>, other: String) {
    let one = one.get_or_insert_with(nothing);
    one.push_str(&other);
    one.push('>');
}

fn join_or_delete(key: &String, one: &mut Option<String>, other: String) {
    if other.ends_with('c') {
        *one = None;
    } else {
        join(key, one, other);
    }
}

/// One of both streams deletes.
fn pair(b: &StreamsBuilder) -> CogroupedKStream<String, String> {
    let left = b.stream::<String, String>("left").group_by_key();
    left.cogroup_fold(append).cogroup(&b.stream::<String, String>("right").group_by_key(), prepend)
}

fn kept() -> Materialized<String, String> {
    Materialized::from("my-store").retention(Duration::from_secs(7200))
}

fn to_output(table: &KTable<Windowed<String>, String>) {
    table.to_stream().to_with("output", Produced::inherited());
}

fn deleting_aggregate(b: &StreamsBuilder) {
    grouped(b).fold(append).to_stream().to("output");
}

fn deleting_windows(b: &StreamsBuilder) {
    to_output(&grouped(b).windowed_by(tumbling()).fold_with(append, kept()));
}

fn deleting_windows_hopping(b: &StreamsBuilder) {
    to_output(&grouped(b).windowed_by(hopping()).fold_with(append, kept().in_memory()));
}

fn deleting_windows_counted(b: &StreamsBuilder) {
    let windows = grouped(b).windowed_by(tumbling()).fold_with(append, kept());
    windows.group_by(|windowed, text| (windowed.key.clone(), text.clone())).count().to_stream().to("output");
}

fn deleting_sliding(b: &StreamsBuilder) {
    to_output(&grouped(b).windowed_by(sliding()).fold_with(append, kept()));
}

fn deleting_sliding_early(b: &StreamsBuilder) {
    let windows = SlidingWindows::within(Duration::from_millis(10_200_000)).grace(Duration::from_secs(5));
    to_output(&grouped(b).windowed_by(windows).fold(append));
}

fn deleting_unlimited(b: &StreamsBuilder) {
    to_output(&grouped(b).windowed_by(UnlimitedWindows::new()).fold(append));
}

fn deleting_own_windows(b: &StreamsBuilder) {
    to_output(&grouped(b).windowed_by(Uneven).fold_with(append, kept()));
}

fn deleting_final(b: &StreamsBuilder) {
    to_output(&grouped(b).windowed_by(tumbling()).emit_strategy(EmitStrategy::on_window_close()).fold(append));
}

fn deleting_final_hopping(b: &StreamsBuilder) {
    let closing = grouped(b).windowed_by(hopping()).emit_strategy(EmitStrategy::on_window_close());
    to_output(&closing.fold_with(append, kept().caching_disabled()));
}

fn deleting_final_sliding(b: &StreamsBuilder) {
    to_output(&grouped(b).windowed_by(sliding()).emit_strategy(EmitStrategy::on_window_close()).fold_with(append, kept()));
}

fn deleting_sessions(b: &StreamsBuilder) {
    to_output(&by_session(b).fold_with(append, join, kept()));
}

fn deleting_sessions_no_cache(b: &StreamsBuilder) {
    to_output(&by_session(b).fold_with(append, join, kept().caching_disabled()));
}

fn deleting_sessions_merger(b: &StreamsBuilder) {
    to_output(&by_session(b).fold_with(append, join_or_delete, kept()));
}

fn deleting_sessions_final(b: &StreamsBuilder) {
    to_output(&by_session(b).emit_strategy(EmitStrategy::on_window_close()).fold_with(append, join, kept()));
}

fn deleting_cogroup(b: &StreamsBuilder) {
    pair(b).aggregate(nothing).to_stream().to("output");
}

fn deleting_cogroup_windows(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(tumbling()).aggregate_with(nothing, kept()));
}

fn deleting_cogroup_sliding(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(sliding()).aggregate_with(nothing, kept()));
}

fn deleting_cogroup_sessions(b: &StreamsBuilder) {
    to_output(&pair(b).windowed_by(sessions()).fold_with(nothing, join, kept()));
}

fn deleting_cogroup_sessions_merger(b: &StreamsBuilder) {
    let deleting: CogroupedKStream<String, String> = grouped(b).cogroup_fold(append);
    to_output(&deleting.windowed_by(sessions()).fold_with(nothing, join_or_delete, kept().caching_disabled()));
}

golden!(
    deleting_aggregate,
    deleting_windows,
    deleting_windows_hopping,
    deleting_windows_counted,
    deleting_sliding,
    deleting_sliding_early,
    deleting_unlimited,
    deleting_own_windows,
    deleting_final,
    deleting_final_hopping,
    deleting_final_sliding,
    deleting_sessions,
    deleting_sessions_no_cache,
    deleting_sessions_merger,
    deleting_sessions_final,
    deleting_cogroup,
    deleting_cogroup_windows,
    deleting_cogroup_sliding,
    deleting_cogroup_sessions,
    deleting_cogroup_sessions_merger,
);
