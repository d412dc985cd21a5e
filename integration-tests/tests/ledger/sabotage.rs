//! The checker notices. A run of a million entries without a fault, then one fault at a time.

use hashbrown::HashMap;
use integration_tests::ledger::{Entry, Evidence, Findings, Guarantee, Link, WINDOW_MS, Window, check};

const ENTRIES: u64 = 1_000_000;
const PARTITIONS: u64 = 8;
const ACCOUNTS: u64 = 10_000;

/// What a run leaves behind that did everything right.
fn honest() -> Evidence {
    let mut evidence = Evidence::default();
    let (mut chains, mut windows) = (HashMap::<u32, Link>::new(), HashMap::<(u32, i64), u64>::new());
    for n in 0..ENTRIES {
        let key = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % ACCOUNTS;
        let entry =
            Entry { partition: (n % PARTITIONS) as u32, seq: n / PARTITIONS, key: key as u32, time: 1_700_000_000_000 + (n / 2) as i64 };
        let link = Link::after(chains.get(&entry.key), entry.key, entry.partition, entry.seq);
        chains.insert(entry.key, link);
        let start = entry.time / WINDOW_MS * WINDOW_MS;
        let count = windows.entry((entry.key, start)).or_default();
        *count += 1;
        evidence.windows.push(Window { key: entry.key, start, count: *count });
        evidence.entries.push(entry);
        evidence.links.push(link);
    }
    let rows: std::collections::BTreeMap<String, String> = chains.iter().map(|(key, link)| (key.to_string(), link.to_text())).collect();
    evidence.changelog = rows.clone();
    evidence.store = Some(rows);
    evidence
}

fn sabotaged(evidence: &Evidence, guarantee: Guarantee, fault: impl FnOnce(&mut Evidence)) -> Findings {
    let mut evidence = evidence.clone();
    fault(&mut evidence);
    let findings = check(&evidence, guarantee);
    println!("{findings}");
    findings
}

#[test]
fn every_kind_of_sabotage_is_noticed() {
    let clean = honest();
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        let findings = check(&clean, guarantee);
        assert_eq!(findings, Findings::default(), "nothing is wrong");
        assert!(findings.holds(guarantee));
    }
    let spoil = |fault: &dyn Fn(&mut Evidence)| sabotaged(&clean, Guarantee::ExactlyOnce, fault);

    // one record of a million is dropped
    let dropped = spoil(&|e| {
        e.links.remove(654_321);
    });
    assert_eq!((dropped.lost, dropped.chain), (1, 1));

    // one is there twice
    let doubled = spoil(&|e| e.links.insert(400_000, e.links[123_456]));
    assert!(doubled.dup == 1 && doubled.chain >= 1, "{doubled}");

    // two of one account change places
    let swapped = spoil(&|e| {
        let first = e.links[200_000];
        let same = |l: &Link| l.key == first.key && l.partition == first.partition;
        let second = (200_001..e.links.len()).find(|i| same(&e.links[*i])).expect("an account has many entries");
        e.links.swap(200_000, second);
    });
    assert!(swapped.order > 0 && swapped.chain > 0, "{swapped}");

    // one stored value is altered
    let altered = spoil(&|e| {
        let row = e.store.as_mut().and_then(|store| store.get_mut("77")).expect("the account has a row");
        row.push('0');
    });
    assert_eq!(altered.state, 1);

    // a record of an aborted attempt is seen: the entry once more, after another one than in the attempt that counts
    let leaked = spoil(&|e| {
        let (before, link) = (e.links[500_000], e.links[600_000]);
        e.links.insert(600_000, Link::after(Some(&before), link.key, link.partition, link.seq));
    });
    assert!(leaked.dup == 1 && leaked.chain > 0, "{leaked}");

    for findings in [dropped, doubled, swapped, altered, leaked] {
        assert!(!findings.holds(Guarantee::ExactlyOnce), "{findings}");
    }
}

#[test]
fn other_faults_have_measures_of_their_own() {
    let clean = honest();
    let spoil = |fault: &dyn Fn(&mut Evidence)| sabotaged(&clean, Guarantee::ExactlyOnce, fault);
    let invented = spoil(&|e| e.links.push(Link::after(None, 1, 9, 1)));
    assert!(invented.ghost == 1, "{invented}");
    let wrong_window = spoil(&|e| e.windows.last_mut().expect("there are windows").count += 1);
    assert_eq!(wrong_window.last, 1);
    let missing_row = spoil(&|e| drop(e.changelog.remove("77")));
    assert_eq!(missing_row.state, 1);
    let row_too_many = spoil(&|e| drop(e.store.as_mut().map(|store| store.insert("x".to_owned(), "y".to_owned()))));
    assert_eq!(row_too_many.state, 1);
    let hanging = spoil(&|e| (e.hanging, e.unread) = (1, 2));
    assert_eq!((hanging.hang, hanging.offset), (1, 2));
    for findings in [invented, wrong_window, missing_row, row_too_many, hanging] {
        assert!(!findings.holds(Guarantee::ExactlyOnce), "{findings}");
    }
}

/// At least once, a chain may be continued from an earlier link; from nowhere it may not.
#[test]
fn repeats_are_told_from_gaps() {
    let clean = honest();
    let last = *clean.links.last().expect("there are links");
    let again = Link { n: last.n, ..last };
    let repeated = sabotaged(&clean, Guarantee::AtLeastOnce, |e| e.links.push(again));
    assert!(repeated.dup == 1 && repeated.holds(Guarantee::AtLeastOnce) && !repeated.holds(Guarantee::ExactlyOnce), "{repeated}");
    let gap = sabotaged(&clean, Guarantee::AtLeastOnce, |e| e.links.push(Link { n: last.n + 2, ..last }));
    assert!(gap.chain == 1 && !gap.holds(Guarantee::AtLeastOnce), "{gap}");

    // the producer died when the changelog had the update and the output had not: the entry is taken in again after it
    let unseen = Link::after(Some(&last), last.key, last.partition, last.seq);
    let redone = Link::after(Some(&unseen), last.key, last.partition, last.seq);
    let settle = |e: &mut Evidence, logged: bool| {
        e.links.push(redone);
        e.logged.extend(logged.then_some(unseen));
        e.changelog.insert(redone.key.to_string(), redone.to_text());
        e.store.as_mut().map(|store| store.insert(redone.key.to_string(), redone.to_text()));
    };
    let ahead = sabotaged(&clean, Guarantee::AtLeastOnce, |e| settle(e, true));
    assert!(ahead.dup == 1 && ahead.holds(Guarantee::AtLeastOnce), "{ahead}");
    assert_eq!(sabotaged(&clean, Guarantee::AtLeastOnce, |e| settle(e, false)).chain, 1);
    assert_eq!(sabotaged(&clean, Guarantee::ExactlyOnce, |e| settle(e, true)).chain, 1);
}
