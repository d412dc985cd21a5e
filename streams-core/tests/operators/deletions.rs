//! Aggregations by window and session that delete rows, record by record, compared with models; and closures of theirs that fail.

use crate::fallible::{Fed, Outcome, fed};
use crate::windows::records;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
use streams_core::{
    BoxError, EmitStrategy, KTable, Materialized, SessionWindows, SlidingWindows, StreamsBuilder, TimeWindowedKStream, TimeWindows,
    Windowed,
};

/// A change: window, value, time.
type Update = (String, Option<i64>, i64);

fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}

/// Every fourth value deletes; else the order of the values can be seen in what comes.
fn folded(old: Option<i64>, value: i64) -> Option<i64> {
    (value % 4 != 0).then(|| old.unwrap_or(7).wrapping_mul(3) - value)
}

fn fold(_: &String, value: i64, slot: &mut Option<i64>) {
    *slot = folded(*slot, value);
}

/// The same as a closure that may fail.
fn try_fold(_: &String, value: i64, slot: &mut Option<i64>) -> Result<(), BoxError> {
    *slot = folded(*slot, value);
    Ok(())
}

fn merged(one: Option<i64>, other: i64) -> Option<i64> {
    Some(one.unwrap_or(5).wrapping_mul(5).wrapping_add(other))
}

fn merge(_: &String, one: &mut Option<i64>, other: i64) {
    *one = merged(*one, other);
}

fn rows(cached: bool) -> Materialized<String, i64> {
    let rows = Materialized::from("rows");
    if cached { rows } else { rows.caching_disabled() }
}

fn out(table: &KTable<Windowed<String>, i64>) {
    table.to_stream().map(|windowed, value| (windowed.to_string(), value)).to("out");
}

/// Feeds records, and compares what comes of each with what `expected` says, in any order. How many deletions there were.
fn compare(
    table: impl FnOnce(&StreamsBuilder) -> KTable<Windowed<String>, i64>,
    seed: u64,
    mut expected: impl FnMut(&str, i64, i64) -> Vec<Update>,
) -> Result<usize, BoxError> {
    let builder = StreamsBuilder::new();
    out(&table(&builder));
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, Option<i64>>("out"));
    let mut deletions = 0;
    for (n, (key, value, time)) in records(seed, 300).into_iter().enumerate() {
        let mut expected = expected(&key, value, time);
        input.pipe_at(key.clone(), value, time)?;
        let mut found: Vec<Update> = output.read_records()?.into_iter().map(|r| (r.key, r.value, r.timestamp)).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "seed {seed}, record {n}: {key}, {value} at {time}");
        deletions += found.iter().filter(|update| update.1.is_none()).count();
    }
    Ok(deletions)
}

/// Size, advance and grace.
type Shape = (i64, i64, i64);

const SHAPES: [Shape; 5] = [(10, 10, 7), (10, 5, 0), (10, 3, 4), (7, 1, 0), (10, 4, 1_000)];

fn hopping(b: &StreamsBuilder, (size, advance, grace): Shape) -> TimeWindowedKStream<String, i64> {
    let windows = TimeWindows::hopping(ms(size), ms(advance)).grace(ms(grace));
    b.stream::<String, i64>("in").group_by_key().windowed_by(windows)
}

fn window(key: &str, start: i64, end: i64) -> String {
    format!("[{key}@{start}/{end}]")
}

#[derive(Default)]
struct Windows {
    stream_time: i64,
    /// Value and time by key, start and end.
    rows: BTreeMap<(String, i64, i64), (i64, i64)>,
}

impl Windows {
    /// Without a cache the deletion of what is not there is told, too, as in Java.
    fn put(&mut self, (size, advance, grace): Shape, cached: bool, (key, value, time): (&str, i64, i64)) -> Vec<Update> {
        self.stream_time = self.stream_time.max(time);
        let mut updates = Vec::new();
        for start in (0..=time).filter(|start| start % advance == 0 && start + size > time && start + size > self.stream_time - grace) {
            let (row, end) = ((key.to_owned(), start, start + size), start + size);
            let old = self.rows.remove(&row);
            let new = folded(old.map(|old| old.0), value);
            let at = if new.is_some() { old.map_or(time, |old| old.1.max(time)) } else { time };
            if let Some(new) = new {
                self.rows.insert(row, (new, at));
            }
            if new.is_some() || old.is_some() || !cached {
                updates.push((window(key, start, end), new, at));
            }
        }
        updates
    }
}

