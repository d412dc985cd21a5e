//! Suppressions record by record, compared with what a walk over the whole history says: the final results of windows that are closed, and
//! the rows that a table shows whose changes are held back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use streams_core::testing::TopologyTestDriver;
use streams_core::{
    BufferConfig, EmitEarlyWhenFull, EmitStrategy, KGroupedStream, KTable, SessionWindows, SlidingWindows, StreamsBuilder, Suppressed,
    TimeWindows, Windowed,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % n
    }

    fn key(&mut self) -> String {
        ["a", "bb", "c", "a much longer key that is not kept in place"][self.below(4) as usize].to_owned()
    }
}

/// Size, advance and grace in milliseconds.
const SHAPES: [(i64, i64, i64); 6] = [(10, 10, 0), (10, 10, 7), (10, 5, 0), (10, 3, 4), (7, 1, 0), (10, 4, 60)];

fn final_counts(builder: &StreamsBuilder, (size, advance, grace): (i64, i64, i64)) {
    let windows = TimeWindows::hopping(ms(size), ms(advance)).grace(ms(grace));
    let counts: KTable<Windowed<String>, u64> = builder.stream::<String, i64>("in").group_by_key().windowed_by(windows).count();
    let closed = counts.suppress(Suppressed::until_window_closes(BufferConfig::unbounded())).to_stream();
    closed.select_key(|windowed, _| format!("{}@{}", windowed.key, windowed.window.start)).to("out");
}

#[test]
fn each_window_that_is_closed_has_one_result_and_it_is_what_a_full_scan_gives() -> Outcome {
    let mut results = 0;
    for (seed, shape) in (1..40).flat_map(|round| SHAPES.map(|shape| (round, shape))) {
        let (size, advance, grace) = shape;
        let builder = StreamsBuilder::new();
        final_counts(&builder, shape);
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, Option<u64>>("out"));
        let (mut random, mut now, mut history) = (Random(seed), 0, Vec::<(String, i64, i64)>::new());
        let mut emitted = BTreeMap::new();
        for _ in 0..60 {
            now += if random.below(15) == 0 { 50 } else { random.below(4) };
            let (key, time) = (random.key(), (now - random.below(25)).max(0));
            input.pipe_at(key.clone(), 0, time)?;
            let stream_time = history.last().map_or(time, |(.., then)| time.max(*then));
            history.push((key, time, stream_time));
            for (row, count) in output.read_all()? {
                assert!(emitted.insert(row.clone(), count.ok_or("a deletion")?).is_none(), "two results for {row}, shape {shape:?}");
            }
            // all windows that a record was in while they were open, and that are closed by now
            let mut expected: BTreeMap<String, u64> = BTreeMap::new();
            for (key, time, then) in &history {
                for start in ((time - size + 1).max(0)..=*time).filter(|start| start % advance == 0) {
                    if start + size > then - grace && start + size + grace <= stream_time {
                        *expected.entry(format!("{key}@{start}")).or_default() += 1;
                    }
                }
            }
            assert_eq!(emitted, expected, "seed {seed}, shape {shape:?}, stream time {stream_time}");
        }
        results += emitted.len();
    }
    assert!(results > 3_000, "{results}");
    Ok(())
}

type Counts = KTable<Windowed<String>, u64>;

/// Counts by sliding windows or sessions, told once: by suppression, and as they close.
fn told_once<W>(builder: &StreamsBuilder, windows: W, to_windowed: fn(W, &KGroupedStream<String, i64>, Option<EmitStrategy>) -> Counts)
where
    W: Copy,
{
    let grouped = builder.stream::<String, i64>("in").group_by_key();
    let suppressed = to_windowed(windows, &grouped, None).suppress(Suppressed::until_window_closes(BufferConfig::unbounded()));
    let closed = to_windowed(windows, &grouped, Some(EmitStrategy::on_window_close()));
    for (table, topic) in [(suppressed, "suppressed"), (closed, "closed")] {
        let window = |windowed: Windowed<String>| format!("{} {} {}", windowed.key, windowed.window.start, windowed.window.end);
        table.to_stream().select_key(move |windowed, _| window(windowed.clone())).to(topic);
    }
}

