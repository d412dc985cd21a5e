use super::*;
use crate::Headers;
use crate::cluster::RecordBatch;

fn append(log: &mut Log, key: &str, value: Option<&str>, timestamp: i64) -> i64 {
    let headers = Headers::new();
    let record = ProduceRecord { key: Some(key.as_bytes()), value: value.map(str::as_bytes), timestamp, headers: &headers };
    log.append(timestamp, &record)
}

fn write(log: &mut Log, writer: Identity, value: &str) -> Result<i64, FencedWriter> {
    let headers = Headers::new();
    log.append_transactional(writer, 0, &ProduceRecord { key: Some(b"k"), value: Some(value.as_bytes()), timestamp: 0, headers: &headers })
}

fn slice(log: &mut Log, from: i64, max: usize, committed: bool) -> Option<Slice> {
    match log.read(from, max, committed) {
        Read::Records(slice) => Some(slice),
        Read::Nothing(_) => None,
        Read::OutOfRange { start, end } => panic!("{from} is not in {start}..={end}"),
    }
}

/// Everything from the start: `offset key=value`.
fn dump(log: &mut Log, committed: bool) -> Vec<String> {
    let (mut next, mut lines) = (log.start(), Vec::new());
    while let Some(found) = slice(log, next, 3, committed) {
        for i in 0..found.len() {
            let record = found.record(i);
            let text = |bytes: Option<&[u8]>| bytes.map_or("null".to_string(), |b| String::from_utf8_lossy(b).into_owned());
            lines.push(format!("{} {}={}", record.offset, text(record.key), text(record.value)));
        }
        next = found.next_offset();
    }
    lines
}

const NOW: i64 = 1_000_000;

fn compact(log: &mut Log, now: i64) {
    log.compact(&Compaction { before: i64::MAX, now, delete_retention: 100 });
}

#[test]
fn a_reader_that_keeps_pace_leaves_few_chunks() {
    for hold in [false, true] {
        let mut log = Log::new();
        let mut held = None;
        for i in 0..10_000 {
            append(&mut log, "key", Some("value"), i);
            let found = slice(&mut log, i, 10, false).unwrap();
            assert_eq!((found.len(), found.record(0).offset), (1, i));
            held = hold.then_some(found);
        }
        drop(held);
        assert!(log.sealed.len() < 20, "{} chunks for {} bytes", log.sealed.len(), log.bytes());
        assert_eq!(dump(&mut log, false).len(), 10_000);
    }
}

#[test]
fn what_a_reader_holds_outlives_the_log() {
    let mut log = Log::new();
    append(&mut log, "a", Some("1"), 5);
    append(&mut log, "b", None, 6);
    let held = slice(&mut log, 0, 10, false).unwrap();
    append(&mut log, "a", Some("2"), 7);
    compact(&mut log, NOW);
    log.delete_before(3);
    assert_eq!(log.bytes(), 0);
    assert_eq!((held.record(0).value, held.record(1).key, held.record(1).timestamp), (Some(&b"1"[..]), Some(&b"b"[..]), 6));
}

#[test]
fn large_records_get_chunks_of_their_own() {
    let mut log = Log::new();
    let large = "x".repeat(1_000_000);
    for key in ["a", "b", "c"] {
        append(&mut log, key, Some(&large), 0);
        append(&mut log, key, Some("small"), 0);
    }
    let sizes: Vec<usize> = (0..6).map(|i| slice(&mut log, i, 1, false).unwrap().record(0).value.unwrap().len()).collect();
    assert_eq!(sizes, [1_000_000, 5, 1_000_000, 5, 1_000_000, 5]);
}

#[test]
fn deleting_moves_the_start_and_frees_memory() {
    let mut log = Log::new();
    for i in 0..10_000 {
        append(&mut log, "key", Some(&"v".repeat(100)), i);
    }
    assert_eq!(log.delete_before(9_000), 9_000);
    assert!(log.bytes() < 400_000, "{}", log.bytes());
    assert!(matches!(log.read(8_999, 1, false), Read::OutOfRange { start: 9_000, end: 10_000 }));
    assert_eq!(dump(&mut log, false).len(), 1_000);
    // Backwards is no move, beyond the end neither.
    assert_eq!(log.delete_before(5), 9_000);
    assert_eq!(log.delete_before(20_000), 10_000);
    assert_eq!((log.bytes(), log.end()), (0, 10_000));
    assert_eq!(append(&mut log, "key", Some("next"), 0), 10_000);
    assert_eq!(dump(&mut log, false), ["10000 key=next"]);
}

#[test]
fn compaction_keeps_the_last_of_each_key_at_its_offset() {
    let mut log = Log::new();
    for (key, value) in [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1"), ("b", "2"), ("a", "3")] {
        append(&mut log, key, Some(value), 0);
    }
    compact(&mut log, NOW);
    // The last record is not looked at, so the one before it of the same key stays.
    assert_eq!(dump(&mut log, false), ["2 a=2", "3 c=1", "4 b=2", "5 a=3"]);
    append(&mut log, "d", Some("1"), 0);
    compact(&mut log, NOW);
    assert_eq!(dump(&mut log, false), ["3 c=1", "4 b=2", "5 a=3", "6 d=1"]);
    assert_eq!((log.start(), log.end()), (0, 7));
    // A reader in a gap goes on behind it.
    assert_eq!(slice(&mut log, 1, 1, false).unwrap().record(0).offset, 3);
}