#[test]
fn a_window_that_is_emptied_has_no_row_and_begins_anew() -> Outcome {
    for (seed, shape) in (1..).zip(SHAPES) {
        for (cached, fails) in [(true, false), (false, false), (true, true), (false, true)] {
            let table = |b: &StreamsBuilder| match fails {
                true => hopping(b, shape).try_fold_with(try_fold, rows(cached)),
                false => hopping(b, shape).fold_with(fold, rows(cached)),
            };
            let mut model = Windows::default();
            let deletions = compare(table, seed, |key, value, time| model.put(shape, cached, (key, value, time)))?;
            assert!(deletions > 10, "{deletions} deletions of shape {shape:?}");
        }
    }
    Ok(())
}

/// A window without a row when it closes gives no result.
#[test]
fn what_is_deleted_when_a_window_closes_is_not_told() -> Outcome {
    let shape @ (size, _, grace) = (10, 5, 4);
    for seed in 1..20 {
        let table =
            |b: &StreamsBuilder| hopping(b, shape).emit_strategy(EmitStrategy::on_window_close()).fold_with(fold, rows(seed % 2 == 0));
        let (mut model, mut told) = (Windows::default(), -1);
        let deletions = compare(table, seed, |key, value, time| {
            let closed = model.stream_time.max(time) - grace;
            let ended = model.rows.iter().filter(|((_, start, end), _)| *end <= closed && (told == -1 || start + size > told));
            let expected = ended.map(|((key, start, end), (value, at))| (window(key, *start, *end), Some(*value), *at)).collect();
            told = told.max(closed);
            model.put(shape, true, (key, value, time));
            expected
        })?;
        assert_eq!(deletions, 0);
    }
    Ok(())
}

#[derive(Default)]
struct Sessions {
    stream_time: i64,
    /// Value by key, end and start.
    rows: BTreeMap<(String, i64, i64), i64>,
}

impl Sessions {
    fn put(&mut self, (gap, grace): (i64, i64), cached: bool, (key, value, time): (&str, i64, i64)) -> Vec<Update> {
        self.stream_time = self.stream_time.max(time);
        let closed = self.stream_time - gap - grace;
        let near = |(of, end, start): &(String, i64, i64)| of == key && *end >= closed && *end >= time - gap && *start <= time + gap;
        let met: Vec<_> = self.rows.keys().filter(|row| near(row)).cloned().collect();
        let (end, start) = met.iter().fold((time, time), |(end, start), row| (end.max(row.1), start.min(row.2)));
        if end < closed {
            return Vec::new();
        }
        let (mut aggregate, mut updates) = (None, Vec::new());
        for row in &met {
            aggregate = self.rows.remove(row).and_then(|other| merged(aggregate, other));
            let same = (row.1, row.2) == (end, start);
            if !same || !cached && (end, start) != (time, time) {
                updates.push((window(key, row.2, row.1), None, row.1));
            }
        }
        let new = folded(aggregate, value);
        let existed = met.iter().any(|row| (row.1, row.2) == (end, start));
        if let Some(new) = new {
            self.rows.insert((key.to_owned(), end, start), new);
        }
        if new.is_some() || existed || !cached {
            updates.push((window(key, start, end), new, end));
        }
        updates
    }
}

#[test]
fn a_session_that_is_emptied_is_none_and_those_that_it_met_are_gone() -> Outcome {
    for (seed, (gap, grace)) in (1..).zip([(5, 0), (5, 4), (0, 3), (1, 17), (12, 1), (30, 0), (6, 1_000)]) {
        for (cached, fails) in [(true, false), (false, false), (true, true), (false, true)] {
            let table = |b: &StreamsBuilder| {
                let windows = SessionWindows::with_gap(ms(gap)).grace(ms(grace));
                let sessions = b.stream::<String, i64>("in").group_by_key().windowed_by(windows);
                let try_merge = |_: &String, one: &mut Option<i64>, other| {
                    *one = merged(*one, other);
                    Ok(())
                };
                match fails {
                    true => sessions.try_fold_with(try_fold, try_merge, rows(cached)),
                    false => sessions.fold_with(fold, merge, rows(cached)),
                }
            };
            let mut model = Sessions::default();
            let deletions = compare(table, seed, |key, value, time| model.put((gap, grace), cached, (key, value, time)))?;
            assert!(deletions > 10 || gap == 0, "{deletions} deletions, gap {gap} ms, grace {grace} ms");
        }
    }
    Ok(())
}

