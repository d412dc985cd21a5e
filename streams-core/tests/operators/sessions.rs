//! Aggregations by session, compared with models: record by record with a list of sessions, and at the end with what sorting all records says.

use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::processor::{Context, Processor, SessionStore};
use streams_core::serde::{DefaultSerde, Serde, SerdeContext, Wrote};
use streams_core::state::Stores;
use streams_core::testing::TopologyTestDriver;
use streams_core::{BoxError, KTable, Materialized, Produced, Record, SessionWindows, StreamsBuilder, Topology, Window, Windowed};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Gap and grace in milliseconds: nothing, little, more than records are late.
const SHAPES: [(i64, i64); 7] = [(5, 0), (5, 4), (0, 3), (1, 17), (12, 1), (30, 0), (6, 1_000)];

fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}

fn sessions((gap, grace): (i64, i64)) -> SessionWindows {
    SessionWindows::with_gap(ms(gap)).grace(ms(grace))
}

/// Records of three keys whose times go forth, sometimes far, and back.
fn records(seed: u64, count: usize) -> Vec<(String, i64, i64)> {
    let mut random = seed;
    let mut next = move |below: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as i64 % below
    };
    let mut now = 0;
    let record = |_| {
        now += if next(20) == 0 { 40 } else { next(6) };
        let back = if next(2) == 0 { next(25) } else { 0 };
        (["a", "b", "c"][next(3) as usize].to_owned(), next(1_000), (now - back).max(0))
    };
    (0..count).map(record).collect()
}

/// A change of a session: as `key@start/end`, the value, the session's end.
type Update = (String, Option<i64>, i64);

struct Session {
    key: String,
    start: i64,
    end: i64,
    value: i64,
}

impl Session {
    fn update(&self, value: Option<i64>) -> Update {
        (format!("[{}@{}/{}]", self.key, self.start, self.end), value, self.end)
    }
}

/// What the definition says: a record joins the sessions of its key that are at most the gap away, unless they have closed; stream time past a
/// session's end by more than gap and grace closes it, and what would be in such a one is late.
#[derive(Default)]
struct Model {
    stream_time: i64,
    sessions: Vec<Session>,
    late: usize,
}

impl Model {
    /// The changes that come of a record. Aggregates begin with 7, take a record by `3a - v`, and are merged by `5a + b`: every order of steps
    /// gives another value.
    fn put(&mut self, (gap, grace): (i64, i64), key: &str, value: i64, time: i64, cached: bool) -> Vec<Update> {
        self.stream_time = self.stream_time.max(time);
        let closed = self.stream_time - gap - grace;
        if time < closed && !self.sessions.iter().any(|s| s.key == key && s.end >= closed && s.start <= time + gap && s.end >= time - gap) {
            self.late += 1;
            return Vec::new();
        }
        let (mut met, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.sessions)
            .into_iter()
            .partition(|s| s.key == key && s.end >= closed && s.start <= time + gap && s.end >= time - gap);
        met.sort_by_key(|session| session.end);
        let mut merged = Session { key: key.to_owned(), start: time, end: time, value: 7_i64 };
        for session in &met {
            merged.value = merged.value.wrapping_mul(5).wrapping_add(session.value);
            (merged.start, merged.end) = (merged.start.min(session.start), merged.end.max(session.end));
        }
        merged.value = merged.value.wrapping_mul(3) - value;
        let same = |session: &Session| (session.start, session.end) == (merged.start, merged.end);
        // a record that changes no window needs no deletion, nor does one whose deletion is overwritten in a cache
        let silent = |session: &Session| same(session) && (cached || (merged.start, merged.end) == (time, time));
        let mut updates: Vec<Update> = met.iter().filter(|session| !silent(session)).map(|session| session.update(None)).collect();
        updates.push(merged.update(Some(merged.value)));
        self.sessions = others;
        self.sessions.push(merged);
        updates
    }
}

