//! Windowed analytics through the test driver.

use std::time::Duration;
use streams_core::config::{DeserializationPolicy, StreamsConfig};
use streams_core::serde::Json;
use streams_core::testing::TopologyTestDriver;
use streams_core::{ErrorKind, Headers};
use streams_examples::windowed_analytics::{Options, WindowSummary, topology};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const T: i64 = 1_700_000_000_000;

fn driver() -> TopologyTestDriver {
    TopologyTestDriver::new(&topology(&Options::default()).unwrap()).unwrap()
}

/// Writes an event whose record has a time that is of no use.
fn send(driver: &TopologyTestDriver, json: &str) -> streams_core::Result<()> {
    driver.input::<(), String>("events").pipe_bytes(None, Some(json.into()), 42, Headers::new())
}

fn event(driver: &TopologyTestDriver, key: &str, value: f64, ts: i64) {
    send(driver, &format!(r#"{{"key": "{key}", "value": {value}, "ts": {ts}}}"#)).unwrap();
}

fn read(driver: &TopologyTestDriver) -> Vec<(String, WindowSummary)> {
    let mut windows = driver.output::<String, Json<WindowSummary>>("event-windows");
    windows.read_all().unwrap().into_iter().map(|(key, summary)| (key, summary.0)).collect()
}

#[test]
fn tells_count_and_average_on_every_update() {
    let driver = driver();
    event(&driver, "page-1", 3.5, T);
    event(&driver, "page-1", 4.5, T + 9_999);
    event(&driver, "page-2", -1.0, T + 9_999);
    event(&driver, "page-1", 10.0, T + 10_000);
    let window = |key: &str, start, count, avg| {
        let summary = WindowSummary { key: key.into(), window_start_ms: start, window_end_ms: start + 10_000, count, avg };
        (key.to_owned(), summary)
    };
    let expected =
        [window("page-1", T, 1, 3.5), window("page-1", T, 2, 4.0), window("page-2", T, 1, -1.0), window("page-1", T + 10_000, 1, 10.0)];
    assert_eq!(read(&driver), expected);
}

#[test]
fn writes_plain_json() -> Outcome {
    let driver = driver();
    event(&driver, "page-1", 3.5, T);
    let json = driver.output::<String, String>("event-windows").read()?;
    let expected = r#"{"key":"page-1","window_start_ms":1700000000000,"window_end_ms":1700000010000,"count":1,"avg":3.5}"#;
    assert_eq!(json, Some(("page-1".into(), expected.into())));
    Ok(())
}

#[test]
fn an_event_may_come_late_by_the_grace() {
    let driver = driver();
    event(&driver, "a", 1.0, T);
    event(&driver, "other", 1.0, T + 14_999);
    event(&driver, "a", 2.0, T + 9_000);
    assert_eq!(read(&driver).last().map(|(_, window)| (window.count, window.avg)), Some((2, 1.5)));
    // five seconds past the window's end it is closed, for every key
    event(&driver, "other", 1.0, T + 15_000);
    event(&driver, "a", 3.0, T + 9_500);
    let out = read(&driver);
    assert_eq!(out.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["other"], "{out:?}");
}

#[test]
fn size_and_grace_can_be_chosen() {
    let options = Options { window: Duration::from_millis(100), grace: Duration::ZERO, ..Options::default() };
    let driver = TopologyTestDriver::new(&topology(&options).unwrap()).unwrap();
    event(&driver, "a", 1.0, T + 99);
    event(&driver, "a", 1.0, T + 100);
    event(&driver, "a", 1.0, T + 50);
    let starts: Vec<i64> = read(&driver).iter().map(|(_, window)| window.window_start_ms - T).collect();
    assert_eq!(starts, [0, 100]);
}

#[test]
fn a_window_without_length_is_no_topology() {
    let error = topology(&Options { window: Duration::ZERO, ..Options::default() }).unwrap_err().to_string();
    assert!(error.contains("0 ms"), "{error}");
}

#[test]
fn bad_json_fails_and_says_where() {
    let driver = driver();
    event(&driver, "a", 1.0, T);
    let error = send(&driver, r#"{"key": "a""#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Serde);
    let text = error.to_string();
    assert!(["events", "partition 0", "offset 1"].iter().all(|part| text.contains(part)), "{text}");
}

#[test]
fn bad_json_can_be_left_out() -> Outcome {
    let config = StreamsConfig::new("test", "embedded").deserialization_exception_handler(DeserializationPolicy::LogAndContinue);
    let driver = TopologyTestDriver::builder(&topology(&Options::default())?).config(config).build()?;
    event(&driver, "a", 1.0, T);
    for bad in ["", "no json", r#"{"key": "a", "value": 1.0}"#, r#"{"key": 7, "value": 1.0, "ts": 1}"#] {
        send(&driver, bad)?;
    }
    event(&driver, "a", 2.0, T);
    assert_eq!(read(&driver).last().map(|(_, window)| window.count), Some(2));
    Ok(())
}

#[test]
fn an_event_before_1970_is_left_out() {
    let driver = driver();
    event(&driver, "a", 1.0, -5);
    assert_eq!(read(&driver), []);
}
