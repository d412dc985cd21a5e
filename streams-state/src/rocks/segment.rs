//! One segment of a window store, with an iterator that is used again.

#![expect(clippy::mem_forget, reason = "it is in what the macro makes")]

use super::cursor::RocksCursor;
use super::database::Database;
use crate::Result;
use crate::engine::Cursor;

type Walk<'a> = Option<RocksCursor<'a>>;

self_cell::self_cell!(
    /// A database and its iterator. Rows come only with commits, and making an iterator takes longer than to look for a key with it: it stays
    /// until the next commit. What a flush or compaction replaces meanwhile stays as long.
    pub(super) struct Segment {
        owner: Database,
        #[covariant]
        dependent: Walk,
    }
);

impl Segment {
    pub fn of(database: Database) -> Self {
        Segment::new(database, |_| None)
    }

    pub fn database(&self) -> &Database {
        self.borrow_owner()
    }

    /// To be called once the database was written.
    pub fn written(&mut self) {
        self.with_dependent_mut(|_, walk| *walk = None);
    }

    /// Goes to the first row from `key` on, of the same record key; rows of others may be left out.
    pub fn seek(&mut self, key: &[u8]) -> Result<()> {
        self.with_dependent_mut(|database, walk| match walk {
            Some(walk) => walk.seek(key),
            None => walk.insert(database.walk_keys()?).seek(key),
        })
    }

    /// Where [`seek`](Self::seek) and [`advance`](Self::advance) have come to.
    pub fn row(&self) -> Option<(&[u8], &[u8])> {
        self.borrow_dependent().as_ref()?.row()
    }

    pub fn advance(&mut self) -> Result<()> {
        self.with_dependent_mut(|_, walk| walk.as_mut().map_or(Ok(()), RocksCursor::advance))
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{NoChangelog, Origin, StateStore};
    use crate::*;
    use rocksdb::{ColumnFamilyDescriptor, CompactOptions, DB, Options, WriteBatch};
    use std::ops::ControlFlow;
    use std::path::Path;
    use std::time::Duration;

    /// The second lies among the rows of the first, which it begins with, and so does the third among those of the second.
    fn keys() -> [Vec<u8>; 4] {
        let second = [b"k", &50i64.to_be_bytes()[..]].concat();
        let third = [&second[..], &20i64.to_be_bytes(), &[0; 3]].concat();
        [b"k".to_vec(), second, third, b"other".to_vec()]
    }

    /// Whether a key of which only every so-manieth row is there has the one of `start`.
    fn is_in(start: i64, every: usize) -> bool {
        start.unsigned_abs().is_multiple_of(every as u64)
    }

    fn pairs(dir: &Path) -> Box<WindowStore<String, u64>> {
        let builder = Stores::window::<String, u64>("pairs", Duration::from_mins(4), Duration::from_mins(1)).retain_duplicates();
        let env = OpenEnv {
            task_dir: Some(dir.join("0_0")),
            changelog_topic: "app-pairs-changelog".into(),
            partition: 0,
            shared: SharedResources::default(),
        };
        builder.build().unwrap().open(&env).unwrap().into_any().downcast().unwrap()
    }

    fn starts(store: &mut WindowStore<String, u64>, key: &[u8], from: i64, to: i64) -> Vec<i64> {
        let mut found = Vec::new();
        let visit = &mut |start, value: &u64, _| {
            assert_eq!(*value, start as u64);
            found.push(start);
            Ok(ControlFlow::Continue(()))
        };
        store.fetch_range(key, from, to, false, visit).unwrap();
        found
    }

    #[test]
    fn rows_of_a_key_are_found_in_every_file_among_those_of_longer_keys() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = pairs(dir.path());
        for start in 0..100 {
            for (n, key) in keys().iter().enumerate() {
                // not all keys are in all files
                if is_in(start, n + 1) {
                    store.append(key, start, &(start as u64), start, Origin::default(), &NO_HEADERS, &mut NoChangelog).unwrap();
                }
                let expected: Vec<i64> = (0..=start).filter(|start| is_in(*start, n + 1)).collect();
                assert_eq!(starts(&mut store, key, 0, 1_000), expected, "before the commit of {start}");
                assert_eq!(starts(&mut store, b"absent", 0, 1_000), [0i64; 0]);
            }
            store.commit(Some(start), &[]).unwrap();
            if start % 10 == 9 {
                store.close().unwrap();
                store = pairs(dir.path());
            }
            for (n, key) in keys().iter().enumerate() {
                let expected: Vec<i64> = (30..=start.min(60)).filter(|start| is_in(*start, n + 1)).collect();
                assert_eq!(starts(&mut store, key, 30, 60), expected, "after the commit of {start}");
            }
        }
    }

    #[test]
    fn rows_are_found_in_the_levels_that_java_makes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0_0/pairs/pairs.0");
        std::fs::create_dir_all(&path).unwrap();
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        // many files of a few rows
        options.set_target_file_size_base(1);
        options.set_disable_auto_compactions(true);
        let families = ["keyValueWithTimestamp", "default", "offsets"];
        let families = || families.map(|family| ColumnFamilyDescriptor::new(family, options.clone()));
        let db = DB::open_cf_descriptors(&options, &path, families()).unwrap();
        let rows = db.cf_handle("keyValueWithTimestamp").unwrap();
        for start in 0..2_000i64 {
            let mut batch = WriteBatch::default();
            for (n, key) in keys().iter().enumerate() {
                if is_in(start, n * 30 + 1) {
                    let key = [&key[..], &start.to_be_bytes(), &1i32.to_be_bytes()].concat();
                    batch.put_cf(rows, key, [start.to_be_bytes(), start.to_be_bytes()].concat());
                }
            }
            db.write(batch).unwrap();
            if start == 999 {
                db.flush_cf(rows).unwrap();
            }
        }
        // a row of the first file again, so that the files are merged and not moved
        db.put_cf(rows, [b"k", &0i64.to_be_bytes()[..], &1i32.to_be_bytes()].concat(), [0; 16]).unwrap();
        db.flush_cf(rows).unwrap();
        db.compact_range_cf_opt(rows, None::<&[u8]>, None::<&[u8]>, &CompactOptions::default());
        let levels: Vec<i32> = db.live_files().unwrap().iter().map(|file| file.level).collect();
        assert!(levels.iter().filter(|level| **level == levels[0]).count() > 1 && levels[0] > 0, "{levels:?}");
        drop(db);

        let mut store = pairs(dir.path());
        for (n, key) in keys().iter().enumerate() {
            let expected: Vec<i64> = (0..2_000).filter(|start| is_in(*start, n * 30 + 1)).collect();
            assert_eq!(starts(&mut store, key, 0, 1_999), expected);
        }
        store.append(b"other", 2_000, &2_000, 2_000, Origin::default(), &NO_HEADERS, &mut NoChangelog).unwrap();
        store.commit(Some(1), &[]).unwrap();
        store.close().unwrap();
        let mut store = pairs(dir.path());
        assert_eq!(starts(&mut store, b"other", 1_900, 2_000), [1_911, 2_000], "it is opened so again");
    }
}