fn aggregate(builder: &StreamsBuilder, shape: (i64, i64), materialized: Materialized<String, i64>) -> KTable<Windowed<String>, i64> {
    builder.stream::<String, i64>("in").group_by_key().windowed_by(sessions(shape)).aggregate_with(
        || 7,
        |_, value, sum| *sum = sum.wrapping_mul(3) - value,
        |_, one, other| *one = one.wrapping_mul(5).wrapping_add(other),
        materialized,
    )
}

fn compare(cached: bool) -> Outcome {
    for (seed, shape) in (1..).zip(SHAPES.into_iter().cycle()).take(5 * SHAPES.len()) {
        let builder = StreamsBuilder::new();
        let kept = Materialized::from("kept");
        let table = aggregate(&builder, shape, if cached { kept } else { kept.caching_disabled() });
        table.to_stream().map(|windowed, value| (windowed.to_string(), value)).to("out");
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let (mut input, mut output) = (driver.input::<String, i64>("in"), driver.output::<String, Option<i64>>("out"));
        let (mut model, mut deletions) = (Model::default(), 0);
        for (n, (key, value, time)) in records(seed, 300).into_iter().enumerate() {
            let expected = model.put(shape, &key, value, time, cached);
            input.pipe_at(key.clone(), value, time)?;
            let found: Vec<Update> = output.read_records()?.into_iter().map(|r| (r.key, r.value, r.timestamp)).collect();
            assert_eq!(found, expected, "record {n} of shape {shape:?}: {key}, {value} at {time}, stream time {}", model.stream_time);
            deletions += expected.len().saturating_sub(1);
        }
        assert!(deletions > 20 || shape.0 < 2, "{deletions} sessions of shape {shape:?} went into others");
        let late = driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")]);
        assert_eq!(late, Some(model.late as f64), "shape {shape:?}");
        assert_eq!(shape.1 < 20 && shape.0 < 20, model.late > 0, "late records of shape {shape:?}: {}", model.late);
        assert_eq!(driver.metrics().sum("streams_records_dropped_total", &[]), late, "nothing else is dropped");
    }
    Ok(())
}

#[test]
fn every_record_makes_one_of_the_sessions_that_it_is_near_to() -> Outcome {
    compare(false)
}

#[test]
fn behind_a_cache_what_is_put_again_is_not_deleted_first() -> Outcome {
    compare(true)
}

/// Whatever the order in which records come, if none is late the sessions are those of the sorted records.
#[test]
fn sessions_are_the_runs_of_the_sorted_records() -> Outcome {
    for seed in 0..300 {
        let gap = [0, 3, 8, 20][seed as usize % 4];
        let builder = StreamsBuilder::new();
        let windowed = builder.stream::<String, i64>("in").group_by_key().windowed_by(sessions((gap, 1_000_000)));
        let _counts = windowed.count_with("counts");
        let _sums = windowed.reduce_with(|a, b| a + b, Materialized::from("sums").caching_disabled());
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let mut input = driver.input::<String, i64>("in");
        let mut history = records(1_000 + seed, 40);
        for (key, value, time) in &history {
            input.pipe_at(key.clone(), *value, *time)?;
        }
        history.sort_by_key(|(key, _, time)| (key.clone(), *time));
        let mut runs: Vec<(Windowed<String>, u64, i64)> = Vec::new();
        for (key, value, time) in history {
            match runs.last_mut().filter(|(of, ..)| of.key == key && time - of.window.end <= gap) {
                Some((windowed, count, sum)) => {
                    windowed.window.end = time;
                    (*count, *sum) = (*count + 1, *sum + value);
                }
                None => runs.push((Windowed::new(key, Window::new(time, time)), 1, value)),
            }
        }
        let counts: BTreeMap<_, _> = driver.session_store::<String, u64>("counts").ok_or("no store")?.all()?.into_iter().collect();
        assert_eq!(counts, runs.iter().map(|(windowed, count, _)| (windowed.clone(), *count)).collect(), "seed {seed}");
        let sums: BTreeMap<_, _> = driver.session_store::<String, i64>("sums").ok_or("no store")?.all()?.into_iter().collect();
        assert_eq!(sums, runs.into_iter().map(|(windowed, _, sum)| (windowed, sum)).collect(), "seed {seed}");
    }
    Ok(())
}

