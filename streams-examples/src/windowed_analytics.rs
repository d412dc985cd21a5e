//! Windowed analytics: count and average per key and window of time, told on every update.
//!
//! Events are JSON with a key, a value and the time at which they happened, in milliseconds since 1970:
//! `{"key": "page-1", "value": 3.5, "ts": 1700000000000}`. Time is event time: windows go by `ts`, whenever the event arrives, so that the same
//! events give the same answers, live or replayed. An event may come late by the grace; a later one is left out and counted as late.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use streams_core::handlers::timestamp_of_value;
use streams_core::serde::{Bincode, Json};
use streams_core::{Consumed, Materialized, StreamsBuilder, TimeWindows, Topology, TopologyError, Windowed};

/// What comes in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What it is about.
    pub key: String,
    /// What was measured.
    pub value: f64,
    /// When, in milliseconds since 1970.
    pub ts: i64,
}

/// What goes out: a window as it stands after an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowSummary {
    /// The key of its events.
    pub key: String,
    /// Its begin, in milliseconds since 1970.
    pub window_start_ms: i64,
    /// Its end, which it does not include.
    pub window_end_ms: i64,
    /// How many events it holds so far.
    pub count: u64,
    /// The mean of their values.
    pub avg: f64,
}

/// What the store keeps per key and window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Totals {
    count: u64,
    sum: f64,
}

/// The store of the windows.
pub const STORE: &str = "windows";

/// The topics it runs between, and how time is cut.
#[derive(Clone, Debug)]
pub struct Options {
    /// Events as JSON; keys are not looked at.
    pub input: String,
    /// Windows as JSON, by the key of their events.
    pub output: String,
    /// How long a window is.
    pub window: Duration,
    /// How late an event may come.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let (window, grace) = (Duration::from_secs(10), Duration::from_secs(5));
        Options { input: "events".into(), output: "event-windows".into(), window, grace }
    }
}

/// Builds it.
///
/// # Errors
/// When a topic has no name, or the window no length.
pub fn topology(options: &Options) -> Result<Topology, TopologyError> {
    let builder = StreamsBuilder::new();
    builder
        .stream_with::<(), Json<Event>>(
            &options.input,
            Consumed::default().timestamp_extractor(timestamp_of_value::<Json<Event>, _>(|event| event.ts)),
        )
        .group_by(|_, event| event.key.clone())
        .windowed_by(TimeWindows::tumbling(options.window).grace(options.grace))
        .aggregate_with(
            Bincode::<Totals>::default,
            |_, event, totals| {
                totals.count += 1;
                totals.sum += event.value;
            },
            // without the cache every update goes out, not only the last one before a commit
            Materialized::from(STORE).caching_disabled(),
        )
        .to_stream()
        .skip_null_values()
        .map(summary)
        .to(&options.output);
    builder.build()
}

fn summary(windowed: Windowed<String>, totals: Bincode<Totals>) -> (String, Json<WindowSummary>) {
    let Windowed { key, window } = windowed;
    let avg = totals.sum / totals.count as f64;
    let summary = WindowSummary { key: key.clone(), window_start_ms: window.start, window_end_ms: window.end, count: totals.count, avg };
    (key, Json(summary))
}

/// Ten minutes of made-up events as lines of JSON; some come late, a few too late.
pub fn sample() -> String {
    let event = |n: i64| {
        let late_ms = match n {
            n if n % 97 == 0 => 60_000,
            n if n % 11 == 0 => 3_000,
            _ => 0,
        };
        Event { key: format!("page-{}", n % 4), value: (n * 37 % 100) as f64 / 10.0, ts: 1_700_000_000_000 + n * 100 - late_ms }
    };
    let lines = (0..6_000).map(|n| serde_json::to_string(&event(n)));
    lines.filter_map(Result::ok).fold(String::new(), |text, line| text + &line + "\n")
}
