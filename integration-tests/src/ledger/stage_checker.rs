//! Computes the measures of the stages. Knows nothing of the library.

use super::app::WINDOW_MS;
use super::checker::{Findings, Guarantee};
use super::entry::Link;
use super::evidence::{Evidence, StageEvidence};
use super::stages::{GRACE_MS, Half, PAIR_GRACE_MS, PAIR_WINDOW_MS, block_of, group_of, group_that_grows};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// So many faults are named.
const NAMED: usize = 10;

/// FINAL, PAIR and JOIN.
pub(super) fn check(evidence: &Evidence, stages: &StageEvidence, guarantee: Guarantee, findings: &mut Findings) {
    findings.last += finals(evidence, stages, guarantee) + waited(evidence, stages, guarantee);
    findings.pair += pairs(evidence, stages, guarantee);
    findings.join += joined(evidence, stages, guarantee);
}

/// The newest time: everything that ended before it is closed.
fn horizon(evidence: &Evidence) -> i64 {
    evidence.entries.iter().map(|entry| entry.time).max().unwrap_or_default()
}

/// Windows without their one result, with a wrong one, or with two. At least once a result may come again, and be too large.
fn finals(evidence: &Evidence, stages: &StageEvidence, guarantee: Guarantee) -> u64 {
    let horizon = horizon(evidence);
    let mut windows: HashMap<(u32, i64), (u64, Vec<u64>)> = HashMap::new();
    for entry in &evidence.entries {
        windows.entry((entry.key, entry.time.div_euclid(WINDOW_MS) * WINDOW_MS)).or_default().0 += 1;
    }
    for told in &stages.finals {
        windows.entry((told.key, told.start)).or_default().1.push(told.count);
    }
    let is_right = |start: i64, expected: u64, told: &[u64]| {
        if start + WINDOW_MS + GRACE_MS > horizon {
            return told.is_empty();
        }
        match guarantee {
            Guarantee::ExactlyOnce => told == [expected],
            Guarantee::AtLeastOnce => expected > 0 && !told.is_empty() && told.iter().all(|count| *count >= expected),
        }
    };
    windows.iter().filter(|((_, start), (expected, told))| !is_right(*start, *expected, told)).count() as u64
}

/// Entries that did not find once, after their wait, whether their block had begun by their time. At least once they may be told again.
fn waited(evidence: &Evidence, stages: &StageEvidence, guarantee: Guarantee) -> u64 {
    let horizon = horizon(evidence);
    let (mut begun, mut waiting) = (HashMap::new(), BTreeMap::new());
    for entry in &evidence.entries {
        let (block, begins) = block_of(entry.partition, entry.seq);
        if begins {
            begun.insert(block, entry.time);
        } else {
            waiting.insert((entry.partition, entry.seq), (block, entry.time));
        }
    }
    let is_right = |id: &(u32, u64)| {
        let told = stages.waited.get(id).map_or(&[][..], Vec::as_slice);
        let Some((block, time)) = waiting.get(id).filter(|(_, time)| time + GRACE_MS <= horizon) else { return told.is_empty() };
        let expected = begun.get(block).is_some_and(|begun| begun <= time);
        match guarantee {
            Guarantee::ExactlyOnce => told == [expected],
            Guarantee::AtLeastOnce => told.contains(&expected),
        }
    };
    let all: BTreeSet<&(u32, u64)> = waiting.keys().chain(stages.waited.keys()).collect();
    let wrong: Vec<_> = all.into_iter().filter(|id| !is_right(id)).collect();
    for id in wrong.iter().take(NAMED) {
        println!("entry {id:?}, which waited, is wrong: block and time {:?}, told {:?}", waiting.get(id), stages.waited.get(id));
    }
    wrong.len() as u64
}

/// Pairs, and halves without a partner, that are not told once. At least once they may be told again, and a half alone before its partner.
fn pairs(evidence: &Evidence, stages: &StageEvidence, guarantee: Guarantee) -> u64 {
    let horizon = horizon(evidence);
    let mut halves: BTreeMap<(u32, u64), (bool, bool, i64)> = BTreeMap::new();
    for entry in &evidence.entries {
        if let Some(half) = Half::of(entry.partition, entry.seq) {
            let (left, right, time) = halves.entry(half.pair).or_default();
            *if half.is_left { left } else { right } = true;
            *time = (*time).max(entry.time);
        }
    }
    let is_right = |pair: &(u32, u64)| {
        let told = stages.pairs.get(pair).map_or(&[][..], Vec::as_slice);
        let Some((left, right, time)) = halves.get(pair) else { return told.is_empty() };
        let (left, right) = (*left, *right);
        if !(left && right) && time + PAIR_WINDOW_MS + PAIR_GRACE_MS > horizon {
            return told.is_empty();
        }
        match guarantee {
            Guarantee::ExactlyOnce => told == [(left, right)],
            Guarantee::AtLeastOnce => told.contains(&(left, right)),
        }
    };
    let all: BTreeSet<&(u32, u64)> = halves.keys().chain(stages.pairs.keys()).collect();
    let wrong: Vec<_> = all.into_iter().filter(|pair| !is_right(pair)).collect();
    for pair in wrong.iter().take(NAMED) {
        println!(
            "pair {pair:?} is wrong: left, right and time {:?}, told {:?}, the newest time {horizon}",
            halves.get(pair),
            stages.pairs.get(pair)
        );
    }
    wrong.len() as u64
}

/// Rows of the joined table that are not what the two tables say, and links of groups that are not as many as their entries.
fn joined(evidence: &Evidence, stages: &StageEvidence, guarantee: Guarantee) -> u64 {
    let last: BTreeMap<u32, Link> = evidence.links.iter().map(|link| (link.key, *link)).collect();
    let row = |account: &u32| {
        let link = last.get(account)?;
        let group = stages.groups.get(&group_of(link.hash)).map_or("", String::as_str);
        Some(format!("{}|{group}", link.to_text()))
    };
    let accounts: BTreeSet<&u32> = last.keys().chain(stages.joined.keys()).collect();
    let wrong_rows: Vec<_> = accounts.into_iter().filter(|account| row(account) != stages.joined.get(*account).cloned()).collect();
    for account in wrong_rows.iter().take(NAMED) {
        println!("row {account} is wrong: {:?}, must be {:?}", stages.joined.get(*account), row(account));
    }
    let mut grown: BTreeMap<u64, u64> = BTreeMap::new();
    for group in evidence.entries.iter().filter_map(|entry| group_that_grows(entry.key)) {
        *grown.entry(group).or_default() += 1;
    }
    let length = |group: &u64| {
        let link = stages.groups.get(group).and_then(|text| Link::parse(&group.to_string(), text));
        link.map_or(0, |link| link.n)
    };
    let is_right = |group: &u64| {
        let (n, expected) = (length(group), grown.get(group).copied().unwrap_or_default());
        if guarantee == Guarantee::ExactlyOnce { n == expected } else { n >= expected && expected > 0 }
    };
    let groups: BTreeSet<&u64> = grown.keys().chain(stages.groups.keys()).collect();
    let wrong_groups: Vec<_> = groups.into_iter().filter(|group| !is_right(group)).collect();
    for group in wrong_groups.iter().take(NAMED) {
        println!("group {group} has {} entries, must have {:?}", length(group), grown.get(*group));
    }
    (wrong_rows.len() + wrong_groups.len()) as u64
}