/// Records crowd the last millisecond in which a window takes them, where Java's suppression has told of the window already.
#[test]
fn windows_that_hold_their_end_have_one_result_too() -> Outcome {
    let (mut results, mut on_the_edge) = (0, 0);
    for (seed, (span, grace)) in (1..12).flat_map(|round| [(0, 0), (3, 0), (10, 1), (10, 7), (5, 20)].map(|shape| (round, shape))) {
        for by_session in [false, true] {
            let builder = StreamsBuilder::new();
            match by_session {
                false => told_once(&builder, SlidingWindows::within(ms(span)).grace(ms(grace)), |windows, grouped, emit| {
                    grouped.windowed_by(windows).emit_strategy(emit.unwrap_or_default()).count()
                }),
                true => told_once(&builder, SessionWindows::with_gap(ms(span)).grace(ms(grace)), |windows, grouped, emit| {
                    grouped.windowed_by(windows).emit_strategy(emit.unwrap_or_default()).count()
                }),
            }
            let driver = TopologyTestDriver::new(&builder.build()?)?;
            let mut input = driver.input::<String, i64>("in");
            let (mut random, mut now, mut told) = (Random(seed), 100, BTreeSet::new());
            for _ in 0..80 {
                now += if random.below(20) == 0 { 40 } else { random.below(4) };
                let back = [0, 0, grace, grace + 1, span + grace, span + grace + 1][random.below(6) as usize];
                on_the_edge += usize::from(back == grace);
                input.pipe_at(random.key(), 0, now - back)?;
                let read = |topic: &str| driver.output::<String, Option<u64>>(topic).read_all();
                let (mut suppressed, mut closed) = (read("suppressed")?, read("closed")?);
                suppressed.sort();
                closed.sort();
                assert_eq!(suppressed, closed, "seed {seed}, span {span}, grace {grace}, sessions {by_session}, at {now}");
                for (window, count) in suppressed {
                    assert!(told.insert(window.clone()), "two results for {window}: the last is {count:?}, seed {seed}, span {span}");
                }
            }
            results += told.len();
        }
    }
    assert!(results > 3_000 && on_the_edge > 500, "{results} {on_the_edge}");
    Ok(())
}

/// A change that is held back: when it is due, and the row's value then.
type Held = (i64, String, Option<i64>);

#[derive(Default)]
struct Model {
    stream_time: i64,
    held: Vec<Held>,
    /// What was emitted: the table as others see it.
    shown: BTreeMap<String, i64>,
    emitted: Vec<(String, Option<i64>)>,
}

impl Model {
    fn put(&mut self, key: &str, value: Option<i64>, time: i64, wait: i64, most: usize) {
        self.stream_time = self.stream_time.max(time);
        match self.held.iter_mut().find(|(_, held, _)| held == key) {
            Some(held) => held.2 = value,
            None => self.held.push((time, key.to_owned(), value)),
        }
        self.held.sort();
        while self.held.len() > most || self.held.first().is_some_and(|(due, ..)| *due <= self.stream_time - wait) {
            let (_, key, value) = self.held.remove(0);
            match value {
                Some(value) => self.shown.insert(key.clone(), value),
                None => self.shown.remove(&key),
            };
            self.emitted.push((key, value));
        }
    }
}

fn is_kept(value: i64) -> bool {
    value % 3 != 0
}

/// The table's changes held back, what a filter behind that makes of them, and what a join sees of the table.
fn held_back(builder: &StreamsBuilder, wait: i64, buffer: BufferConfig<EmitEarlyWhenFull>) {
    let probes = builder.stream::<String, i64>("probes");
    let held = builder.table::<String, i64>("table").suppress(Suppressed::until_time_limit(ms(wait), buffer));
    held.to_stream().to("out");
    held.filter(|_, value| is_kept(*value)).to_stream().to("kept");
    probes.left_join_table(&held, |_, row| row.copied()).to("seen");
}

