//! Stores that keep headers, each against an ordered map; what the changelog has of them brings them back.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::time::Duration;

type Row = WithHeaders<u64>;
/// A row and its time; sessions have none.
type Timed = (Row, i64);

#[derive(Clone, Debug)]
enum Op {
    /// What is put has the first headers, the record that does so the second.
    Put {
        key: u8,
        value: Option<u64>,
        headers: u8,
        of_record: u8,
        time: i64,
    },
    Get {
        key: u8,
    },
    Evict,
    Commit,
    Abort,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let put = (0..8u8, any::<Option<u64>>(), 0..6u8, 0..6u8, 0..50i64);
    prop_oneof![
        8 => put.prop_map(|(key, value, headers, of_record, time)| Op::Put { key, value, headers, of_record, time }),
        3 => (0..8u8).prop_map(|key| Op::Get { key }),
        2 => Just(Op::Evict),
        2 => Just(Op::Commit),
        1 => Just(Op::Abort),
        1 => Just(Op::Reopen),
    ]
}

/// None, some, with a null, twice the same name, and more than one byte tells the length of.
fn some(headers: u8) -> Headers {
    let header = |n: u8| Header { key: ["a", "", "a"][n as usize % 3].to_owned(), value: (n != 2).then(|| vec![n; n as usize * 40]) };
    (0..headers.saturating_sub(1)).map(header).collect()
}

#[derive(Default)]
struct HeadedLog(Vec<(Vec<u8>, Option<Vec<u8>>, i64, Headers)>);

impl Changelog for HeadedLog {
    fn log(&mut self, _: ChangelogId, key: &[u8], value: Option<&[u8]>, timestamp: i64, headers: &Headers) -> Result<()> {
        self.0.push((key.to_vec(), value.map(<[u8]>::to_vec), timestamp, headers.clone()));
        Ok(())
    }
}

/// What the kinds of stores have in common here; no row expires.
trait Kind: StateStore + Sized {
    fn described(caching: bool, in_memory: bool) -> Result<Arc<dyn StoreSupplier>>;
    fn put_row(&mut self, key: u8, row: Option<Row>, time: i64, headers: &Headers) -> Result<()>;
    fn row(&mut self, key: u8) -> Result<Option<Timed>>;
    fn all(&mut self) -> Result<Vec<Timed>>;
    /// The key in the changelog.
    fn key(key: u8) -> Vec<u8>;
    fn is_caching(&self) -> bool;
}

const DAY: Duration = Duration::from_secs(86_400);

