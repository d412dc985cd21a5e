//! Code around processors (KIP-1112).

use crate::processors::PassOn;
use crate::{input, plus};
use streams_core::processor::{AroundContext, AroundProcessor, KeyValueStore, ProcessorWrapper, WrappedNode, WrappedRecord};
use streams_core::state::Stores;
use streams_core::{BoxError, Grouped, Materialized, Record, StreamsBuilder};

/// By the name of the node: `replaced-..` forwards the length of each value, `counted-..` counts records of each key and leaves out every third.
struct Wrapper;

impl ProcessorWrapper for Wrapper {
    fn wrap(&self, node: &mut WrappedNode<'_>) {
        if node.name().starts_with("replaced-") {
            node.around((), |_, ()| Lengths);
        } else if node.name().starts_with("counted-") {
            let counts = node.add_state_store(Stores::key_value(format!("{}-counts", node.name())).plain());
            node.around(counts, |_, counts| Counted(counts));
        }
    }
}

struct Lengths;

impl AroundProcessor for Lengths {
    fn process(&mut self, ctx: &mut AroundContext<'_>, record: WrappedRecord<'_>) -> Result<(), BoxError> {
        let record = record.into_record::<String, String>().map_err(|_| "it is of texts")?;
        let value = record.value.encode_utf16().count().to_string();
        ctx.forward(Record { value, ..record })
    }
}

struct Counted(KeyValueStore<String, i64>);

impl AroundProcessor for Counted {
    fn process(&mut self, ctx: &mut AroundContext<'_>, record: WrappedRecord<'_>) -> Result<(), BoxError> {
        let key = record.key::<String>().ok_or("it has texts as keys")?;
        let count = self.0.get(key)?.unwrap_or(0) + 1;
        self.0.put(ctx, key, count)?;
        if count % 3 == 0 { Ok(()) } else { record.proceed(ctx) }
    }
}

fn wrapper_replaces_map_values(b: &StreamsBuilder) {
    b.processor_wrapper(Wrapper);
    input(b).map_values_with(|value| value + "!", "replaced-values").to("output");
}

fn wrapper_adds_a_store(b: &StreamsBuilder) {
    b.processor_wrapper(Wrapper);
    input(b).process_with((), |_, ()| PassOn, "counted-pass").to("output");
}

fn wrapper_adds_stores_to_two(b: &StreamsBuilder) {
    b.processor_wrapper(Wrapper);
    let store = b.add_state_store(Stores::key_value::<String, i64>("my-store").plain());
    let first = input(b).process_with(store, |_, _| PassOn, "counted-first");
    first.process_with((), |_, ()| PassOn, "counted-second").to("output");
}

fn wrapper_around_an_aggregation(b: &StreamsBuilder) {
    b.processor_wrapper(Wrapper);
    let by_letter = input(b).group_by_with(|_, value| value[..1].to_owned(), Grouped::from("by-letter"));
    by_letter
        .reduce_with(|sum: String, value| plus(&sum, &value), Materialized::from("sums").node_named("counted-sums"))
        .to_stream()
        .to("output");
}

golden![wrapper_replaces_map_values, wrapper_adds_a_store, wrapper_adds_stores_to_two, wrapper_around_an_aggregation,];
