//! Two streams joined in a window that does not hold the record itself: in Java, before or after is negative.

use crate::outer_stream_joins::{left, outer};
use std::time::Duration;
use streams_core::{JoinWindows, KStream, StreamsBuilder};

fn inner(value: &String, other: &String) -> String {
    value.clone() + other
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// From one to ten seconds later.
fn follows() -> JoinWindows {
    JoinWindows::within(seconds(10)).at_least_after(seconds(1))
}

/// From ten to one seconds earlier.
fn precedes() -> JoinWindows {
    JoinWindows::within(seconds(10)).at_least_before(seconds(1)).grace(seconds(5))
}

fn pair(b: &StreamsBuilder) -> [KStream<String, String>; 2] {
    ["left", "right"].map(|topic| b.stream(topic))
}

fn stream_stream_join_follows(b: &StreamsBuilder) {
    let [this, other] = pair(b);
    this.join(&other, inner, follows()).to("output");
}

fn stream_stream_join_precedes(b: &StreamsBuilder) {
    let [this, other] = pair(b);
    this.join(&other, inner, precedes()).to("output");
}

fn stream_stream_join_moment(b: &StreamsBuilder) {
    let [this, other] = pair(b);
    let windows = JoinWindows::within(Duration::from_millis(5_001)).at_least_after(seconds(5)).grace(seconds(10));
    this.join(&other, inner, windows).to("output");
}

fn stream_stream_left_join_follows(b: &StreamsBuilder) {
    let [this, other] = pair(b);
    this.left_join(&other, left, follows()).to("output");
}

fn stream_stream_left_join_precedes(b: &StreamsBuilder) {
    let [this, other] = pair(b);
    this.left_join(&other, left, precedes()).to("output");
}

fn stream_stream_outer_join_follows(b: &StreamsBuilder) {
    let [this, other] = pair(b);
    this.outer_join(&other, outer, follows()).to("output");
}

fn stream_stream_outer_join_precedes(b: &StreamsBuilder) {
    let [this, other] = pair(b);
    this.outer_join(&other, outer, precedes()).to("output");
}

golden!(
    stream_stream_join_follows,
    stream_stream_join_precedes,
    stream_stream_join_moment,
    stream_stream_left_join_follows,
    stream_stream_left_join_precedes,
    stream_stream_outer_join_follows,
    stream_stream_outer_join_precedes,
);