/// Past a session's end by gap and grace it is open, by a millisecond more it is not; and no later record changes it.
#[test]
fn a_session_closes_when_stream_time_is_past_gap_and_grace() -> Outcome {
    for cached in [true, false] {
        let builder = StreamsBuilder::new();
        let kept = Materialized::from("counts");
        let windowed = builder.stream::<String, i64>("in").group_by_key().windowed_by(sessions((10, 5)));
        let _ = windowed.count_with(if cached { kept } else { kept.caching_disabled() });
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let mut input = driver.input::<String, i64>("in");
        let late = || driver.metrics().sum("streams_records_dropped_total", &[("reason", "late")]);
        let store = driver.session_store::<String, u64>("counts").ok_or("no store")?;
        let count = |start, end| store.fetch_session(&"a".to_owned(), start, end);
        input.pipe_at("a".into(), 0, 100)?;
        // the time of another key's record counts too
        input.pipe_at("other".into(), 0, 115)?;
        input.pipe_at("a".into(), 0, 100)?;
        assert_eq!((count(100, 100)?, late()), (Some(2), Some(0.0)));
        input.pipe_at("other".into(), 0, 116)?;
        input.pipe_at("a".into(), 0, 100)?;
        assert_eq!((count(100, 100)?, late()), (None, Some(1.0)));
        // near enough to it, not late itself: a session of its own
        input.pipe_at("a".into(), 0, 101)?;
        assert_eq!((count(101, 101)?, count(100, 101)?, late()), (Some(1), None, Some(1.0)));
    }
    Ok(())
}

/// A processor that keeps the sessions itself.
struct Visits {
    store: SessionStore<String, u64>,
}

impl Processor<String, i64, String, String> for Visits {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, i64>) -> Result<(), BoxError> {
        let (key, time) = (record.key, record.timestamp);
        let (mut merged, mut count) = (Window::new(time, time), 1);
        for (window, _) in self.store.find_sessions(&key, time - 10, time + 10)? {
            count += self.store.remove(ctx, &Windowed::new(key.clone(), window))?.ok_or("found, but not there")?;
            merged = Window::new(merged.start.min(window.start), merged.end.max(window.end));
        }
        assert!(self.store.put(ctx, &Windowed::new(key.clone(), merged), count)?);
        let told = |rows: Vec<(Window, u64)>| rows.iter().map(|(w, n)| format!("{}-{}:{n}", w.start, w.end)).collect::<Vec<_>>().join(" ");
        let mut newest_first = self.store.find_sessions_backward(&key, 0, i64::MAX)?;
        newest_first.reverse();
        assert_eq!(newest_first, self.store.fetch(&key)?);
        let between = self.store.find_between(Some(&key), Some(&key), 0, i64::MAX)?;
        assert_eq!(between.len(), newest_first.len());
        assert_eq!(self.store.fetch_session(&key, merged.start, merged.end)?, Some(count));
        ctx.forward(Record { key, value: told(newest_first), timestamp: time, headers: record.headers })
    }
}

#[test]
fn a_processor_works_with_a_session_store() -> Outcome {
    let builder = StreamsBuilder::new();
    let visits = builder.add_state_store(Stores::session::<String, u64>("visits", ms(100)));
    builder.stream::<String, i64>("in").process(visits, |_, store| Visits { store }).to("out");
    let driver = TopologyTestDriver::new(&builder.build()?)?;
    let mut input = driver.input::<String, i64>("in");
    for time in [5, 30, 20, 125, 300] {
        input.pipe_at("a".into(), 0, time)?;
    }
    let told: Vec<String> = driver.output::<String, String>("out").read_all()?.into_iter().map(|(_, told)| told).collect();
    assert_eq!(told, ["5-5:1", "5-5:1 30-30:1", "5-5:1 20-30:2", "20-30:2 125-125:1", "300-300:1"]);
    Ok(())
}

