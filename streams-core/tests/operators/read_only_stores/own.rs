//! Stores of the user's own kind.

use super::{Seen, is_restored_from_its_topic};
use std::collections::BTreeMap;
use streams_core::processor::{Context, Own, OwnStore, Processor, ReadOnlyOwn, StoreChange, TopologyBuilder};
use streams_core::state::Stores;
use streams_core::{BoxError, Consumed, Record, Topology};

/// Prices in a store of its own kind.
#[derive(Default)]
struct Prices(BTreeMap<String, i64>);

impl OwnStore for Prices {
    fn apply(&mut self, change: &StoreChange<'_>) -> Result<(), BoxError> {
        let item = String::from_utf8(change.key.to_vec())?;
        match change.value.map(<[u8; 8]>::try_from) {
            Some(Ok(price)) => drop(self.0.insert(item, i64::from_be_bytes(price))),
            // no number
            Some(Err(_)) => {}
            None => drop(self.0.remove(&item)),
        }
        Ok(())
    }

    fn num_entries(&self) -> u64 {
        self.0.len() as u64
    }
}

struct FillOwn {
    prices: Own<Prices>,
    seen: Seen,
}

impl Processor<Vec<u8>, Option<Vec<u8>>, (), ()> for FillOwn {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<Vec<u8>, Option<Vec<u8>>>) -> Result<(), BoxError> {
        self.seen.lock().expect("no panic").push(String::from_utf8(record.key.clone())?);
        match record.value {
            Some(price) => self.prices.put(ctx, &record.key, price),
            None => self.prices.delete(ctx, &record.key),
        }
    }
}

struct BillOwn(ReadOnlyOwn<Prices>);

impl Processor<String, i64, String, i64> for BillOwn {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        let Some(price) = self.0.read(|prices| prices.0.get(&record.key).copied())? else { return Ok(()) };
        ctx.forward(Record { value: record.value * price, ..record })
    }
}

fn topology_with_own_store(seen: &Seen) -> Topology {
    let (builder, seen) = (TopologyBuilder::new(), seen.clone());
    let store = Stores::own("prices", |_| Ok(Prices::default()));
    let prices = builder.add_read_only_state_store(store, "list", "prices", Consumed::default(), "fill", move |_, prices| FillOwn {
        prices,
        seen: seen.clone(),
    });
    let orders = builder.add_source::<String, i64>("orders", "orders");
    let bill = builder.add_processor("bill", prices, |_, prices| BillOwn(prices), &[&orders]);
    builder.add_sink("bills", "bills", &[&bill]);
    builder.build().expect("the topology is right")
}

#[test]
fn a_store_of_ones_own_kind_is_restored_at_least_once() {
    is_restored_from_its_topic("at_least_once", topology_with_own_store, 22);
}

#[test]
fn a_store_of_ones_own_kind_is_restored_exactly_once() {
    is_restored_from_its_topic("exactly_once_v2", topology_with_own_store, 22);
}
