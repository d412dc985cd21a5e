//! Walks over stores that every instance has whole.

use std::ops::Bound;
use streams_core::processor::{Context, KeyValueStore, Processor, ReadOnlyKeyValueStore, ReadOnlyRows};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Consumed, Record, StreamsBuilder};

/// More rows than a walk takes at a time, there and back, by prefix, and with their times.
#[test]
fn walks_over_a_global_store() -> Result<(), BoxError> {
    struct Walk(ReadOnlyKeyValueStore<String, i64>);
    impl Processor<String, i64, String, i64> for Walk {
        fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
            let numbers = |from: usize, to: usize| (from..to).map(|n| (format!("k{n:04}"), n as i64)).collect::<Vec<_>>();
            let reversed = |mut rows: Vec<(String, i64)>| {
                rows.reverse();
                rows
            };
            let found = |rows: ReadOnlyRows<String, i64>| rows.collect::<Result<Vec<_>, _>>();
            let [low, high] = ["k0100", "k0400"].map(str::to_owned);
            assert_eq!(self.0.all()?, numbers(0, 600));
            assert_eq!(found(self.0.iter().reversed())?, reversed(numbers(0, 600)));
            assert_eq!(self.0.range(&low, &high)?, numbers(100, 401));
            let within = || self.0.iter_range(Bound::Excluded(&low), Bound::Excluded(&high));
            assert_eq!(found(within()?.reversed())?, reversed(numbers(101, 400)));
            assert_eq!(found(within()?.reversed().reversed())?, numbers(101, 400));
            assert_eq!(found(self.0.iter_prefix(b"k01"))?, numbers(100, 200));
            assert_eq!(found(self.0.iter_prefix(b"k01").reversed())?, reversed(numbers(100, 200)));
            assert_eq!(found(self.0.iter_prefix(b"l"))?, []);
            // turned round half-way, a walk begins anew
            let mut rows = self.0.iter();
            for _ in 0..300 {
                rows.next().expect("a row")?;
            }
            assert_eq!(found(rows.reversed())?, reversed(numbers(0, 600)));
            let last = self.0.iter().reversed().with_timestamps().next().expect("a row")?;
            ctx.forward(Record { value: last.2, ..record })
        }
    }
    struct Keep(KeyValueStore<String, i64>);
    impl Processor<String, i64, (), ()> for Keep {
        fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, i64>) -> Result<(), BoxError> {
            self.0.put(ctx, &record.key, record.value)
        }
    }
    let builder = StreamsBuilder::new();
    let store = Stores::key_value::<String, i64>("numbers");
    let numbers = builder.add_global_store(store, "numbers", Consumed::default(), |_, store| Keep(store));
    builder.stream::<String, i64>("in").process(numbers, |_, numbers| Walk(numbers)).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let mut topic = driver.input::<String, i64>("numbers");
    for n in 0..600 {
        topic.pipe_at(format!("k{n:04}"), n, 1_000 + n)?;
    }
    driver.input::<String, i64>("in").pipe("a".to_owned(), 0)?;
    assert_eq!(driver.output::<String, i64>("out").read_all()?, [("a".to_owned(), 1_599)]);
    Ok(())
}
