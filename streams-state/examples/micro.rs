//! What the stores' operations cost: `cargo run -p streams-state --example micro [FILTER]`. CPU time of the whole process,
//! RocksDB's threads included, in nanoseconds per operation: the best of three.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use std::time::Duration;
use streams_state::store::{Changelog, ChangelogId, ChangelogRecord, Origin, StateStore};
use streams_state::{CacheBudget, Evicted, Headers, KvStore, NO_HEADERS, OpenEnv, Result, SharedResources, Slot, Stores, WindowStore};

const KEYS: usize = 100_000;
const UPDATES: usize = 2_000_000;
/// Bytes of a key.
const KEY: usize = 11;

type Counts = KvStore<String, u64>;
type Windows = WindowStore<String, u64>;

/// Looks at what it gets, as a collector would.
struct Sink(usize);

impl Changelog for Sink {
    fn log(&mut self, _: ChangelogId, key: &[u8], value: Option<&[u8]>, _: i64, _: &Headers) -> Result<()> {
        self.0 += key.len() + value.map_or(0, <[u8]>::len);
        Ok(())
    }
}

/// A fixed sequence of pseudo-random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// CPU time used so far.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

struct Bench {
    filter: String,
    dir: tempfile::TempDir,
    shared: SharedResources,
}

impl Bench {
    fn run(&self, name: &str, mut measure: impl FnMut(&OpenEnv) -> (Duration, usize)) {
        if !name.contains(&self.filter) {
            return;
        }
        let mut best = f64::MAX;
        for _ in 0..3 {
            let _ = std::fs::remove_dir_all(self.dir.path().join("0_0"));
            let env = OpenEnv {
                task_dir: Some(self.dir.path().join("0_0")),
                changelog_topic: "bench-changelog".into(),
                partition: 0,
                shared: self.shared.clone(),
            };
            let (time, operations) = measure(&env);
            best = best.min(time.as_nanos() as f64 / operations as f64);
        }
        println!("{name:<58} {best:>9.1} ns");
    }
}

fn counts(env: &OpenEnv, memory: bool, caching: bool, budget: usize) -> Box<Counts> {
    let builder = Stores::key_value::<String, u64>("counts").caching(caching);
    let supplier = if memory { builder.in_memory() } else { builder }.build().expect("a valid store");
    let mut store: Box<Counts> = supplier.open(env).expect("it opens").into_any().downcast().expect("its type");
    store.attach(Some(ChangelogId(0)), Arc::new(CacheBudget::new(budget)));
    store
}

fn windows(env: &OpenEnv, memory: bool, caching: bool, duplicates: bool) -> Box<Windows> {
    let builder = Stores::window::<String, u64>("windows", Duration::from_secs(120), Duration::from_secs(60)).caching(caching);
    let builder = if duplicates { builder.retain_duplicates().plain() } else { builder };
    let supplier = if memory { builder.in_memory() } else { builder }.build().expect("a valid store");
    let mut store: Box<Windows> = supplier.open(env).expect("it opens").into_any().downcast().expect("its type");
    store.attach(Some(ChangelogId(0)), Arc::default());
    store
}

fn keys(n: usize) -> Vec<Vec<u8>> {
    (0..n).map(|i| format!("key-{i:07}").into_bytes()).collect()
}

fn add(slot: &mut Slot<u64>) {
    *slot.value.get_or_insert(0) += 1;
    slot.timestamp = slot.timestamp.max(1_700_000_000_000);
}

fn flush(store: &mut Counts, sink: &mut Sink) -> usize {
    let (mut key, mut rows) = (Vec::new(), 0);
    while store.pop_dirty(sink, &mut key).expect("it can be written").is_some() {
        rows += 1;
    }
    rows
}

/// Keys drawn at random, one behind the other as a fetched batch has them.
fn records(keys: &[Vec<u8>]) -> Vec<u8> {
    let mut random = Random(42);
    (0..UPDATES).flat_map(|_| keys[random.below(keys.len())].iter().copied()).collect()
}

/// What any hash map costs on this machine, to compare with.
fn plain_map(bench: &Bench, name: &str, distinct: usize) {
    let keys = keys(distinct);
    bench.run(name, |_| {
        let records = records(&keys);
        let mut map: hashbrown::HashMap<Vec<u8>, u64> = keys.iter().map(|key| (key.clone(), 0)).collect();
        let start = cpu();
        for key in records.chunks_exact(KEY) {
            *map.get_mut(key).expect("it is there") += 1;
        }
        (cpu() - start, UPDATES)
    });
}

