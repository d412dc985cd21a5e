//! What the restorer reads, where it begins, where it ends, who gets the stores.

mod input;
mod search;
mod world;

use super::*;
use crate::kept_log::logged;
use crate::metrics::MetricsRegistry;
use crate::runtime::listener::RestoreEvent;
use crate::runtime::mailbox::Mailbox;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use world::{Disk, FakeFetcher, Stores, World};

const ID: TaskId = TaskId { subtopology: 0, partition: 0 };

type Answers = Arc<Mutex<Vec<(u64, Result<Vec<Box<dyn StateStore>>>)>>>;

struct Bench {
    world: Arc<World>,
    restorer: Restorer,
    mailbox: Arc<Mailbox<Command>>,
    answers: Answers,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    fn new(records: &[Option<(Option<&'static str>, &'static str)>]) -> Self {
        let world = Arc::new(World::default());
        world.log.lock().records = records.to_vec();
        let (mailbox, heard) = (Arc::new(Mailbox::new()), Arc::new(Mutex::new(Vec::new())));
        let (fetch_world, sink) = (world.clone(), heard.clone());
        let restorer = Restorer::new(Parts {
            group: "app".to_owned(),
            timestamp_extractor: Arc::new(crate::handlers::FailOnInvalidTimestamp),
            admin: world.clone(),
            clock: world.clone(),
            stores: Box::new(Stores(world.clone())),
            fetcher: Box::new(move || Ok(Box::new(FakeFetcher(fetch_world.clone(), 0)))),
            listener: Some(Arc::new(move |event: &RestoreEvent<'_>| {
                sink.lock().push(match event {
                    RestoreEvent::Start { start, end, .. } => format!("start {start}..{end}"),
                    RestoreEvent::Batch { end_offset, records, .. } => format!("batch {records} to {end_offset}"),
                    RestoreEvent::End { total, .. } => format!("end {total}"),
                    RestoreEvent::Suspended { total, .. } => format!("suspended {total}"),
                });
            })),
            metrics: MetricsRegistry::new("app", "client", crate::config::RecordingLevel::Info),
            mailbox: mailbox.clone(),
            paused: Arc::new(AtomicBool::new(false)),
            logs_last: true,
            task_timeout: Duration::from_secs(60),
            clean_every: Duration::from_secs(600),
        });
        Bench { world, restorer, mailbox, answers: Answers::default(), heard }
    }

    fn open(&self, thread: usize, ticket: u64) {
        let answers = self.answers.clone();
        let reply: Reply = Arc::new(move |restored: Restored| {
            answers.lock().push((restored.ticket, restored.stores));
            Ok(())
        });
        self.post(Command::Open { id: ID, thread, ticket, reply });
    }

    fn post(&self, command: Command) {
        assert!(self.mailbox.post(command).is_ok());
    }

    fn run(&mut self) {
        for _ in 0..10_000 {
            match self.restorer.step() {
                Next::Again => {}
                Next::Stopped => return,
                Next::Wait(_) => return,
            }
        }
        panic!("the restorer never comes to rest");
    }

    fn advance(&self, ms: u64) {
        self.world.time_ms.fetch_add(ms, Ordering::Relaxed);
    }

    fn answer(&self) -> (u64, Result<Vec<Box<dyn StateStore>>>) {
        self.answers.lock().remove(0)
    }

    fn rows(&self) -> Vec<String> {
        let disk = self.world.disk.lock();
        disk.rows.iter().map(|(k, v)| format!("{}={}", String::from_utf8_lossy(k), String::from_utf8_lossy(v))).collect()
    }
}

fn put(key: &'static str, value: &'static str) -> Option<(Option<&'static str>, &'static str)> {
    Some((Some(key), value))
}

const MARKER: Option<(Option<&'static str>, &'static str)> = None;

#[test]
fn an_empty_store_reads_everything_up_to_the_marker_at_the_end() {
    let mut bench = Bench::new(&[put("a", "1"), put("b", "1"), MARKER, put("a", "2"), put("b", "null"), put("c", "3"), MARKER]);
    bench.open(1, 7);
    bench.run();
    let (ticket, stores) = bench.answer();
    assert_eq!((ticket, stores.unwrap().len()), (7, 1));
    assert_eq!(bench.rows(), ["a=2", "c=3"]);
    assert_eq!(bench.world.disk.lock().offset, Some(6), "the marker counts as read");
    assert_eq!(*bench.heard.lock(), ["start 0..7", "batch 2 to 1", "batch 2 to 4", "batch 1 to 5", "end 5"]);
}

#[test]
fn a_store_that_is_there_reads_the_tail_alone() {
    let mut bench = Bench::new(&[put("a", "1"), put("b", "1"), put("a", "2")]);
    *bench.world.disk.lock() = Disk { rows: BTreeMap::from([(b"x".to_vec(), b"kept".to_vec())]), offset: Some(1), ..Disk::default() };
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok());
    assert_eq!(bench.rows(), ["a=2", "x=kept"]);
    assert_eq!(*bench.world.fetched_from.lock(), [2]);
}

