//! Changes made during a walk: rows further on are seen as they are then, but for those that were taken already.

use super::*;
use std::ops::Bound;
use std::time::Duration;

/// More than a walk takes at a time.
const ROWS: u16 = 200;

fn key(n: u16) -> [u8; 2] {
    n.to_be_bytes()
}

/// What a walk from 0 on tells of rows that are changed when it stands on the tenth: those behind it and the nearest ones ahead as they were,
/// the others deleted where their number is even, and new ones between the others.
fn expected(seen: &[(u16, u64)], step: u16) {
    let far: Vec<_> = seen.iter().filter(|(n, _)| *n >= 64 * step).collect();
    assert!(far.iter().all(|(n, value)| (n / step) % 2 == 1 && *value == 2), "{far:?}");
    let near: Vec<u16> = seen.iter().filter(|(n, _)| *n < 64 * step).map(|(n, _)| *n).collect();
    assert_eq!(near, (0..64).map(|n| n * step).collect::<Vec<_>>(), "the first rows were taken before");
    assert_eq!(far.len(), usize::from(ROWS - 64) / 2);
}

#[test]
fn of_a_key_value_store() {
    for &place in PLACES {
        for committed in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let supplier = Stores::key_value::<String, u64>("s").build().unwrap();
            let mut store: Box<KvStore<String, u64>> = open_in(&*supplier, &place.env(&dir));
            store.attach(Some(ChangelogId(3)), Arc::default());
            let mut log = Log::default();
            for n in 0..ROWS {
                store.put(&key(n), Some(1), 0, origin(0)).unwrap();
                store.flush(&mut log).unwrap();
            }
            if committed {
                store.commit(Some(log.0.len() as i64 - 1), &[]).unwrap();
            }
            let (mut seen, mut at) = (Vec::new(), Vec::new());
            let mut cursor = store.cursor(Bound::Unbounded, Bound::Unbounded, false);
            while let Some((value, _)) = cursor.next(&mut store, &mut at).unwrap() {
                seen.push((u16::from_be_bytes([at[0], at[1]]), value));
                if seen.len() == 10 {
                    for n in 0..ROWS {
                        store.put(&key(n), (n % 2 == 1).then_some(2), 0, origin(0)).unwrap();
                        store.flush(&mut log).unwrap();
                    }
                }
            }
            expected(&seen, 1);
        }
    }
}

#[test]
fn of_a_window_store() {
    for &place in PLACES {
        for (committed, by_time, one_key) in [
            (false, false, false),
            (true, false, false),
            (false, true, false),
            (true, true, false),
            (false, false, true),
            (true, false, true),
            (true, true, true),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let mut builder = Stores::window::<String, u64>("w", Duration::from_secs(3_600), Duration::from_secs(1));
            if by_time {
                builder = builder.time_first(one_key);
            }
            let supplier = builder.build().unwrap();
            let mut store: Box<WindowStore<String, u64>> = open_in(&*supplier, &place.env(&dir));
            store.attach(Some(ChangelogId(3)), Arc::default());
            let mut log = Log::default();
            for n in 0..ROWS {
                assert!(store.put(b"k", i64::from(n), Some(1), 0, origin(0)).unwrap());
                store.flush(&mut log).unwrap();
            }
            if committed {
                store.commit(Some(log.0.len() as i64 - 1), &[]).unwrap();
            }
            let mut cursor = if one_key { store.cursor(b"k", 0, i64::MAX, false) } else { store.cursor_all(0, i64::MAX, false) };
            let (mut seen, mut at) = (Vec::new(), Vec::new());
            while let Some((start, value, _)) = cursor.next(&mut store, &mut at).unwrap() {
                seen.push((start as u16, value));
                if seen.len() == 10 {
                    for n in 0..ROWS {
                        store.put(b"k", i64::from(n), (n % 2 == 1).then_some(2), 0, origin(0)).unwrap();
                        store.flush(&mut log).unwrap();
                    }
                }
            }
            expected(&seen, 1);
        }
    }
}