#[test]
fn a_table_whose_changes_are_held_back_shows_what_was_emitted() -> Outcome {
    let (mut emitted, mut early) = (0, 0);
    for seed in 1..300_u64 {
        let (wait, most) = ([0, 5, 20, 1_000][seed as usize % 4], [1, 2, 3, 100][seed as usize / 4 % 4]);
        let builder = StreamsBuilder::new();
        held_back(&builder, wait, BufferConfig::max_records(most));
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let (mut table, mut probes) = (driver.input::<String, Option<i64>>("table"), driver.input::<String, i64>("probes"));
        let (mut out, mut kept) = (driver.output::<String, Option<i64>>("out"), driver.output::<String, Option<i64>>("kept"));
        let mut seen = driver.output::<String, Option<i64>>("seen");
        let (mut model, mut random, mut now) = (Model::default(), Random(seed), 0);
        let (mut kept_rows, mut rows) = (BTreeMap::new(), BTreeSet::new());
        for n in 0..60 {
            now += random.below(6);
            let (key, time) = (random.key(), (now - random.below(10)).max(0));
            if random.below(3) == 0 {
                probes.pipe_at(key.clone(), 0, time)?;
                assert_eq!(seen.read_all()?, [(key.clone(), model.shown.get(&key).copied())], "seed {seed}");
                continue;
            }
            let value = (random.below(5) > 0).then_some(n);
            table.pipe_at(key.clone(), value, time)?;
            let existed = if value.is_some() { !rows.insert(key.clone()) } else { rows.remove(&key) };
            // the table passes no deletion on of a row that is not there
            if value.is_some() || existed {
                let most = usize::try_from(most)?;
                early += usize::from(model.held.len() == most && wait == 1_000);
                model.put(&key, value, time, wait, most);
            }
            assert_eq!(out.read_all()?, std::mem::take(&mut model.emitted), "seed {seed}, wait {wait}, at most {most}");
            for (key, value) in kept.read_all()? {
                emitted += 1;
                match value {
                    Some(value) => kept_rows.insert(key, value),
                    None => Some(kept_rows.remove(&key).unwrap_or_else(|| panic!("seed {seed}: {key} was deleted, but not there"))),
                };
            }
            let expected = model.shown.iter().filter(|(_, value)| is_kept(**value)).map(|(key, value)| (key.clone(), *value)).collect();
            assert_eq!(kept_rows, expected, "seed {seed}");
        }
    }
    assert!(emitted > 1_000 && early > 500, "{emitted} rows kept, the buffer full {early} times");
    Ok(())
}

/// The bytes of a row as Java counts them: key, values, 28, and the topic.
fn size(key: &str, values: i64) -> u64 {
    (key.len() as i64 + 8 * values + 28 + "table".len() as i64).unsigned_abs()
}

fn table_of(suppressed: Suppressed<String>) -> Result<TopologyTestDriver, Box<dyn std::error::Error>> {
    let builder = StreamsBuilder::new();
    builder.table::<String, i64>("table").suppress(suppressed).to_stream().to("out");
    Ok(TopologyTestDriver::new(&builder.build()?)?)
}

fn limit<F: streams_core::WhenFull>(buffer: BufferConfig<F>) -> Suppressed<String> {
    Suppressed::until_time_limit(Duration::from_secs(60), buffer)
}

