//! Parameters that are closures: where times come from and where records go; and several rows put at once.

use crate::input;
use std::time::Duration;
use streams_core::cluster::RawRecord;
use streams_core::handlers::TimestampContext;
use streams_core::processor::{Context, KeyValueStore, Processor};
use streams_core::state::Stores;
use streams_core::{BoxError, Consumed, Materialized, Partitions, Produced, Record, Repartitioned, StreamsBuilder, TimeWindows};

/// By 1 s for each character; of 5 characters that of the partition so far, and none for `c`.
fn later(record: &RawRecord<'_>, context: &TimestampContext<'_>) -> streams_core::Result<i64> {
    Ok(match record.value {
        None => record.timestamp,
        Some(b"c") => -1,
        Some(value) if value.len() == 5 => context.partition_time,
        Some(value) => record.timestamp + 1_000 * value.len() as i64,
    })
}

fn by_length(_: &str, _: &String, value: &String, _: i32) -> Partitions {
    match value.len() {
        1 => Partitions::Nowhere,
        2 => Partitions::One(0),
        _ => Partitions::ByKey,
    }
}

struct PutsAll(KeyValueStore<String, String>);

impl Processor<String, String, String, String> for PutsAll {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        let (key, value) = (record.key.clone(), record.value.clone());
        self.0.put_all(ctx, [(key.clone(), value.clone()), (value, key.clone()), (key, "last".to_owned())])?;
        let all: String = self.0.all()?.into_iter().map(|(key, value)| format!("{key}={value} ")).collect();
        ctx.forward(record.with_value(all))
    }
}

fn stream_timestamp_extractor(b: &StreamsBuilder) {
    let stream = b.stream_with::<String, String>("input", Consumed::default().timestamp_extractor(later));
    let windows = TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(5));
    stream.group_by_key().windowed_by(windows).count().to_stream().to_with("output", Produced::inherited());
}

fn table_timestamp_extractor(b: &StreamsBuilder) {
    let consumed = Consumed::default().timestamp_extractor(later);
    b.table_with::<String, String>("table", consumed, Materialized::from("my-store")).to_stream().to("output");
}

fn to_partitioner(b: &StreamsBuilder) {
    input(b).to_with("output", Produced::default().partitioner(by_length));
}

fn repartition_partitioner(b: &StreamsBuilder) {
    input(b).repartition_with(Repartitioned::default().named("again").partitioner(by_length)).to("output");
}

fn process_put_all(b: &StreamsBuilder) {
    let store = b.add_state_store(Stores::key_value("my-store").plain());
    input(b).process(store, |_, store| PutsAll(store)).to("output");
}

golden![stream_timestamp_extractor, table_timestamp_extractor, to_partitioner, repartition_partitioner, process_put_all];