#[test]
fn a_store_at_the_end_reads_nothing_and_an_empty_log_ends_at_once() {
    for (records, offset) in [(vec![put("a", "1")], Some(0)), (vec![], None), (vec![MARKER], Some(0))] {
        let mut bench = Bench::new(&records);
        bench.world.disk.lock().offset = offset;
        bench.open(1, 1);
        bench.run();
        assert!(bench.answer().1.is_ok());
        assert!(bench.world.fetched_from.lock().is_empty() && bench.world.disk.lock().wiped == 0);
    }
}

#[test]
fn an_offset_outside_of_the_log_wipes_and_reads_from_the_beginning() {
    // beyond the end; before the beginning; rows without an offset
    for (offset, first) in [(Some(9), 0), (Some(2), 5), (None, 0)] {
        let mut bench = Bench::new(&[put("a", "1")]);
        bench.world.log.lock().first = first;
        *bench.world.disk.lock() = Disk { rows: BTreeMap::from([(b"stale".to_vec(), b"!".to_vec())]), offset, ..Disk::default() };
        bench.open(1, 1);
        bench.run();
        assert!(bench.answer().1.is_ok());
        assert_eq!((bench.rows(), bench.world.disk.lock().wiped), (vec!["a=1".to_owned()], 1), "{offset:?}");
        assert_eq!(*bench.world.fetched_from.lock(), [first]);
    }
}

#[test]
fn a_changelog_made_anew_is_not_taken_for_the_old_one() {
    let stale = Disk { rows: BTreeMap::from([(b"a".to_vec(), b"1".to_vec())]), offset: Some(9), ..Disk::default() };
    let mut bench = Bench::new(&[]);
    *bench.world.disk.lock() = stale.clone();
    bench.open(1, 1);
    bench.run();
    let error = bench.answer().1.err().expect("it is refused").to_string();
    assert!(
        error.contains("task 0_0") && error.contains("changelog app-counts-changelog-0 is empty") && error.contains("offset 9"),
        "{error}"
    );
    assert_eq!(bench.world.disk.lock().rows, stale.rows, "what there is stays");

    // the cluster within the process begins with nothing each time
    let mut bench = Bench::new(&[]);
    bench.restorer.parts.logs_last = false;
    *bench.world.disk.lock() = stale;
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok() && bench.rows().is_empty());
}

/// The reader hands out two records at a time: without settling in between a death would cost all of it.
#[test]
fn a_restore_is_never_further_behind_than_a_tenth_of_its_log() {
    for (heavy, settled) in [(false, 10), (true, 20)] {
        let mut bench = Bench::new(&[put("a", "1"); 40]);
        bench.world.disk.lock().heavy = heavy;
        bench.open(1, 1);
        while bench.answers.lock().is_empty() {
            bench.restorer.step();
            let read = bench.heard.lock().iter().filter(|event| event.starts_with("batch")).count() as i64 * 2;
            let stands = bench.world.disk.lock().offset.map_or(0, |offset| offset + 1);
            assert!(read - stands < 4, "{stands} of {read}");
        }
        assert_eq!(bench.world.disk.lock().settled, settled, "a heavy store holds nothing back");
    }
}

#[test]
fn a_long_restore_says_how_far_it_is() {
    let mut bench = Bench::new(&[put("a", "1"); 40]);
    bench.open(1, 1);
    let text = logged(|| {
        for _ in 0..3 {
            bench.restorer.step();
        }
        bench.advance(20_000);
        bench.restorer.step();
    });
    assert!(text.contains("restored 8 records so far, 0 a second; 32 offsets are left"), "{text}");
}

#[test]
fn a_log_cut_while_it_is_read_starts_over() {
    let mut bench = Bench::new(&[put("a", "1"), put("b", "2"), put("c", "3")]);
    bench.world.truncated.store(true, Ordering::Relaxed);
    bench.open(1, 1);
    bench.run();
    assert!(bench.answers.lock().is_empty(), "it waits before it tries again");
    bench.advance(200);
    bench.run();
    assert!(bench.answer().1.is_ok());
    assert_eq!((bench.rows().len(), bench.world.disk.lock().wiped), (3, 1));
}

#[test]
fn a_damaged_directory_is_deleted_and_restored() {
    let mut bench = Bench::new(&[put("a", "1")]);
    bench.world.damaged.store(true, Ordering::Relaxed);
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok());
    assert_eq!(bench.rows(), ["a=1"]);
}

#[test]
fn a_changelog_record_without_a_key_is_named() {
    let mut bench = Bench::new(&[put("a", "1"), Some((None, "2"))]);
    bench.open(1, 1);
    bench.run();
    let error = bench.answer().1.err().unwrap().to_string();
    assert!(error.contains("task 0_0") && error.contains("offset 1 of app-counts-changelog-0"), "{error}");
    assert_eq!(bench.world.disk.lock().closed, 1);
}

