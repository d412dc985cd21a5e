//! Joins by foreign key compared with nested loops over plain maps, for random histories: with and without record caches, with commits after
//! each record and after many.

use std::collections::BTreeMap;
use streams_core::testing::TopologyTestDriver;
use streams_core::{Consumed, KTable, Materialized, StreamsBuilder, TableJoined, Topology};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
type Orders = BTreeMap<String, String>;
type Customers = BTreeMap<u32, i64>;

/// An order names its customer, or nobody.
fn customer(order: &str) -> Option<u32> {
    order.split(' ').next().and_then(|number| number.parse().ok())
}

fn joined(order: &str, customer: Option<i64>) -> String {
    format!("{order} = {customer:?}")
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    left: bool,
    cached: bool,
    /// The result has a store, with a cache or without.
    kept: Option<bool>,
    /// The other table is computed of the one that is read.
    computed: bool,
    /// The result is grouped by its last letter, too.
    grouped: bool,
}

fn topology(shape: Shape) -> Outcome<Topology> {
    let builder = StreamsBuilder::new();
    let kept = Materialized::<String, String>::from("orders-store");
    let orders: KTable<String, String> =
        builder.table_with("orders", Consumed::default(), if shape.cached { kept } else { kept.caching_disabled() });
    let kept = Materialized::<u32, i64>::from("customers-store");
    let mut customers: KTable<u32, i64> =
        builder.table_with("customers", Consumed::default(), if shape.cached { kept } else { kept.caching_disabled() });
    if shape.computed {
        customers = customers.filter(|_, value| *value != 3).map_values(|value| value + 100);
    }
    let options = || {
        let options = TableJoined::default();
        match shape.kept {
            None => options.materialized(Materialized::default()),
            Some(true) => options.materialized("result"),
            Some(false) => options.materialized(Materialized::from("result").caching_disabled()),
        }
    };
    let result: KTable<String, String> = if shape.left {
        let join = |order: &String, customer: Option<&i64>| joined(order, customer.copied());
        orders.left_join_on_foreign_key_with(&customers, |_, order| customer(order), join, options())
    } else {
        let join = |order: &String, customer: &i64| joined(order, Some(*customer));
        orders.join_on_foreign_key_with(&customers, |_, order| customer(order), join, options())
    };
    result.to_stream().to("result");
    if shape.grouped {
        result.group_by(|key, value| (value[value.len() - 2..].to_owned(), key.clone())).count().to_stream().to("counts");
    }
    Ok(builder.build()?)
}

fn expected(orders: &Orders, customers: &Customers, shape: Shape) -> Orders {
    let mut result = Orders::new();
    for (key, order) in orders {
        let mut partner = None;
        for (number, value) in customers {
            if customer(order) == Some(*number) && !(shape.computed && *value == 3) {
                partner = Some(if shape.computed { value + 100 } else { *value });
            }
        }
        if partner.is_some() || shape.left {
            result.insert(key.clone(), joined(order, partner));
        }
    }
    result
}

fn random(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

#[test]
fn joins_by_foreign_key_are_those_of_nested_loops() -> Outcome {
    let mut changes = 0;
    for seed in 0..400_u64 {
        let state = &mut (seed * 31 + 7);
        let shape = Shape {
            left: random(state, 2) == 0,
            cached: random(state, 2) == 0,
            kept: [None, Some(true), Some(false)][random(state, 3) as usize],
            computed: random(state, 3) == 0,
            grouped: random(state, 2) == 0,
        };
        // an inner join may keep a row where changes of both sides cross each other, as in Java: docs/SEMANTICS.md
        let by_hand = random(state, 2) == 0 && shape.left;
        let topology = topology(shape)?;
        let driver = TopologyTestDriver::builder(&topology);
        let driver = if by_hand { driver.commit_by_hand() } else { driver }.build()?;
        let (mut orders, mut customers) = (Orders::new(), Customers::new());
        let (mut found, mut counts) = (Orders::new(), BTreeMap::<String, u64>::new());
        for step in 0..40 {
            if random(state, 2) == 0 {
                let key = format!("o{}", random(state, 4));
                let order = (random(state, 4) > 0)
                    .then(|| format!("{} {}", ["0", "1", "2", "nobody"][random(state, 4) as usize], random(state, 3)));
                driver.input::<String, Option<String>>("orders").pipe_at(key.clone(), order.clone(), step)?;
                match order {
                    Some(order) => orders.insert(key, order),
                    None => orders.remove(&key),
                };
            } else {
                let key = random(state, 3) as u32;
                let value = (random(state, 4) > 0).then(|| random(state, 6) as i64);
                driver.input::<u32, Option<i64>>("customers").pipe_at(key, value, step)?;
                match value {
                    Some(value) => customers.insert(key, value),
                    None => customers.remove(&key),
                };
            }
            if by_hand {
                if random(state, 6) > 0 && step < 39 {
                    continue;
                }
                driver.commit()?;
            }
            for (key, value) in driver.output::<String, Option<String>>("result").read_all()? {
                changes += 1;
                match value {
                    Some(value) => found.insert(key, value),
                    None => found.remove(&key),
                };
            }
            let expected = expected(&orders, &customers, shape);
            assert_eq!(found, expected, "seed {seed}, step {step}, {shape:?}, by hand: {by_hand}");
            if shape.grouped {
                let mut groups = BTreeMap::<String, u64>::new();
                expected.values().for_each(|value| *groups.entry(value[value.len() - 2..].to_owned()).or_default() += 1);
                for (key, count) in driver.output::<String, Option<u64>>("counts").read_all()? {
                    counts.insert(key, count.expect("counts are not deleted"));
                }
                counts.retain(|_, count| *count > 0);
                assert_eq!(counts, groups, "seed {seed}, step {step}, {shape:?}, by hand: {by_hand}");
            }
        }
    }
    assert!(changes > 4_000, "{changes}");
    Ok(())
}