#[test]
fn a_buffer_that_has_too_many_bytes_emits_the_oldest_row_early() -> Outcome {
    for spare in [0, -1] {
        let most = size("first", 1) + size("second", 1);
        let driver = table_of(limit(BufferConfig::max_bytes(most.checked_add_signed(spare).ok_or("too few")?)))?;
        let (mut table, mut out) = (driver.input::<String, i64>("table"), driver.output::<String, i64>("out"));
        table.pipe_at("second".into(), 2, 20)?;
        table.pipe_at("first".into(), 1, 10)?;
        let expected = if spare == 0 { vec![] } else { vec![("first".to_owned(), 1)] };
        assert_eq!(out.read_all()?, expected);
    }
    // the value before the change that is held back counts too, once
    let driver = table_of(limit(BufferConfig::max_bytes(size("key", 2))))?;
    let (mut table, mut out) = (driver.input::<String, i64>("table"), driver.output::<String, i64>("out"));
    table.pipe_at("key".into(), 1, 0)?;
    table.pipe_at("key".into(), 2, 60_000)?;
    assert_eq!(out.read_all()?, [("key".to_owned(), 2)]);
    table.pipe_at("key".into(), 3, 60_001)?;
    assert!(out.is_empty());
    table.pipe_at("key".into(), 4, 60_002)?;
    assert_eq!(out.read_all()?, [("key".to_owned(), 4)], "prior, old and new are more than two values");
    Ok(())
}

#[test]
fn a_full_buffer_that_may_not_emit_early_is_an_error_that_says_so() -> Outcome {
    for (buffer, full) in [
        (BufferConfig::max_records(1).shut_down_when_full(), "2 records (limit 1)"),
        (BufferConfig::unbounded().with_max_bytes(50), "bytes (limit 50)"),
    ] {
        let driver = table_of(limit(buffer).named("held"))?;
        let mut table = driver.input::<String, i64>("table");
        table.pipe_at("a".into(), 1, 0)?;
        let error = table.pipe_at("b".into(), 1, 0).expect_err("the buffer is full").to_string();
        for part in ["node held: its buffer is full", full, "emit_early_when_full"] {
            assert!(error.contains(part), "no {part:?} in {error}");
        }
        assert!(driver.output::<String, i64>("out").is_empty());
    }
    Ok(())
}

#[test]
fn a_buffer_without_bounds_takes_everything() -> Outcome {
    let driver = table_of(limit(BufferConfig::max_records(1).with_no_bound()))?;
    let mut table = driver.input::<String, i64>("table");
    let keys: BTreeSet<String> = (0..2_000).map(|n| format!("key {n}")).collect();
    for key in &keys {
        table.pipe_at(key.clone(), 1, 0)?;
    }
    assert!(driver.output::<String, i64>("out").is_empty());
    table.pipe_at("last".into(), 1, 60_000)?;
    let emitted: BTreeSet<String> = driver.output::<String, i64>("out").read_all()?.into_iter().map(|(key, _)| key).collect();
    assert_eq!(emitted, keys);
    Ok(())
}

#[test]
fn a_deletion_is_emitted_by_a_time_limit_and_is_no_final_result() -> Outcome {
    let builder = StreamsBuilder::new();
    let windows = TimeWindows::tumbling(ms(10)).no_grace();
    let counts = builder.stream::<String, String>("in").group_by_key().windowed_by(windows).count();
    let odd = counts.filter(|_, count| count % 2 == 1);
    let name = |windowed: &Windowed<String>, _: &Option<u64>| windowed.key.clone();
    odd.suppress(Suppressed::until_window_closes(BufferConfig::unbounded())).to_stream().select_key(name).to("final");
    odd.suppress(Suppressed::until_time_limit(ms(5), BufferConfig::unbounded())).to_stream().select_key(name).to("limited");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let mut input = driver.input::<String, String>("in");
    for (key, at) in [("even", 1), ("odd", 2), ("even", 3), ("later", 20)] {
        input.pipe_at(key.into(), String::new(), at)?;
    }
    assert_eq!(driver.output::<String, Option<u64>>("final").read_all()?, [("odd".to_owned(), Some(1))]);
    assert_eq!(driver.output::<String, Option<u64>>("limited").read_all()?, [("even".to_owned(), None), ("odd".to_owned(), Some(1))]);
    Ok(())
}
