//! Windowed reductions and aggregates.

use crate::{concat, input};
use std::time::Duration;
use streams_core::{Data, KTable, Materialized, Named, StreamsBuilder, TimeWindowedKStream, TimeWindows, Windowed};

fn windows() -> TimeWindows {
    TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(5))
}

fn by_key(b: &StreamsBuilder) -> TimeWindowedKStream<String, String> {
    input(b).group_by_key().windowed_by(windows())
}

fn by_value(b: &StreamsBuilder) -> TimeWindowedKStream<String, String> {
    input(b).group_by(|_, value| value.clone()).windowed_by(windows())
}

fn zero() -> i64 {
    0
}

fn add_one(_: &String, _: String, sum: &mut i64) {
    *sum += 1;
}

fn end<V: Data>(table: &KTable<Windowed<String>, V>) {
    table.to_stream().for_each(|_, _| {});
}

fn windowed_reduce(b: &StreamsBuilder) {
    end(&by_key(b).reduce(concat));
}

fn windowed_reduce_store_named(b: &StreamsBuilder) {
    end(&by_value(b).reduce_with(concat, "my-store"));
}

fn windowed_reduce_named(b: &StreamsBuilder) {
    end(&by_key(b).reduce_with(concat, Named::new("my-reduce")));
}

fn windowed_reduce_materialized_unnamed(b: &StreamsBuilder) {
    end(&by_key(b).reduce_with(concat, Materialized::default()));
}

fn windowed_aggregate(b: &StreamsBuilder) {
    end(&by_key(b).aggregate(zero, add_one));
}

fn windowed_aggregate_store_named(b: &StreamsBuilder) {
    end(&by_value(b).aggregate_with(zero, add_one, "my-store"));
}

fn windowed_aggregate_named(b: &StreamsBuilder) {
    end(&by_key(b).aggregate_with(zero, add_one, Named::new("my-aggregate")));
}

fn windowed_aggregate_materialized_unnamed(b: &StreamsBuilder) {
    end(&by_key(b).aggregate_with(zero, add_one, Materialized::default()));
}

golden!(
    windowed_reduce,
    windowed_reduce_store_named,
    windowed_reduce_named,
    windowed_reduce_materialized_unnamed,
    windowed_aggregate,
    windowed_aggregate_store_named,
    windowed_aggregate_named,
    windowed_aggregate_materialized_unnamed,
);
