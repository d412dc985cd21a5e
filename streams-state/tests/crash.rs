//! A process that is killed in mid-commit leaves rows and offset that belong together.
//!
//! The test runs itself as a child that commits as fast as it can, kills it at arbitrary moments, and looks at what it left.
#![cfg(feature = "rocksdb")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use streams_state::store::{NoChangelog, Origin, StateStore};
use streams_state::{KvStore, OpenEnv, SharedResources, Stores, WindowStore};

const CHILD: &str = "STREAMS_STATE_CRASH_CHILD";
const KEYS: u64 = 500;
const SEGMENT: i64 = 60_000;

fn open(dir: &Path) -> (Box<KvStore<u64, u64>>, Box<WindowStore<u64, u64>>) {
    let env = |topic: &str| OpenEnv {
        task_dir: Some(dir.to_owned()),
        changelog_topic: topic.into(),
        partition: 0,
        shared: SharedResources::default(),
    };
    let rows = Stores::key_value::<u64, u64>("rows").build().unwrap();
    let windows = Stores::window::<u64, u64>("windows", Duration::from_secs(120), Duration::from_secs(60)).build().unwrap();
    let rows = rows.open(&env("rows-changelog")).unwrap().into_any().downcast().unwrap();
    let windows = windows.open(&env("windows-changelog")).unwrap().into_any().downcast().unwrap();
    (rows, windows)
}

/// Commit `n` writes `n` into every row: offset and rows must show the same number.
fn commit(rows: &mut KvStore<u64, u64>, windows: &mut WindowStore<u64, u64>, n: u64) {
    for key in 0..KEYS {
        rows.put(&key.to_be_bytes(), Some(n), n as i64, Origin::default()).unwrap();
        // Two segments, each with its own database.
        windows.put(&key.to_be_bytes(), (key % 2) as i64 * SEGMENT, Some(n), n as i64, Origin::default()).unwrap();
    }
    rows.flush(&mut NoChangelog).unwrap();
    rows.commit(Some(n as i64), &[]).unwrap();
    windows.flush(&mut NoChangelog).unwrap();
    windows.commit(Some(n as i64), &[]).unwrap();
}

fn child(dir: &Path) -> ! {
    let (mut rows, mut windows) = open(dir);
    let mut n = rows.committed_offset().map_or(0, |offset| offset as u64);
    loop {
        n += 1;
        commit(&mut rows, &mut windows, n);
        println!("{CHILD} {n}");
    }
}

#[test]
fn rows_and_offset_agree_after_kill_9() {
    if let Some(dir) = std::env::var_os(CHILD) {
        child(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..8u64 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["rows_and_offset_agree_after_kill_9", "--exact", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = lines.map(Result::unwrap).filter_map(|line| line.strip_prefix(CHILD)?.trim().parse::<u64>().ok());
        let mut left = 3 + round * 7;
        for n in said {
            acknowledged = n;
            left = left.saturating_sub(1);
            if left == 0 {
                // SIGKILL, at some point of a later commit.
                process.kill().unwrap();
            }
        }
        process.wait().unwrap();
        assert_eq!(left, 0, "the child ended by itself");

        let (mut rows, mut windows) = open(dir.path());
        let committed = rows.committed_offset().unwrap() as u64;
        assert!(committed >= acknowledged, "commit {acknowledged} was lost, the store is at {committed}");
        for key in 0..KEYS {
            assert_eq!(rows.get(&key.to_be_bytes()).unwrap(), Some((committed, committed as i64)), "round {round}, key {key}");
        }
        // A window store may have been killed between two segments: it says the smaller offset, and no row is older than that.
        let committed = windows.committed_offset().unwrap() as u64;
        assert!(committed >= acknowledged, "commit {acknowledged} was lost, the windows are at {committed}");
        for segment in 0..2 {
            let mut seen: Vec<u64> = Vec::new();
            for key in (0..KEYS).filter(|key| key % 2 == segment) {
                seen.push(windows.fetch(&key.to_be_bytes(), segment as i64 * SEGMENT).unwrap().unwrap().0);
            }
            assert!(seen.iter().all(|n| *n == seen[0]), "half a commit in segment {segment}: {seen:?}");
            assert!((committed..=committed + 1).contains(&seen[0]), "segment {segment} is at {}, the store at {committed}", seen[0]);
        }
    }
}