/// An input that adds begins with the initial value, one that deletes with an empty slot; both by window, too.
#[test]
fn inputs_of_a_cogroup_may_delete_what_others_add() -> Outcome {
    let cogrouped = |b: &StreamsBuilder| {
        let adds = b.stream::<String, i64>("adds").group_by_key();
        adds.cogroup(|_, value, sum: &mut i64| *sum += value).cogroup_fold(&b.stream::<String, i64>("in").group_by_key(), fold)
    };
    let plain = StreamsBuilder::new();
    cogrouped(&plain).aggregate(|| 100).to_stream().to("out");
    let windowed = StreamsBuilder::new();
    let windows = cogrouped(&windowed).windowed_by(TimeWindows::tumbling(ms(10)).no_grace()).aggregate(|| 100);
    windows.to_stream().select_key(|windowed, _| windowed.key.clone()).to("out");
    for builder in [plain, windowed] {
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        for (topic, value, time) in [("adds", 1, 1), ("in", 4, 5), ("in", 1, 3), ("in", 8, 4), ("adds", 2, 2)] {
            driver.input::<String, i64>(topic).pipe_at("a".to_owned(), value, time)?;
        }
        let told: Vec<_> =
            driver.output::<String, Option<i64>>("out").read_records()?.into_iter().map(|r| (r.value, r.timestamp)).collect();
        assert_eq!(told, [(Some(101), 1), (None, 5), (Some(20), 3), (None, 4), (Some(102), 2)]);
    }
    Ok(())
}

/// Empties the slot, and then says that it has failed, or that it has not.
fn emptied(text: &str, slot: &mut Option<i64>) -> Result<(), BoxError> {
    let old = slot.take();
    match text {
        "skip" => Err("skip it".into()),
        "delete" => Ok(()),
        _ => {
            *slot = Some(old.unwrap_or(0) + text.parse::<i64>()?);
            Ok(())
        }
    }
}

#[test]
fn a_closure_that_fails_after_it_has_emptied_the_slot_deletes_nothing() -> Outcome {
    let records: [Fed; 5] = [
        ("in", "2", 1_000, ""),
        ("in", "skip", 1_000, "skip"),
        ("in", "3", 1_000, ""),
        ("in", "delete", 1_000, ""),
        ("in", "1", 1_000, ""),
    ];
    let f = |_: &String, text: String, slot: &mut Option<i64>| emptied(&text, slot);
    let add = |_: &String, one: &mut Option<i64>, other: i64| {
        *one = Some(one.unwrap_or(0) + other);
        Ok(())
    };
    let second = Duration::from_secs(1);
    let told = |window: &str| [" 2", " 5", " -", " 1"].map(|value| format!("{window}{value}"));
    for cached in [true, false] {
        let text = |b: &StreamsBuilder| b.stream::<String, String>("in").group_by_key();
        let by_time =
            |b: &StreamsBuilder| out(&text(b).windowed_by(TimeWindows::tumbling(second).no_grace()).try_fold_with(f, rows(cached)));
        assert_eq!(fed(by_time, |_| true, &["KSTREAM-AGGREGATE-"], &records)?, told("[a@1000/2000]"));
        let sliding =
            |b: &StreamsBuilder| out(&text(b).windowed_by(SlidingWindows::within(second).no_grace()).try_fold_with(f, rows(cached)));
        assert_eq!(fed(sliding, |_| true, &["KSTREAM-AGGREGATE-"], &records)?, told("[a@0/1000]"));
        let sessions = SessionWindows::with_gap(second).no_grace();
        let by_session = |b: &StreamsBuilder| out(&text(b).windowed_by(sessions).try_fold_with(f, add, rows(cached)));
        assert_eq!(fed(by_session, |_| true, &["KSTREAM-AGGREGATE-"], &records)?, told("[a@1000/1000]"));
        let cogroup = |b: &StreamsBuilder| out(&text(b).try_cogroup_fold(f).windowed_by(sessions).try_fold_with(|| 9, add, rows(cached)));
        assert_eq!(fed(cogroup, |_| true, &["COGROUPKSTREAM-AGGREGATE-"], &records)?, told("[a@1000/1000]"));
    }
    Ok(())
}