#[test]
fn tombstones_go_when_their_time_is_over() {
    let mut log = Log::new();
    append(&mut log, "a", Some("1"), 0);
    append(&mut log, "a", None, 0);
    append(&mut log, "z", Some("1"), 0);
    compact(&mut log, NOW);
    assert_eq!(dump(&mut log, false), ["1 a=null", "2 z=1"]);
    compact(&mut log, NOW + 99);
    assert_eq!(dump(&mut log, false), ["1 a=null", "2 z=1"]);
    compact(&mut log, NOW + 100);
    assert_eq!(dump(&mut log, false), ["2 z=1"]);
}

#[test]
fn young_records_are_not_compacted() {
    let mut log = Log::new();
    for timestamp in [10, 20, 30, 40] {
        append(&mut log, "a", Some(&timestamp.to_string()), timestamp);
    }
    append(&mut log, "z", Some("end"), 50);
    log.compact(&Compaction { before: 30, now: NOW, delete_retention: 100 });
    assert_eq!(dump(&mut log, false), ["1 a=20", "2 a=30", "3 a=40", "4 z=end"]);
}

#[test]
fn compaction_leaves_open_transactions_and_drops_aborted_ones() {
    let mut log = Log::new();
    let (one, two) = (Identity { id: 1, epoch: 0 }, Identity { id: 2, epoch: 0 });
    append(&mut log, "k", Some("plain"), 0);
    write(&mut log, one, "aborted").unwrap();
    log.write_marker(one, false);
    write(&mut log, two, "open").unwrap();
    append(&mut log, "k", Some("later"), 0);
    compact(&mut log, NOW);
    assert_eq!(dump(&mut log, false), ["0 k=plain", "3 k=open", "4 k=later"]);
    log.write_marker(two, true);
    append(&mut log, "z", Some("end"), 0);
    compact(&mut log, NOW);
    assert_eq!(dump(&mut log, true), ["4 k=later", "6 z=end"]);
    assert_eq!(dump(&mut log, true), dump(&mut log, false));
}

#[test]
fn retention_drops_the_oldest() {
    let mut log = Log::new();
    for (i, timestamp) in [10, 50, 20, 60].into_iter().enumerate() {
        append(&mut log, &i.to_string(), Some("v"), timestamp);
    }
    log.retain(Some(10), None);
    assert_eq!(log.start(), 0);
    // The record of time 20 stays: it lies behind one that is young enough.
    log.retain(Some(30), None);
    assert_eq!(dump(&mut log, false), ["1 1=v", "2 2=v", "3 3=v"]);
    log.retain(Some(100), None);
    assert_eq!((log.start(), log.end(), log.bytes()), (4, 4, 0));
}

#[test]
fn retention_by_size_drops_whole_chunks() {
    let mut log = Log::new();
    for i in 0..20_000 {
        append(&mut log, "k", Some(&"v".repeat(99)), i);
    }
    log.retain(None, Some(1_000_000));
    assert!((600_000..=1_000_000).contains(&log.bytes()), "{}", log.bytes());
    assert_eq!(log.end() - log.start(), dump(&mut log, false).len() as i64);
}

#[test]
fn a_writer_of_an_old_epoch_is_fenced() {
    let mut log = Log::new();
    let (old, new) = (Identity { id: 1, epoch: 0 }, Identity { id: 1, epoch: 1 });
    write(&mut log, old, "gone").unwrap();
    log.write_marker(new, false);
    assert_eq!(write(&mut log, old, "too late"), Err(FencedWriter));
    write(&mut log, new, "kept").unwrap();
    assert_eq!(write(&mut log, old, "too late"), Err(FencedWriter));
    assert_eq!((log.stable_end(), log.end()), (2, 3));
    log.write_marker(new, true);
    assert_eq!(dump(&mut log, true), ["2 k=kept"]);
}

#[test]
fn the_position_is_behind_what_is_not_data() {
    let mut log = Log::new();
    let writer = Identity { id: 1, epoch: 0 };
    append(&mut log, "a", Some("1"), 0);
    write(&mut log, writer, "aborted").unwrap();
    assert_eq!((log.position(1, true), log.position(1, false), log.position(2, false)), (1, 1, 2));
    log.write_marker(writer, false);
    assert_eq!((log.position(1, true), log.position(1, false), log.position(2, false)), (3, 1, 3));
    append(&mut log, "a", Some("2"), 0);
    assert_eq!((log.position(1, true), log.position(4, true)), (1, 4));
}

#[test]
fn a_time_is_found_in_any_chunk() {
    let mut log = Log::new();
    for i in 0..10_000 {
        append(&mut log, "k", Some(&"v".repeat(100)), i * 10);
    }
    for (time, offset) in [(-5, 0), (0, 0), (1, 1), (50_000, 5_000), (99_990, 9_999), (99_991, 10_000)] {
        assert_eq!(log.offset_for_time(time), offset, "time {time}");
    }
    log.delete_before(6_000);
    assert_eq!(log.offset_for_time(0), 6_000);
}
