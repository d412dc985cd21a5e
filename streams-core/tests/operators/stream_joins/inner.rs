//! `join`.

use super::{Model, Outcome, Record, SHAPES, Shape, pipe, read, records};
use streams_core::StreamsBuilder;
use streams_core::testing::TopologyTestDriver;

fn driver(shape: Shape) -> Result<TopologyTestDriver, Box<dyn std::error::Error>> {
    let builder = StreamsBuilder::new();
    let (left, right) = (builder.stream::<String, i64>("left"), builder.stream::<String, i64>("right"));
    left.join(&right, |left, right| left * 10_000 + right, shape.windows()).to("out");
    Ok(TopologyTestDriver::new(&builder.build()?)?)
}

#[test]
fn each_pair_within_the_window_and_the_retention_is_joined_once() -> Outcome {
    for (seed, shape) in (1..).zip(SHAPES) {
        let (driver, mut model, mut joined) = (driver(shape)?, Model::default(), 0);
        for (n, record) in records(seed, 800, 30).iter().enumerate() {
            let pairs = model.put(shape, record);
            let value = |(left, right, time): (i64, i64, i64)| (record.key.to_owned(), left * 10_000 + right, time);
            let mut expected: Vec<_> = pairs.into_iter().map(value).collect();
            pipe(&driver, record)?;
            let mut found = read(&driver)?;
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "record {n} of {shape:?}: {record:?}");
            joined += found.len();
        }
        assert!(joined > 100, "{joined} pairs of {shape:?}");
        assert!(model.late > 0 || shape.grace == 30, "{shape:?}");
        let dropped = |labels: &[(&str, &str)]| driver.metrics().sum("streams_records_dropped_total", labels);
        assert_eq!(dropped(&[("reason", "late")]), Some(model.late as f64), "records too late to be kept, {shape:?}");
        assert_eq!(dropped(&[]), dropped(&[("reason", "late")]), "nothing else is dropped");
    }
    Ok(())
}

/// With grace enough the window alone decides, whatever the order in which the records come.
#[test]
fn with_grace_enough_the_order_of_the_records_does_not_matter() -> Outcome {
    let shape = Shape { before: 4, after: 7, grace: 1_000_000 };
    let records = records(99, 400, 60);
    let all_pairs = {
        let meet = |l: &Record, r: &Record| l.key == r.key && (-shape.before..=shape.after).contains(&(r.time - l.time));
        let pair = |l: &Record, r: &Record| (l.key.to_owned(), l.value * 10_000 + r.value, l.time.max(r.time));
        let rights = || records.iter().filter(|r| !r.left);
        let lefts = records.iter().filter(|l| l.left);
        let mut pairs: Vec<_> = lefts.flat_map(|l| rights().filter(|r| meet(l, r)).map(|r| pair(l, r))).collect();
        pairs.sort();
        pairs
    };
    assert!(all_pairs.len() > 300, "{}", all_pairs.len());
    let mut backwards = records.clone();
    backwards.reverse();
    let mut lefts_first = records.clone();
    lefts_first.sort_by_key(|record| !record.left);
    for order in [records, backwards, lefts_first] {
        let driver = driver(shape)?;
        order.iter().try_for_each(|record| pipe(&driver, record))?;
        let mut found = read(&driver)?;
        found.sort();
        assert_eq!(found, all_pairs);
    }
    Ok(())
}

#[test]
fn both_ends_of_the_window_are_in_it() -> Outcome {
    let driver = driver(Shape { before: 5, after: 3, grace: 0 })?;
    pipe(&driver, &Record { left: true, key: "a", value: 1, time: 100 })?;
    for (value, time) in [(1, 94), (2, 95), (3, 103), (4, 104)] {
        pipe(&driver, &Record { left: false, key: "a", value, time })?;
    }
    assert_eq!(read(&driver)?, [("a".to_owned(), 10_002, 100), ("a".to_owned(), 10_003, 103)]);
    Ok(())
}
