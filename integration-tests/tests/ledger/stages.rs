//! The checker notices what goes wrong in the stages. A run without a fault, then one fault at a time.

use hashbrown::HashMap;
use integration_tests::ledger::{
    Entry, Evidence, Findings, Guarantee, Half, Link, StageEvidence, WINDOW_MS, Window, block_of, check, group_of, group_that_grows,
};

const ENTRIES: u64 = 100_000;
const PARTITIONS: u64 = 8;
const ACCOUNTS: u64 = 10_000;
const START_MS: i64 = 1_700_000_000_000;

/// What a run leaves behind that did everything right; its last entry closes everything before it.
fn honest() -> Evidence {
    let mut evidence = Evidence::default();
    let mut stages = StageEvidence::default();
    let (mut chains, mut groups, mut windows) =
        (HashMap::<u32, Link>::new(), HashMap::<u64, Link>::new(), HashMap::<(u32, i64), u64>::new());
    let mut begun = HashMap::new();
    for n in 0..ENTRIES {
        let is_last = n + 1 == ENTRIES;
        let key = if is_last { ACCOUNTS } else { (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % ACCOUNTS };
        // some come out of order
        let late = if n % 20 == 7 { 100 } else { 0 };
        let time = START_MS + if is_last { 3_600_000 } else { (n / 2) as i64 - late };
        let entry = Entry { partition: (n % PARTITIONS) as u32, seq: n / PARTITIONS, key: key as u32, time };
        let link = Link::after(chains.get(&entry.key), entry.key, entry.partition, entry.seq);
        chains.insert(entry.key, link);
        if let Some(group) = group_that_grows(entry.key) {
            groups.insert(group, Link::after(groups.get(&group), group as u32, entry.partition, entry.seq));
        }
        let window = (entry.key, time / WINDOW_MS * WINDOW_MS);
        *windows.entry(window).or_default() += 1;
        evidence.windows.push(Window { key: window.0, start: window.1, count: windows[&window] });
        if let Some(half) = Half::of(entry.partition, entry.seq) {
            let halves = &mut stages.pairs.entry(half.pair).or_insert_with(|| vec![(false, false)])[0];
            *(if half.is_left { &mut halves.0 } else { &mut halves.1 }) = true;
        }
        let (block, begins) = block_of(entry.partition, entry.seq);
        if begins {
            begun.insert(block, time);
        } else if !is_last {
            stages.waited.insert((entry.partition, entry.seq), vec![begun[&block] <= time]);
        }
        evidence.entries.push(entry);
        evidence.links.push(link);
    }
    let last = evidence.entries[evidence.entries.len() - 1];
    // its own window is open, and its pair has lost its other half, which waits still
    stages.finals = windows
        .iter()
        .filter(|((key, _), _)| *key != last.key)
        .map(|((key, start), count)| Window { key: *key, start: *start, count: *count })
        .collect();
    if let Some(half) = Half::of(last.partition, last.seq).filter(|half| stages.pairs[&half.pair] != [(true, true)]) {
        stages.pairs.remove(&half.pair);
    }
    stages.groups = groups.iter().map(|(group, link)| (*group, link.to_text())).collect();
    let row = |link: &Link| format!("{}|{}", link.to_text(), stages.groups.get(&group_of(link.hash)).map_or("", String::as_str));
    stages.joined = chains.iter().map(|(key, link)| (*key, row(link))).collect();
    let rows: std::collections::BTreeMap<String, String> = chains.iter().map(|(key, link)| (key.to_string(), link.to_text())).collect();
    evidence.changelog = rows;
    evidence.stages = Some(stages);
    evidence
}

#[test]
fn every_fault_of_a_stage_is_noticed() {
    let clean = honest();
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        assert_eq!(check(&clean, guarantee), Findings::default(), "nothing is wrong");
    }
    let stages = clean.stages.clone().expect("they ran");
    let spoil = |fault: &dyn Fn(&mut StageEvidence)| {
        let mut stages = stages.clone();
        fault(&mut stages);
        let findings = check(&Evidence { stages: Some(stages), ..clean.clone() }, Guarantee::ExactlyOnce);
        println!("{findings}");
        assert!(!findings.holds(Guarantee::ExactlyOnce), "{findings}");
        (findings.last, findings.pair, findings.join)
    };
    // a result is dropped, told twice, wrong, or told of a window that is open
    assert_eq!(spoil(&|s| _ = s.finals.pop()), (1, 0, 0));
    assert_eq!(spoil(&|s| s.finals.push(s.finals[7])), (1, 0, 0));
    assert_eq!(spoil(&|s| s.finals[7].count += 1), (1, 0, 0));
    let open = Window { key: ACCOUNTS as u32, start: (START_MS + 3_600_000) / WINDOW_MS * WINDOW_MS, count: 1 };
    assert_eq!(spoil(&|s| s.finals.push(open)), (1, 0, 0));

    // a pair is not told, told twice, or as a half; a half is not told, or with a partner that does not exist
    let whole = *stages.pairs.iter().find(|(_, told)| told[..] == [(true, true)]).expect("most are whole").0;
    let half = *stages.pairs.iter().find(|(_, told)| told[..] == [(true, false)]).expect("some are not").0;
    assert_eq!(spoil(&|s| drop(s.pairs.remove(&whole))), (0, 1, 0));
    assert_eq!(spoil(&|s| drop(s.pairs.insert(whole, vec![(true, true); 2]))), (0, 1, 0));
    assert_eq!(spoil(&|s| drop(s.pairs.insert(whole, vec![(true, false), (true, true)]))), (0, 1, 0));
    assert_eq!(spoil(&|s| drop(s.pairs.remove(&half))), (0, 1, 0));
    assert_eq!(spoil(&|s| drop(s.pairs.insert(half, vec![(true, true)]))), (0, 1, 0));

    // an entry that waited is not told, told twice, with another row, or too early
    let begun = *stages.waited.iter().find(|(_, told)| told[..] == [true]).expect("most blocks had begun").0;
    let before = *stages.waited.iter().find(|(_, told)| told[..] == [false]).expect("some had not").0;
    assert_eq!(spoil(&|s| drop(s.waited.remove(&begun))), (1, 0, 0));
    assert_eq!(spoil(&|s| drop(s.waited.insert(begun, vec![true; 2]))), (1, 0, 0));
    assert_eq!(spoil(&|s| drop(s.waited.insert(begun, vec![false]))), (1, 0, 0));
    assert_eq!(spoil(&|s| drop(s.waited.insert(before, vec![true]))), (1, 0, 0));
    let last = clean.entries.last().map(|last| (last.partition, last.seq)).expect("there are entries");
    assert_eq!(spoil(&|s| drop(s.waited.insert(last, vec![true]))), (1, 0, 0));

    // a row is missing, stale, or there is one too many; a group has lost an entry
    let account = *stages.joined.keys().next().expect("there are rows");
    assert_eq!(spoil(&|s| drop(s.joined.remove(&account))), (0, 0, 1));
    assert_eq!(spoil(&|s| drop(s.joined.insert(account, stages.joined[&account].replace('|', "0|")))), (0, 0, 1));
    assert_eq!(spoil(&|s| drop(s.joined.insert(77_777, "1|2".to_owned()))), (0, 0, 1));
    let behind = spoil(&|s| {
        let (group, text) = s.groups.iter().next().map(|(g, t)| (*g, t.clone())).expect("there are groups");
        let link = Link::parse(&group.to_string(), &text).expect("a link");
        s.groups.insert(group, Link { n: link.n - 1, ..link }.to_text());
    });
    assert!(behind.2 > 1, "the group, and all that are joined with it: {behind:?}");
}