fn hits(bench: &Bench, name: &str, distinct: usize) {
    let keys = keys(distinct);
    bench.run(name, |env| {
        let mut store = counts(env, true, true, usize::MAX);
        let records = records(&keys);
        for key in &keys {
            store.update(key, Origin::default(), add).expect("it can be read");
        }
        let start = cpu();
        for (offset, key) in (0..).zip(records.chunks_exact(KEY)) {
            store.update(key, Origin { source: 0, offset }, add).expect("it can be read");
        }
        (cpu() - start, UPDATES)
    });
}

fn flushed(bench: &Bench, memory: bool) {
    let engine = if memory { "memory" } else { "rocksdb" };
    let keys = keys(KEYS);
    for part in ["pop_dirty", "commit", "pop_dirty + commit"] {
        bench.run(&format!("flushed row, {engine}: {part}"), |env| {
            let (mut store, mut sink) = (counts(env, memory, true, usize::MAX), Sink(0));
            let (mut time, mut rows, mut random) = (Duration::ZERO, 0, Random(42));
            for round in 0..10 {
                for _ in 0..KEYS {
                    store.update(&keys[random.below(KEYS)], Origin::default(), add).expect("it can be read");
                }
                let start = cpu();
                rows += flush(&mut store, &mut sink);
                let middle = cpu();
                store.commit(Some(round), &[]).expect("it can be written");
                let end = cpu();
                time += match part {
                    "pop_dirty" => middle - start,
                    "commit" => end - middle,
                    _ => end - start,
                };
            }
            (time, rows)
        });
    }
}

/// Every key once, as many as wanted, through a cache of 10 MB.
fn distinct(bench: &Bench, memory: bool) {
    const DISTINCT: usize = 1_000_000;
    let engine = if memory { "memory" } else { "rocksdb" };
    let keys = keys(DISTINCT);
    bench.run(&format!("distinct keys, {engine}: update + evict + commit"), |env| {
        let builder = Stores::key_value::<String, u64>("counts").caching(true);
        let supplier = if memory { builder.in_memory() } else { builder }.build().expect("a valid store");
        let mut store: Box<Counts> = supplier.open(env).expect("it opens").into_any().downcast().expect("its type");
        let budget = Arc::new(CacheBudget::new(10 << 20));
        store.attach(Some(ChangelogId(0)), budget.clone());
        let (mut sink, mut key_out, mut random) = (Sink(0), Vec::new(), Random(42));
        let start = cpu();
        for n in 0..DISTINCT {
            store.update(&keys[(n * 7_919) % DISTINCT], Origin::default(), add).expect("it can be read");
            while budget.over() {
                let evicted = store.evict_one(&mut sink, &mut key_out).expect("it can be written");
                assert!(!matches!(evicted, Evicted::Nothing), "{}", random.below(2));
            }
            if n % 250_000 == 249_999 {
                flush(&mut store, &mut sink);
                store.commit(Some(n as i64), &[]).expect("it can be written");
            }
        }
        (cpu() - start, DISTINCT)
    });
}

fn reads(bench: &Bench, memory: bool) {
    let engine = if memory { "memory" } else { "rocksdb" };
    let keys = keys(2 * KEYS);
    for (what, flushed) in [("memtable", false), ("files", true)] {
        for (found, first) in [("hit", 0), ("miss", KEYS)] {
            bench.run(&format!("read past the cache, {engine}, {what}: {found}"), |env| {
                let (mut store, mut sink) = (counts(env, memory, false, 0), Sink(0));
                for key in &keys[..KEYS] {
                    store.update(key, Origin::default(), add).expect("it can be read");
                    flush(&mut store, &mut sink);
                }
                store.commit(Some(1), &[]).expect("it can be written");
                if flushed && !memory {
                    store.close().expect("it closes");
                    store = counts(env, memory, false, 0);
                }
                let (mut random, mut sum) = (Random(42), 0);
                let order: Vec<usize> = (0..KEYS).map(|_| first + random.below(KEYS)).collect();
                let start = cpu();
                for &i in &order {
                    sum += store.with(&keys[i], |row| row.map_or(0, |(value, _)| *value)).expect("it can be read");
                }
                let time = cpu() - start;
                assert_eq!(sum, if first == 0 { KEYS as u64 } else { 0 });
                (time, KEYS)
            });
        }
    }
}

