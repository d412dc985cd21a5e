//! Records that cannot be read.

use super::AppFixture;
use super::bench::{Bench, TIME, close};
use streams_core::cluster::RawRecord;
use streams_core::handlers::{FailOnInvalidTimestamp, LogAndSkipOnInvalidTimestamp, TimestampContext, TimestampExtractor};
use streams_core::{ErrorKind, StreamsBuilder, Topology};

const NOT_UTF8: &[u8] = &[0xff, 0xfe, 0x00];

/// Texts from the input to the output; a key must be there.
fn keyed_pipe(bench: &Bench<'_>) -> Topology {
    let builder = StreamsBuilder::new();
    builder.stream::<String, String>(bench.input.as_str()).to(&bench.output);
    builder.build().expect("the topology is right")
}

fn names_the_record(bench: &Bench<'_>, error: &streams_core::Error, partition: i32, offset: i64) {
    let text = error.to_string();
    for part in [bench.input.clone(), format!("partition {partition}"), format!("offset {offset}")] {
        assert!(text.contains(&part), "`{part}` is missing in: {text}");
    }
}

pub fn an_undecodable_value_ends_the_application_and_names_the_record(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(8);
    bench.put(1, None, Some(NOT_UTF8), TIME);
    bench.flush();
    let error = bench.failure(bench.word_count(), bench.config("a"));
    assert_eq!(error.kind(), ErrorKind::Serde, "{error}");
    names_the_record(&bench, &error, 1, 2);
}

pub fn an_undecodable_key_ends_the_application_and_names_the_record(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.put(2, Some(b"k"), Some(b"v"), TIME);
    bench.put(2, Some(NOT_UTF8), Some(b"v"), TIME);
    bench.flush();
    let error = bench.failure(keyed_pipe(&bench), bench.config("a"));
    assert!(error.kind() == ErrorKind::Serde && error.to_string().contains("the key"), "{error}");
    names_the_record(&bench, &error, 2, 1);
}

pub fn undecodable_values_are_left_out_where_the_policy_says_so(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(20);
    for _ in 0..5 {
        bench.put(1, None, Some(NOT_UTF8), TIME);
    }
    bench.feed(20);
    bench.put(1, None, Some(NOT_UTF8), TIME);
    bench.flush();
    let config = bench.config("a").set("deserialization.exception.handler", "LogAndContinueExceptionHandler");
    let app = bench.start(bench.word_count(), config);
    bench.await_counts();
    // the last record of the partition is one that was left out: it counts as processed all the same
    bench.await_committed(&bench.input, 1, 16);
    assert_eq!(app.metrics().sum("streams_records_dropped_total", &[]), Some(6.0));
    close(&app);
}

pub fn a_null_key_without_room_for_it_is_named(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.put(3, Some(b"k"), Some(b"v"), TIME);
    bench.put(3, None, Some(b"v"), TIME);
    bench.flush();
    let error = bench.failure(keyed_pipe(&bench), bench.config("a"));
    assert!(error.kind() == ErrorKind::Serde && error.to_string().contains("Option<"), "{error}");
    names_the_record(&bench, &error, 3, 1);
}

pub fn a_negative_timestamp_is_named(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.put(0, Some(b"k"), Some(b"v"), TIME);
    bench.flush();
    let app = bench
        .builder(keyed_pipe(&bench), bench.config("a"))
        .timestamp_extractor(|record: &RawRecord<'_>, context: &TimestampContext<'_>| {
            FailOnInvalidTimestamp.extract(&RawRecord { timestamp: -1, ..*record }, context)
        })
        .start()
        .expect("the application starts");
    let error = super::bench::end_of(&app);
    assert!(error.to_string().contains("timestamp"), "{error}");
    names_the_record(&bench, &error, 0, 0);
}

/// No client takes a record with a negative time, so the policy sees records of its own.
pub fn records_without_a_valid_time_are_left_out_where_the_policy_says_so(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    let values = ["a", "timeless", "b", "c", "timeless", "timeless"];
    for value in values {
        bench.put(0, Some(b"k"), Some(value.as_bytes()), TIME);
    }
    bench.flush();
    let policy = LogAndSkipOnInvalidTimestamp::default();
    let app = bench
        .builder(keyed_pipe(&bench), bench.config("a"))
        .timestamp_extractor(move |record: &RawRecord<'_>, context: &TimestampContext<'_>| {
            let timestamp = if record.value == Some(b"timeless") { -1 } else { record.timestamp };
            policy.extract(&RawRecord { timestamp, ..*record }, context)
        })
        .start()
        .expect("the application starts");
    bench.await_output("the records with a time", |bench| bench.texts().len() >= 3);
    bench.await_committed(&bench.input, 0, 6);
    let dropped = |labels: &[(&str, &str)]| app.metrics().sum("streams_records_dropped_total", labels);
    assert_eq!((dropped(&[("reason", "invalid_timestamp")]), dropped(&[])), (Some(3.0), Some(3.0)));
    close(&app);
    assert_eq!(bench.texts(), ["a", "b", "c"]);
}
