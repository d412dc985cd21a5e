//! Where the changelog of a window store is read from.

use super::super::search::{TAIL, WORTH_IT};
use super::*;

type Records = Vec<Option<(Option<&'static str>, &'static str)>>;

/// A window every 10 ms.
fn windows(count: i64) -> Records {
    (0..count).map(|n| put(format!("k@{}", n * 10).leak(), "1")).collect()
}

fn bench(records: &Records, kept_ms: i64) -> Bench {
    let bench = Bench::new(records);
    *bench.world.kept_ms.lock() = Some(kept_ms);
    bench
}

fn restored(bench: &mut Bench) -> (String, usize) {
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok());
    let start = bench.heard.lock().first().cloned().unwrap_or_default();
    (start, bench.rows().len())
}

#[test]
fn a_store_that_has_nothing_begins_with_the_windows_that_are_left() {
    let mut bench = bench(&windows(WORTH_IT), 1_000);
    // stream time is 99,990: what began at 98,990 or before has expired
    assert_eq!(restored(&mut bench), (format!("start 9900..{WORTH_IT}"), 100));
    assert_eq!(bench.heard.lock().last().map(String::as_str), Some("end 100"));
    assert_eq!(bench.world.disk.lock().offset, Some(WORTH_IT - 1));
    assert_eq!(bench.rows()[0], "k@99000=1");
}

#[test]
fn times_out_of_order_lose_no_window() {
    let mut records = windows(WORTH_IT);
    // a live window that was written early on, and the newest of the log long before its end
    records[5_000] = put("early@98991", "1");
    let near_the_end = records.len() - 900;
    records[near_the_end] = put("newest@99990", "1");
    *records.last_mut().unwrap() = put("late@7", "1");
    let mut bench = bench(&records, 1_000);
    assert_eq!(restored(&mut bench).0, format!("start 5000..{WORTH_IT}"));
    assert!(bench.rows().contains(&"early@98991=1".to_owned()));
}

#[test]
fn what_follows_the_last_record_does_not_hide_it() {
    let mut records = windows(WORTH_IT);
    records.extend([MARKER; 700]);
    assert_eq!(restored(&mut bench(&records, 1_000)), (format!("start 9900..{}", WORTH_IT + 700), 100));
}

#[test]
fn where_times_tell_nothing_the_whole_log_is_read() {
    let whole = (format!("start 0..{WORTH_IT}"), WORTH_IT as usize);
    assert_eq!(restored(&mut bench(&windows(WORTH_IT), i64::MAX)), whole, "nothing expires");
    assert_eq!(restored(&mut bench(&windows(WORTH_IT), WORTH_IT * 10)), whole, "nothing has expired");

    let mut older = bench(&windows(WORTH_IT), 1_000);
    older.world.older_ms.store(1, Ordering::Relaxed);
    assert_eq!(restored(&mut older), whole, "a row younger than its record may be anywhere");

    let short = WORTH_IT - 1;
    assert_eq!(restored(&mut bench(&windows(short), 1_000)), (format!("start 0..{short}"), short as usize), "short");

    let mut records = windows(WORTH_IT);
    records.extend(vec![MARKER; TAIL as usize]);
    assert_eq!(restored(&mut bench(&records, 1_000)), (format!("start 0..{}", WORTH_IT + TAIL), WORTH_IT as usize), "markers only");
}

#[test]
fn a_store_that_has_something_goes_on_where_it_stands() {
    let mut bench = bench(&windows(WORTH_IT), 1_000);
    bench.world.disk.lock().offset = Some(41);
    assert_eq!(restored(&mut bench), (format!("start 42..{WORTH_IT}"), WORTH_IT as usize - 42));
}

#[test]
fn a_cluster_that_does_not_find_the_time_is_not_waited_for() {
    let mut bench = bench(&windows(WORTH_IT), 1_000);
    bench.open(1, 1);
    bench.restorer.step();
    bench.world.away.store(true, Ordering::Relaxed);
    bench.run();
    assert!(bench.answer().1.is_ok());
    assert_eq!(bench.heard.lock()[0], format!("start 0..{WORTH_IT}"));
}

#[test]
fn a_search_given_up_is_begun_anew() {
    let mut bench = bench(&windows(WORTH_IT), 1_000);
    bench.open(1, 1);
    bench.restorer.step();
    bench.post(Command::Cancel { id: ID, thread: 1, ticket: 1 });
    bench.run();
    assert!(bench.heard.lock().is_empty(), "nothing was begun that could be suspended");
    assert_eq!(restored(&mut bench), (format!("start 9900..{WORTH_IT}"), 100));
    assert_eq!(bench.world.disk.lock().opened, 1);
}