fn window_updates(bench: &Bench) {
    let keys = keys(1_000);
    bench.run("window, 1000 keys, 10 windows: update", |env| {
        let mut store = windows(env, true, true, false);
        let mut random = Random(42);
        let order: Vec<(usize, i64)> = (0..UPDATES).map(|n| (random.below(1_000), (n * 10 / UPDATES) as i64 * 10_000)).collect();
        let start = cpu();
        for &(i, window) in &order {
            store.update(&keys[i], window, Origin::default(), add).expect("it can be read");
        }
        (cpu() - start, UPDATES)
    });
}

/// A stream-stream join: each record is appended, and what the other side has within 10 s is looked up.
fn join(bench: &Bench, memory: bool) {
    const RECORDS: usize = 100_000;
    let engine = if memory { "memory" } else { "rocksdb" };
    let keys = keys(1_000);
    bench.run(&format!("join window, {engine}: append + fetch_range"), |env| {
        let mut store = windows(env, memory, false, true);
        let (mut sink, mut random, mut seen) = (Sink(0), Random(42), 0u64);
        let start = cpu();
        for n in 0..RECORDS {
            let (key, time) = (&keys[random.below(1_000)], n as i64);
            store.append(key, time, &1, time, Origin::default(), &NO_HEADERS, &mut sink).expect("it can be written");
            let visit = &mut |_, value: &u64, _| {
                seen += value;
                Ok(ControlFlow::Continue(()))
            };
            store.fetch_range(key, time - 10_000, time + 10_000, false, visit).expect("it can be read");
            if n % 20_000 == 19_999 {
                store.commit(Some(n as i64), &[]).expect("it can be written");
            }
        }
        let time = cpu() - start;
        assert!(seen > RECORDS as u64);
        (time, RECORDS)
    });
}

/// A changelog read back in batches of 10,000 records, settled where 8 MiB have come together.
fn restore(bench: &Bench, memory: bool) {
    const RECORDS: usize = 1_000_000;
    /// As the restorer, which reads four logs side by side.
    const SETTLE: usize = 8 << 20;
    let engine = if memory { "memory" } else { "rocksdb" };
    let keys = keys(RECORDS);
    bench.run(&format!("restore, {engine}: record"), |env| {
        let mut store = counts(env, memory, true, 0);
        let start = cpu();
        for batch in 0..RECORDS / 10_000 {
            let offsets = batch * 10_000..(batch + 1) * 10_000;
            let mut records = offsets.clone().map(|offset| ChangelogRecord {
                key: &keys[offset * 7_919 % RECORDS],
                value: Some(&[0, 0, 0, 0, 0, 0, 0, 1]),
                timestamp: 1_700_000_000_000,
                offset: offset as i64,
                headers: &NO_HEADERS,
            });
            store.restore(&mut records, offsets.end as i64).expect("it can be read");
            if store.uncommitted_bytes() > SETTLE {
                store.settle().expect("it can be written");
            }
        }
        store.settle().expect("it can be written");
        (cpu() - start, RECORDS)
    });
}

fn scans(bench: &Bench, memory: bool) {
    let engine = if memory { "memory" } else { "rocksdb" };
    let keys = keys(KEYS);
    bench.run(&format!("scan, {engine}: row"), |env| {
        let (mut store, mut sink) = (counts(env, memory, false, 0), Sink(0));
        for key in &keys {
            store.update(key, Origin::default(), add).expect("it can be read");
            flush(&mut store, &mut sink);
        }
        store.commit(Some(1), &[]).expect("it can be written");
        let (start, mut rows) = (cpu(), 0);
        let visit = &mut |_: &[u8], value: &u64, _| {
            rows += *value as usize;
            Ok(ControlFlow::Continue(()))
        };
        store.scan(Bound::Unbounded, Bound::Unbounded, false, visit).expect("it can be read");
        (cpu() - start, rows)
    });
}

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let bench = Bench { filter, dir: tempfile::tempdir().expect("a temporary directory"), shared: SharedResources::default() };
    plain_map(&bench, "hash map, 1000 keys: update", 1_000);
    plain_map(&bench, "hash map, 100000 keys: update", KEYS);
    hits(&bench, "cache hit, 1000 keys: update", 1_000);
    hits(&bench, "cache hit, 100000 keys: update", KEYS);
    for memory in [true, false] {
        flushed(&bench, memory);
        distinct(&bench, memory);
        reads(&bench, memory);
        scans(&bench, memory);
        restore(&bench, memory);
        join(&bench, memory);
    }
    window_updates(&bench);
}