fn visits() -> Topology {
    let builder = StreamsBuilder::new();
    let windowed = builder.stream::<String, String>("in").group_by_key().windowed_by(sessions((1_000, 60_000)));
    let counts = windowed.count_with(Materialized::from("counts").in_memory()).to_stream();
    counts.map(|windowed, count| (windowed.to_string(), count)).to("out");
    builder.build().expect("the topology is right")
}

/// What an application that is gone had counted is merged by the one that comes after it.
#[test]
fn sessions_are_restored_from_the_changelog() -> Outcome {
    let cluster = EmbeddedCluster::new();
    for topic in ["in", "out"] {
        cluster.create_topic(topic, 1)?;
    }
    let begin = 1_700_000_000_000_i64;
    let run = |time: i64, expected: &[(i64, i64, Option<u64>)]| -> Outcome {
        let dir = tempfile::tempdir()?;
        cluster.produce("in", Some(0), Some(b"a"), Some(b"x"), begin + time)?;
        let app = crate::common::start(&cluster, visits(), crate::common::config(dir.path()));
        let expected: BTreeMap<String, Option<u64>> =
            expected.iter().map(|(start, end, count)| (format!("[a@{}/{}]", begin + start, begin + end), *count)).collect();
        crate::common::eventually("the sessions are as expected", || {
            let rows = cluster.read_topic("out").expect("the topic is there").into_iter().map(|record| {
                let count = record.value.map(|value| u64::from_be_bytes(value.as_slice().try_into().expect("eight bytes")));
                (String::from_utf8(record.key.expect("a key")).expect("a text"), count)
            });
            rows.collect::<BTreeMap<_, _>>() == expected
        });
        crate::common::close(&app);
        Ok(())
    };
    run(0, &[(0, 0, Some(1))])?;
    run(2_000, &[(0, 0, Some(1)), (2_000, 2_000, Some(1))])?;
    run(1_000, &[(0, 0, None), (2_000, 2_000, None), (0, 2_000, Some(3))])
}

/// A change that a cache has held back is that of the record which made it, and errors behind the cache name that one.
#[test]
fn an_error_behind_the_cache_names_the_record_of_the_change() {
    struct NotOfAnn;
    impl Serde<String> for NotOfAnn {
        fn deserialize(&self, _: &SerdeContext<'_>, _: Option<&[u8]>) -> Result<String, BoxError> {
            Ok(String::new())
        }
        fn serialize(&self, _: &SerdeContext<'_>, key: &String, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
            if key == "ann" {
                return Err("ann is not written".into());
            }
            out.extend_from_slice(key.as_bytes());
            Ok(Wrote::Bytes)
        }
    }
    let builder = StreamsBuilder::new();
    let visits = builder.stream::<String, String>("in").group_by_key();
    let counts = visits.windowed_by(SessionWindows::with_gap(Duration::from_secs(10)).no_grace()).count().to_stream();
    let counts = counts.select_key(|windowed, _| windowed.key.clone());
    counts.to_with("out", Produced::with(NotOfAnn, Option::<u64>::default_serde()));
    let driver = TopologyTestDriver::builder(&builder.build().unwrap()).commit_by_hand().build().unwrap();
    let mut input = driver.input::<String, String>("in");
    for (name, at) in [("bob", 1_000), ("ann", 2_000), ("bob", 3_000)] {
        input.pipe_at(name.to_owned(), String::new(), at).unwrap();
    }
    let error = driver.commit().unwrap_err().to_string();
    assert!(error.contains("topic in, partition 0, offset 1"), "{error}");
}
