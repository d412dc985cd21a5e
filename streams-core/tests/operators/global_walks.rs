//! Walks over stores that every instance has whole.

use std::ops::Bound;
use streams_core::processor::{Context, KeyValueStore, Processor, ReadOnlyKeyValueStore, ReadOnlyRows};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, Consumed, Record, StreamsBuilder};

struct Put(KeyValueStore<String, i64>);
impl Processor<String, i64, (), ()> for Put {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, i64>) -> Result<(), BoxError> {
        self.0.put(ctx, &record.key, record.value)
    }
}

struct Fill(KeyValueStore<String, i64>);
impl Processor<String, Option<i64>, (), ()> for Fill {
    fn process(&mut self, ctx: &mut Context<'_, (), ()>, record: Record<String, Option<i64>>) -> Result<(), BoxError> {
        self.0.put(ctx, &record.key, record.value.ok_or("a value")?)
    }
}

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
    let builder = StreamsBuilder::new();
    let store = Stores::key_value::<String, i64>("numbers");
    let numbers = builder.add_global_store(store, "numbers", Consumed::default(), |_, store| Put(store));
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

/// How many rows there are, of a global store and of one that is filled from its topic.
#[test]
fn rows_are_counted() -> Result<(), BoxError> {
    struct Count([ReadOnlyKeyValueStore<String, i64>; 2]);
    impl Processor<String, i64, String, i64> for Count {
        fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
            let [global, filled] = self.0.each_ref().map(|store| i64::try_from(store.approximate_num_entries()));
            ctx.forward(Record { value: global? * 10 + filled?, ..record })
        }
    }
    let builder = StreamsBuilder::new();
    let [global, filled] = ["global", "filled"].map(Stores::key_value::<String, i64>);
    let global = builder.add_global_store(global, "g", Consumed::default(), |_, store| Put(store));
    let filled = builder.add_read_only_state_store(filled, "source", "f", Consumed::default(), "fill", |_, store| Fill(store));
    builder.stream::<String, i64>("in").process((global, filled), |_, (global, filled)| Count([global, filled])).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    for (topic, rows) in [("g", 3), ("f", 2)] {
        (0..rows).try_for_each(|n| driver.input::<String, i64>(topic).pipe(format!("k{n}"), n))?;
    }
    driver.input::<String, i64>("in").pipe("a".to_owned(), 0)?;
    assert_eq!(driver.output::<String, i64>("out").read_values()?, [32]);
    Ok(())
}
