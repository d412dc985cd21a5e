//! A store that is restored from an input of its task: as far as the task has committed, and as the task read it.

use super::*;

fn bench(records: &[Option<(Option<&'static str>, &'static str)>], committed: Option<i64>) -> Bench {
    let bench = Bench::new(records);
    bench.world.is_input.store(true, Ordering::Relaxed);
    *bench.world.committed.lock() = committed;
    bench
}

fn disk(offset: Option<i64>) -> Disk {
    Disk { rows: BTreeMap::from([(b"x".to_vec(), b"kept".to_vec())]), offset, ..Disk::default() }
}

/// The reader hands out two records at a time: the limit is also met within a batch.
#[test]
fn nothing_is_read_beyond_what_was_committed() {
    let records = [put("a", "one"), put("b", "two"), put("a", "three"), put("c", "four"), put("a", "five")];
    for (committed, rows, offset) in [
        (1, vec!["a=ONE"], 0),
        (2, vec!["a=ONE", "b=TWO"], 1),
        (3, vec!["a=THREE", "b=TWO"], 2),
        (5, vec!["a=FIVE", "b=TWO", "c=FOUR"], 4),
        // the topic was cut, or is another one
        (9, vec!["a=FIVE", "b=TWO", "c=FOUR"], 4),
    ] {
        let mut bench = bench(&records, Some(committed));
        bench.open(1, 1);
        bench.run();
        assert!(bench.answer().1.is_ok());
        assert_eq!(
            (bench.rows(), bench.world.disk.lock().offset),
            (rows.iter().map(ToString::to_string).collect(), Some(offset)),
            "{committed}"
        );
        assert_eq!(bench.heard.lock()[0], format!("start 0..{}", committed.min(5)));
    }
}

#[test]
fn a_task_that_has_committed_nothing_restores_nothing() {
    let mut bench = bench(&[put("a", "one")], None);
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok() && bench.rows().is_empty());
    assert!(bench.world.fetched_from.lock().is_empty());
}

#[test]
fn the_tail_is_read_from_where_the_store_stands() {
    let mut bench = bench(&[put("a", "one"), put("b", "two"), put("c", "three"), put("d", "four")], Some(3));
    *bench.world.disk.lock() = disk(Some(0));
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok());
    assert_eq!(bench.rows(), ["b=TWO", "c=THREE", "x=kept"]);
    assert_eq!(*bench.world.fetched_from.lock(), [1]);
}

/// The group's offsets were set back, or forgotten; or the beginning of the input, which is not needed, was deleted.
#[test]
fn a_store_at_or_beyond_what_was_committed_stays_as_it_is() {
    for (offset, committed, first) in [(2, Some(3), 0), (2, Some(1), 0), (2, None, 0), (4, Some(5), 7)] {
        let mut bench = bench(&[put("a", "one"), put("a", "two"), put("a", "three")], committed);
        bench.world.log.lock().first = first;
        *bench.world.disk.lock() = disk(Some(offset));
        bench.open(1, 1);
        bench.run();
        assert!(bench.answer().1.is_ok());
        assert_eq!((bench.rows(), bench.world.disk.lock().wiped), (vec!["x=kept".to_owned()], 0), "{offset} {committed:?} {first}");
        assert!(bench.world.fetched_from.lock().is_empty());
    }
}

/// What is needed was deleted; the topic was made again; the store comes from a changelog, under another name.
#[test]
fn a_store_that_does_not_fit_its_input_is_wiped() {
    for (offset, committed, first) in [(Some(2), Some(6), 5), (Some(9), Some(10), 0), (None, Some(1), 0)] {
        let mut bench = bench(&[put("a", "one")], committed);
        bench.world.log.lock().first = first;
        *bench.world.disk.lock() = disk(offset);
        bench.open(1, 1);
        bench.run();
        assert!(bench.answer().1.is_ok());
        assert_eq!((bench.rows(), bench.world.disk.lock().wiped), (vec!["a=ONE".to_owned()], 1), "{offset:?}");
    }
    // an input that is empty is an empty table; a changelog would have lost what nobody else has
    let mut bench = bench(&[], Some(9));
    *bench.world.disk.lock() = disk(Some(8));
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok() && bench.rows().is_empty());
}

#[test]
fn records_that_were_left_out_are_left_out_again() {
    let records = [
        put("a", "one"),
        Some((None, "no key")),
        put("a", "? unreadable"),
        MARKER,
        put("b", "! panics"),
        put("b", "two"),
        put("a", "null"),
    ];
    let mut bench = bench(&records, Some(7));
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok());
    assert_eq!((bench.rows(), bench.world.disk.lock().offset), (vec!["b=TWO".to_owned()], Some(6)));
}

#[test]
fn markers_at_the_limit_are_passed() {
    let mut bench = bench(&[put("a", "one"), MARKER, MARKER, put("b", "two")], Some(3));
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok());
    assert_eq!((bench.rows(), bench.world.disk.lock().offset), (vec!["a=ONE".to_owned()], Some(2)));
}

#[test]
fn a_transaction_that_may_move_the_limit_is_waited_for() {
    let mut bench = bench(&[put("a", "one"), put("b", "two")], Some(1));
    bench.world.undecided.store(true, Ordering::Relaxed);
    bench.open(1, 1);
    bench.run();
    assert!(bench.answers.lock().is_empty());
    bench.world.undecided.store(false, Ordering::Relaxed);
    *bench.world.committed.lock() = Some(2);
    bench.advance(10_000);
    bench.run();
    assert!(bench.answer().1.is_ok());
    assert_eq!(bench.rows(), ["a=ONE", "b=TWO"]);
}

#[test]
fn a_task_whose_input_has_fewer_partitions_restores_nothing() {
    let mut bench = bench(&[put("a", "one")], Some(1));
    bench.world.no_such_input.store(true, Ordering::Relaxed);
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok() && bench.rows().is_empty());
    assert_eq!(bench.world.asked_for_committed.load(Ordering::Relaxed), 0);
}

#[test]
fn a_changelog_asks_nobody_what_was_committed() {
    let mut bench = Bench::new(&[put("a", "1")]);
    bench.open(1, 1);
    bench.run();
    assert!(bench.answer().1.is_ok());
    assert_eq!(bench.world.asked_for_committed.load(Ordering::Relaxed), 0);
}
