//! State that is damaged, old or half restored. The experiments' numbers are those of docs/RELIABILITY.md.

use crate::alone;
use integration_tests::kafka::Kafka;
use integration_tests::ledger::{Guarantee, Offline, restored};
use integration_tests::process::Process;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Waits until every changelog has been restored, some perhaps more than once: tasks move when a second thread joins.
fn await_restored(process: &mut Process, ledger: &Offline<'_>) {
    let all = |log: &[String]| {
        log.iter().filter_map(|line| restored(line)).map(|(_, topic, partition)| (topic, partition)).collect::<BTreeSet<_>>()
    };
    process.await_log("every changelog to be restored", |log| (all(log).len() == ledger.changelogs()).then_some(()));
}

#[test]
fn e19_restores_are_killed_in_the_middle() {
    let _turn = alone();
    let kafka = Kafka::plain();
    let mut ledger = Offline::new(&kafka, Guarantee::AtLeastOnce);
    // several batches of each changelog: the kills fall within them
    ledger.write(150_000);
    ledger.run_to_end();
    fs::remove_dir_all(ledger.state_dir()).expect("the state can be deleted");
    let (size, mut read) = (ledger.changelog_size(), 0);
    // at 10, 50 and 90 per cent
    for percent in [10, 40, 40] {
        let mut dying = ledger.start(&[("ledger.die.after.restored".to_owned(), (size * percent / 100).to_string())]);
        dying.wait();
        let died = dying.find(|line| line.strip_prefix("dies after ")?.split(' ').next()?.parse::<u64>().ok());
        read += died.first().expect("it dies while it restores");
    }
    let mut last = ledger.start(&[]);
    await_restored(&mut last, &ledger);
    let ended = last.find(restored);
    read += ended.iter().map(|(records, ..)| records).sum::<u64>();
    last.terminate();
    println!("{read} records were read to restore {size}");
    assert!(read * 10 <= size * 13, "{read} records were read to restore {size}");
    let findings = ledger.check();
    assert!(findings.holds(Guarantee::AtLeastOnce), "{findings}");
}

/// After a clean stop a task that returns to its directory has nothing to restore; nothing is appended meanwhile here.
#[test]
fn e06_a_clean_stop_leaves_nothing_to_restore() {
    let _turn = alone();
    let kafka = Kafka::plain();
    for guarantee in [Guarantee::AtLeastOnce, Guarantee::ExactlyOnce] {
        let mut ledger = Offline::new(&kafka, guarantee);
        ledger.write(20_000);
        ledger.run_to_end();
        let size = ledger.changelog_size();
        let mut again = ledger.start(&[]);
        await_restored(&mut again, &ledger);
        let read: u64 = again.find(restored).iter().map(|(records, ..)| records).sum();
        again.terminate();
        println!("{guarantee:?}: REST={read}/{size}");
        assert!(read * 100 <= size, "{read} of {size} records were restored");
        let findings = ledger.check();
        assert!(findings.holds(guarantee), "{findings}");
    }
}

/// One kind of damage.
type Damage = fn(&mut Offline<'_>);

fn change(path: &Path, how: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("the file can be read");
    how(&mut bytes);
    fs::write(path, bytes).expect("the file can be written");
}

fn flip(path: &Path) {
    change(path, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
    });
}

fn tables(ledger: &Offline<'_>) -> Vec<std::path::PathBuf> {
    let tables = ledger.files(|name| name.ends_with(".sst"));
    assert!(!tables.is_empty(), "a clean stop has written tables");
    tables
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the folder can be read").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the file can be copied");
        }
    }
}

/// What is done, and whether the application must say that it noticed. A table may hold nothing that is read again.
const DAMAGES: [(&str, Damage, bool); 7] = [
    ("a flipped bit in every table", |l| tables(l).iter().for_each(|t| flip(t)), true),
    ("a flipped bit in every manifest", |l| l.files(|n| n.starts_with("MANIFEST-")).iter().for_each(|f| flip(f)), true),
    ("a flipped bit in every CURRENT", |l| l.files(|n| n == "CURRENT").iter().for_each(|f| flip(f)), true),
    ("tables cut in half", |l| tables(l).iter().for_each(|t| change(t, |bytes| bytes.truncate(bytes.len() / 2))), true),
    ("a missing table", |l| fs::remove_file(&tables(l)[0]).expect("it can be deleted"), true),
    ("an offset beyond the changelog's end", |l| l.pretend_offset(1 << 40), true),
    ("a directory of another day", put_back_an_old_copy, false),
];

fn put_back_an_old_copy(ledger: &mut Offline<'_>) {
    let old = tempfile::tempdir().expect("a directory");
    copy(ledger.state_dir(), old.path());
    ledger.write(2_000);
    ledger.run_to_end();
    fs::remove_dir_all(ledger.state_dir()).expect("the state can be deleted");
    copy(old.path(), ledger.state_dir());
}

#[test]
fn e12_damaged_state_is_noticed_and_restored() {
    let _turn = alone();
    let kafka = Kafka::plain();
    let mut ledger = Offline::new(&kafka, Guarantee::ExactlyOnce);
    ledger.write(10_000);
    ledger.run_to_end();
    for (what, damage, is_noticed) in DAMAGES {
        damage(&mut ledger);
        ledger.write(4_000);
        let log = ledger.run_to_end();
        let said = log.lines().filter(|line| line.contains("WARN") && (line.contains("restored from") || line.contains("wiped"))).count();
        println!("{what}: said {said} times");
        assert!(!is_noticed || said > 0, "{what} is not said:\n{log}");
        let findings = ledger.check();
        assert!(findings.holds(Guarantee::ExactlyOnce), "{what}: {findings}");
    }
}