#[test]
fn a_cluster_that_is_away_is_asked_again_until_the_time_is_over() {
    let mut bench = Bench::new(&[put("a", "1")]);
    bench.world.away.store(true, Ordering::Relaxed);
    bench.open(1, 1);
    bench.run();
    assert!(bench.answers.lock().is_empty());
    bench.world.away.store(false, Ordering::Relaxed);
    bench.advance(10_000);
    bench.run();
    assert!(bench.answer().1.is_ok());

    bench.post(Command::ThreadGone { thread: 1 });
    bench.world.away.store(true, Ordering::Relaxed);
    bench.open(1, 2);
    for _ in 0..20 {
        bench.run();
        bench.advance(5_000);
    }
    let error = bench.answer().1.err().unwrap();
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("task.timeout.ms = 60000"), "{error}");
}

#[test]
fn a_task_moves_to_a_sibling_with_its_stores_open_and_never_has_two_owners() {
    let mut bench = Bench::new(&[put("a", "1")]);
    bench.open(1, 1);
    bench.run();
    let stores = bench.answer().1.unwrap();
    bench.open(2, 2);
    bench.run();
    assert!(bench.answers.lock().is_empty(), "thread 1 has it");
    bench.world.log.lock().records.push(put("a", "2"));
    bench.post(Command::Release { id: ID, stores });
    bench.run();
    let (ticket, stores) = bench.answer();
    assert_eq!((ticket, stores.unwrap().len(), bench.rows()), (2, 1, vec!["a=2".to_owned()]));
    let disk = bench.world.disk.lock().clone();
    assert_eq!((disk.opened, disk.closed), (1, 0), "handed over open");
}

#[test]
fn what_nobody_wants_back_is_closed_after_a_while() {
    let mut bench = Bench::new(&[]);
    bench.open(1, 1);
    bench.run();
    let stores = bench.answer().1.unwrap();
    bench.post(Command::Release { id: ID, stores });
    bench.run();
    assert_eq!(bench.world.disk.lock().closed, 0);
    bench.advance(PARKED_FOR.as_millis() as u64);
    bench.run();
    assert_eq!(bench.world.disk.lock().closed, 1);
}

#[test]
fn a_cancelled_restore_keeps_what_it_has_read() {
    let mut bench = Bench::new(&[put("a", "1"), put("b", "1"), put("c", "1"), put("d", "1")]);
    bench.open(1, 1);
    bench.restorer.step(); // opens and reads the first batch
    bench.post(Command::Cancel { id: ID, thread: 1, ticket: 1 });
    bench.run();
    assert!(bench.answers.lock().is_empty());
    assert_eq!(bench.heard.lock().last().map(String::as_str), Some("suspended 2"));
    bench.open(2, 2);
    bench.run();
    assert_eq!(bench.answer().0, 2);
    assert_eq!((bench.rows().len(), bench.world.fetched_from.lock().clone()), (4, vec![0, 2]));
}

/// Both threads may have given their requests the same number.
#[test]
fn a_thread_cancels_what_it_asked_for_itself() {
    let mut bench = Bench::new(&[put("a", "1")]);
    bench.open(1, 1);
    bench.run();
    let stores = bench.answer().1.unwrap();
    bench.open(2, 7);
    bench.open(1, 7);
    bench.post(Command::Cancel { id: ID, thread: 1, ticket: 7 });
    bench.post(Command::Release { id: ID, stores });
    bench.run();
    assert_eq!(bench.answer().0, 7, "thread 2 is not forgotten");
    bench.post(Command::ThreadGone { thread: 2 });
    bench.run();
    assert!(bench.answers.lock().is_empty(), "and thread 1 is");
}

#[test]
fn discarded_stores_are_deleted_and_a_stop_closes_the_rest() {
    let mut bench = Bench::new(&[put("a", "1")]);
    bench.open(1, 1);
    bench.run();
    let stores = bench.answer().1.unwrap();
    bench.post(Command::Discard { id: ID, stores });
    bench.run();
    assert_eq!(*bench.world.disk.lock(), Disk::default());
    bench.open(1, 2);
    bench.run();
    let stores = bench.answer().1.unwrap();
    bench.post(Command::Release { id: ID, stores });
    bench.post(Command::Stop);
    bench.run();
    assert_eq!((bench.rows(), bench.world.disk.lock().closed), (vec!["a=1".to_owned()], 1));
}

#[test]
fn what_a_thread_that_is_gone_had_asked_for_is_kept_for_the_next() {
    let mut bench = Bench::new(&[put("a", "1")]);
    bench.post(Command::Open { id: ID, thread: 1, ticket: 1, reply: Arc::new(Err) });
    bench.run();
    bench.open(2, 2);
    bench.run();
    assert_eq!((bench.answer().0, bench.world.disk.lock().opened), (2, 1));
}

#[test]
fn old_directories_are_looked_for_once_per_interval() {
    let mut bench = Bench::new(&[]);
    bench.run();
    assert_eq!(bench.world.cleaned.load(Ordering::Relaxed), 0, "not at the start: tasks may still come back");
    for _ in 0..3 {
        bench.advance(600_000);
        bench.run();
        bench.run();
    }
    assert_eq!(bench.world.cleaned.load(Ordering::Relaxed), 3);
}