impl Kind for KvStore<String, Row> {
    fn described(caching: bool, in_memory: bool) -> Result<Arc<dyn StoreSupplier>> {
        let builder = Stores::key_value::<String, u64>("s").with_headers().caching(caching);
        if in_memory { builder.in_memory() } else { builder }.build()
    }
    fn put_row(&mut self, key: u8, row: Option<Row>, time: i64, headers: &Headers) -> Result<()> {
        self.set_record_headers(headers);
        self.put(&[key], row, time, Origin::default())
    }
    fn row(&mut self, key: u8) -> Result<Option<Timed>> {
        self.get(&[key])
    }
    fn all(&mut self) -> Result<Vec<Timed>> {
        let mut rows = Vec::new();
        self.scan(Bound::Unbounded, Bound::Unbounded, false, &mut |_, row, time| {
            rows.push((row.clone(), time));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }
    fn key(key: u8) -> Vec<u8> {
        vec![key]
    }
    fn is_caching(&self) -> bool {
        self.caching()
    }
}

impl Kind for WindowStore<String, Row> {
    fn described(caching: bool, in_memory: bool) -> Result<Arc<dyn StoreSupplier>> {
        let builder = Stores::window::<String, u64>("s", DAY, Duration::from_secs(1)).with_headers().caching(caching);
        if in_memory { builder.in_memory() } else { builder }.build()
    }
    fn put_row(&mut self, key: u8, row: Option<Row>, time: i64, headers: &Headers) -> Result<()> {
        self.set_record_headers(headers);
        self.put(&[key], key.into(), row, time, Origin::default()).map(|live| assert!(live))
    }
    fn row(&mut self, key: u8) -> Result<Option<Timed>> {
        self.fetch(&[key], key.into())
    }
    fn all(&mut self) -> Result<Vec<Timed>> {
        let mut rows = Vec::new();
        self.fetch_all(0, i64::MAX, false, &mut |_, _, row, time| {
            rows.push((row.clone(), time));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }
    fn key(key: u8) -> Vec<u8> {
        [&[key][..], &i64::from(key).to_be_bytes(), &[0; 4]].concat()
    }
    fn is_caching(&self) -> bool {
        self.caching()
    }
}

impl Kind for SessionStore<String, Row> {
    fn described(caching: bool, in_memory: bool) -> Result<Arc<dyn StoreSupplier>> {
        let builder = Stores::session::<String, u64>("s", DAY).with_headers().caching(caching);
        if in_memory { builder.in_memory() } else { builder }.build()
    }
    fn put_row(&mut self, key: u8, row: Option<Row>, time: i64, headers: &Headers) -> Result<()> {
        self.set_record_headers(headers);
        self.put(&[key], 1, key.into(), row, time, Origin::default()).map(|live| assert!(live))
    }
    fn row(&mut self, key: u8) -> Result<Option<Timed>> {
        Ok(self.fetch_session(&[key], 1, key.into())?.map(|row| (row, -1)))
    }
    fn all(&mut self) -> Result<Vec<Timed>> {
        let mut rows = Vec::new();
        self.find_between(None, None, 0, i64::MAX, false, &mut |_, _, _, row| {
            rows.push((row.clone(), -1));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }
    fn key(key: u8) -> Vec<u8> {
        [&[key][..], &i64::from(key).to_be_bytes(), &1i64.to_be_bytes()].concat()
    }
    fn is_caching(&self) -> bool {
        self.caching()
    }
}

/// Rows, and by key what the changelog is to have last.
#[derive(Clone, Default)]
struct Expected {
    rows: BTreeMap<u8, Timed>,
    logged: BTreeMap<u8, (Option<u64>, i64, Headers)>,
}

struct Model<S> {
    store: Box<S>,
    supplier: Arc<dyn StoreSupplier>,
    env: OpenEnv,
    log: HeadedLog,
    logged_at_commit: usize,
    now: Expected,
    committed: Expected,
}

impl<S: Kind> Model<S> {
    fn new(place: Place, caching: bool, dir: &tempfile::TempDir) -> Self {
        let (supplier, env) = (S::described(caching, place.is_memory()).unwrap(), place.env(dir));
        let mut store: Box<S> = open_in(&*supplier, &env);
        store.attach(Some(ChangelogId(3)), Arc::default());
        let (log, now, committed) = Default::default();
        Model { store, supplier, env, log, logged_at_commit: 0, now, committed }
    }

    fn expect_all(&mut self) {
        assert_eq!(self.store.all().unwrap(), self.now.rows.values().cloned().collect::<Vec<_>>());
    }

    fn flush(&mut self) {
        self.store.flush(&mut self.log).unwrap();
        for (key, expected) in &self.now.logged {
            let (_, value, time, headers) = self.log.0.iter().rfind(|record| record.0 == S::key(*key)).unwrap();
            let value = value.as_ref().map(|bytes| u64::from_be_bytes(bytes[..].try_into().expect("the bare value")));
            assert_eq!((value, *time, headers.clone()), *expected);
        }
    }

    fn forget(&mut self) {
        self.log.0.truncate(self.logged_at_commit);
        self.now = self.committed.clone();
    }

    fn reopen(&mut self) {
        let other = open(S::described(false, true));
        std::mem::replace(&mut self.store, other).close().unwrap();
        self.forget();
        self.store = open_in(&*self.supplier, &self.env);
        self.restore();
        self.store.attach(Some(ChangelogId(3)), Arc::default());
        self.expect_all();
    }

    fn restore(&mut self) {
        let from = self.store.committed_offset().map_or(0, |offset| offset + 1);
        let records = self.log.0.iter().zip(0..).skip(from as usize);
        let mut records = records.map(|((key, value, timestamp, headers), offset)| ChangelogRecord {
            key,
            value: value.as_deref(),
            timestamp: *timestamp,
            offset,
            headers,
        });
        self.store.restore(&mut records, self.log.0.len() as i64).unwrap();
        self.store.settle().unwrap();
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Put { key, value, headers, of_record, time } => {
                let row = value.map(|value| WithHeaders::new(value, some(headers)));
                self.store.put_row(key, row.clone(), time, &some(of_record)).unwrap();
                let headers = row.as_ref().map_or_else(|| some(of_record), |row| row.headers.clone());
                self.now.logged.insert(key, (value, time, headers));
                match row {
                    // sessions tell no time
                    Some(row) => drop(self.now.rows.insert(key, (row, if S::key(0).len() == 17 { -1 } else { time }))),
                    None => drop(self.now.rows.remove(&key)),
                }
                if !self.store.is_caching() {
                    self.flush();
                }
            }
            Op::Get { key } => assert_eq!(self.store.row(key).unwrap(), self.now.rows.get(&key).cloned()),
            Op::Evict => drop(self.store.evict(&mut self.log).unwrap()),
            Op::Commit => {
                self.flush();
                self.store.commit((!self.log.0.is_empty()).then(|| self.log.0.len() as i64 - 1), &[]).unwrap();
                self.committed = self.now.clone();
                self.logged_at_commit = self.log.0.len();
            }
            Op::Abort => {
                self.store.abort();
                self.forget();
            }
            Op::Reopen => self.reopen(),
        }
    }
}

fn check<S: Kind>() {
    for &place in PLACES {
        for caching in [true, false] {
            let cases = if place.is_memory() { 100 } else { 12 };
            let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
            proptest!(config, |(ops in prop::collection::vec(op(), 1..60))| {
                let dir = tempfile::tempdir().unwrap();
                let mut model = Model::<S>::new(place, caching, &dir);
                for op in ops {
                    model.apply(op);
                }
                model.expect_all();
                model.apply(Op::Commit);
                model.reopen();
                // The changelog alone rebuilds the same rows.
                model.store = open(S::described(false, true));
                model.restore();
                model.expect_all();
            });
        }
    }
}

#[test]
fn key_value_rows_keep_their_headers() {
    check::<KvStore<String, Row>>();
}

#[test]
fn windows_keep_their_headers() {
    check::<WindowStore<String, Row>>();
}

#[test]
fn sessions_keep_their_headers() {
    check::<SessionStore<String, Row>>();
}

#[test]
fn rows_are_javas() {
    let mut store: Box<KvStore<String, Row>> = open(Stores::key_value::<String, u64>("s").with_headers().build());
    let mut headers = Headers::new();
    headers.add("h", "x");
    store.put(b"k", Some(WithHeaders::new(7, headers)), 60_000, Origin::default()).unwrap();
    store.put(b"l", Some(WithHeaders::new(7, Headers::new())), 60_000, Origin::default()).unwrap();
    store.flush(&mut HeadedLog::default()).unwrap();
    store.commit(None, &[]).unwrap();
    let (mut rows, time) = (Vec::new(), [0, 0, 0, 0, 0, 0, 0xea, 0x60]);
    store.rows(&mut |row| rows.push(row.value.to_vec())).unwrap();
    let value = 7u64.to_be_bytes();
    assert_eq!(rows, [[b"\x0a\x02\x02h\x02x", &time[..], &value].concat(), [&[0][..], &time, &value].concat()]);
}

/// Notes the headers that it is told.
struct Noting(std::sync::Mutex<Vec<Headers>>);

impl serde::Serde<u64> for Noting {
    fn deserialize(&self, cx: &serde::SerdeContext<'_>, _: Option<&[u8]>) -> Result<u64, BoxError> {
        self.0.lock().unwrap().push(cx.headers.clone());
        Ok(7)
    }
    fn serialize(&self, cx: &serde::SerdeContext<'_>, _: &u64, _: &mut Vec<u8>) -> Result<serde::Wrote, BoxError> {
        self.0.lock().unwrap().push(cx.headers.clone());
        Ok(serde::Wrote::Bytes)
    }
}

#[test]
fn serdes_see_the_headers_of_the_row() {
    let noted = Arc::new(Noting(std::sync::Mutex::default()));
    let builder = Stores::key_value_with("s", serde::StringSerde, noted.clone()).with_headers();
    let mut store: Box<KvStore<String, Row>> = open(builder.build());
    store.set_record_headers(&some(2));
    store.put(b"k", Some(WithHeaders::new(7, some(4))), 1, Origin::default()).unwrap();
    store.flush(&mut HeadedLog::default()).unwrap();
    assert_eq!(store.get(b"k").unwrap(), Some((WithHeaders::new(7, some(4)), 1)));
    assert_eq!(*noted.0.lock().unwrap(), [some(4), some(4)]);
}

#[test]
fn a_row_without_headers_is_told() {
    let store: Box<KvStore<String, Row>> = open(Stores::key_value::<String, u64>("s").with_headers().build());
    for (row, what) in [(&[0xff; 8][..], "headers"), (&[0, 1, 2], "timestamp"), (&[2, 2, 0, 0], "headers")] {
        let e = store.core.codec.decode(b"k", row).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupted);
        assert!(e.to_string().contains(&format!("store s: the row of key \"k\" has {} bytes in which its {what}", row.len())), "{e}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |supplier: Result<Arc<dyn StoreSupplier>>| supplier.err().expect("it is refused").to_string();
    let plain = refused(Stores::key_value::<String, u64>("s").plain().with_headers().build());
    assert!(plain.contains("store s is plain and so cannot keep headers"), "{plain}");
    let by_time = refused(Stores::window::<String, u64>("s", DAY, DAY).time_first(true).with_headers().build());
    assert!(by_time.contains("store s lies by time and so cannot keep headers"), "{by_time}");
    assert!(Stores::session::<String, u64>("s", DAY).time_first().with_headers().build().is_err());
}
