use super::*;
use crate::cluster::RawRecord;
use crate::config::{DeserializationPolicy, ProcessingPolicy, ProductionPolicy, StreamsConfig, TimestampPolicy};
use crate::serde::{Serde, SerdeContext, Wrote};
use crate::{BoxError, Error, ErrorKind, Headers, TaskId};

static HEADERS: Headers = Headers::new();

fn context(source: bool) -> ErrorContext<'static> {
    let record = SourceRecord { topic: "orders", partition: 3, offset: 42, timestamp: 7, headers: &HEADERS, key: None, value: Some(b"{") };
    ErrorContext { task: TaskId { subtopology: 0, partition: 3 }, node: "KSTREAM-SOURCE-0000000000", source: source.then_some(record) }
}

fn error() -> Error {
    Error::new(ErrorKind::Serde, "no number")
}

#[test]
fn contexts_name_the_place() {
    assert_eq!(context(true).to_string(), "task 0_3, node KSTREAM-SOURCE-0000000000, topic orders, partition 3, offset 42");
    assert_eq!(context(false).to_string(), "task 0_3, node KSTREAM-SOURCE-0000000000, punctuation");
    let mut output = output(ProductionStage::Send, true);
    assert_eq!(output.to_string(), "output topic out");
    (output.partition, output.task, output.node, output.source) = (Some(1), Some(context(true).task), Some("SINK"), context(true).source);
    assert_eq!(output.to_string(), "output topic out, partition 1, task 0_3, node SINK, made from topic orders, partition 3, offset 42");
}

fn output(stage: ProductionStage, retriable: bool) -> ProductionContext<'static> {
    ProductionContext { topic: "out", partition: None, stage, retriable, task: None, node: None, source: None }
}

#[test]
fn settings_choose_the_ready_made_ones() {
    let config = StreamsConfig::new("app", "embedded");
    let strict = Handlers::from_settings(&config.settings().unwrap());
    assert_eq!(strict.deserialization.handle(&context(true), &error()), Response::Fail);
    assert_eq!(strict.processing.handle(&context(false), &error()), Response::Fail);
    for (stage, retriable, expected) in [
        (ProductionStage::Send, true, ProductionResponse::Retry),
        (ProductionStage::Send, false, ProductionResponse::Fail),
        (ProductionStage::Value, true, ProductionResponse::Fail),
    ] {
        assert_eq!(strict.production.handle(&output(stage, retriable), &error()), expected);
    }
    assert_eq!(strict.uncaught.handle(&error()), UncaughtErrorResponse::ShutdownClient);

    let lenient = config
        .deserialization_exception_handler(DeserializationPolicy::LogAndContinue)
        .processing_exception_handler(ProcessingPolicy::LogAndContinue)
        .production_exception_handler(ProductionPolicy::LogAndContinue)
        .default_timestamp_extractor(TimestampPolicy::WallClock);
    let lenient = Handlers::from_settings(&lenient.settings().unwrap());
    assert_eq!(lenient.deserialization.handle(&context(true), &error()), Response::Resume);
    assert_eq!(lenient.processing.handle(&context(true), &error()), Response::Resume);
    assert_eq!(lenient.production.handle(&output(ProductionStage::Key, false), &error()), ProductionResponse::Resume);
    assert_eq!(lenient.timestamp_extractor.extract(&record(5), &at(1)).unwrap(), 99);
}

#[test]
fn closures_and_answers_are_handlers() {
    let handlers = Handlers {
        deserialization: Arc::new(|cx: &ErrorContext<'_>, _: &Error| match cx.source {
            Some(SourceRecord { value: Some(b"{"), .. }) => Response::Resume,
            _ => Response::Fail,
        }),
        uncaught: Arc::new(|e: &Error| match e.kind() {
            ErrorKind::Serde => UncaughtErrorResponse::ReplaceThread,
            _ => UncaughtErrorResponse::ShutdownApplication,
        }),
        ..Handlers::from_settings(&StreamsConfig::new("app", "embedded").settings().unwrap())
    };
    assert_eq!(handlers.deserialization.handle(&context(true), &error()), Response::Resume);
    assert_eq!(handlers.deserialization.handle(&context(false), &error()), Response::Fail);
    assert_eq!(handlers.uncaught.handle(&error()), UncaughtErrorResponse::ReplaceThread);
    assert_eq!(UncaughtErrorResponse::ReplaceThread.handle(&error()), UncaughtErrorResponse::ReplaceThread);
}

fn record(timestamp: i64) -> RawRecord<'static> {
    RawRecord { key: None, value: Some(b"123"), timestamp, offset: 42 }
}

fn at(partition_time: i64) -> TimestampContext<'static> {
    TimestampContext { topic: "orders", partition: 3, partition_time, now_ms: 99 }
}

#[test]
fn ready_made_extractors_differ_in_records_without_time() {
    let extract = |policy: TimestampPolicy, own, partition_time| {
        Arc::<dyn TimestampExtractor>::from(policy).extract(&record(own), &at(partition_time)).map_err(|e| e.to_string())
    };
    for policy in [TimestampPolicy::FailOnInvalid, TimestampPolicy::LogAndSkipOnInvalid, TimestampPolicy::UsePartitionTimeOnInvalid] {
        assert_eq!(extract(policy, 5, 9), Ok(5));
        assert_eq!(extract(policy, 0, 9), Ok(0), "1970 is a valid time");
    }
    let failed = extract(TimestampPolicy::FailOnInvalid, -1, 9).unwrap_err();
    assert!(failed.starts_with("topic orders, partition 3, offset 42: the record's timestamp -1 is negative"), "{failed}");
    assert!(failed.contains("default.timestamp.extractor"), "{failed}");
    assert_eq!(extract(TimestampPolicy::LogAndSkipOnInvalid, -1, 9), Ok(-1));
    assert_eq!(extract(TimestampPolicy::UsePartitionTimeOnInvalid, -1, 9), Ok(9));
    assert!(extract(TimestampPolicy::UsePartitionTimeOnInvalid, -1, -1).unwrap_err().contains("no earlier record"));
    assert_eq!(extract(TimestampPolicy::WallClock, 5, 9), Ok(99));
}

/// A number written out in digits.
struct Digits;

impl Serde<i64> for Digits {
    fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<i64, BoxError> {
        Ok(std::str::from_utf8(bytes.ok_or("null")?)?.parse()?)
    }

    fn serialize(&self, _: &SerdeContext<'_>, value: &i64, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        out.extend(value.to_string().bytes());
        Ok(Wrote::Bytes)
    }
}

#[test]
fn the_time_may_stand_in_the_value() {
    let extractor = timestamp_of_value_with(Arc::new(Digits), |seconds: &i64| seconds * 1000);
    assert_eq!(extractor.extract(&record(5), &at(9)).unwrap(), 123_000);
    let unreadable = |timestamp, partition_time| {
        let record = RawRecord { value: None, ..record(timestamp) };
        extractor.extract(&record, &at(partition_time)).unwrap()
    };
    assert_eq!((unreadable(5, 9), unreadable(-1, 9), unreadable(-1, -1)), (5, 9, 99), "the source's handler decides about the record");
}
