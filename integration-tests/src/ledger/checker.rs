//! Computes the measures from the evidence. Knows nothing of the library.

use super::app::WINDOW_MS;
use super::entry::{Link, next_hash};
use super::evidence::Evidence;
use super::stage_checker;
use hashbrown::{HashMap, HashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// Repeats are allowed, gaps are not.
    AtLeastOnce,
    /// Neither.
    ExactlyOnce,
}

impl Guarantee {
    /// `processing.guarantee`, and the commit interval in milliseconds.
    pub fn settings(self) -> (&'static str, &'static str) {
        match self {
            Guarantee::ExactlyOnce => ("exactly_once_v2", "100"),
            Guarantee::AtLeastOnce => ("at_least_once", "1000"),
        }
    }
}

/// The measures. All but `stall_ms` and `rest` count faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Entries without an effect.
    pub lost: u64,
    /// Effects of an entry beyond its first.
    pub dup: u64,
    /// Links that do not continue a chain.
    pub chain: u64,
    /// Effects of no entry.
    pub ghost: u64,
    /// Effects that came before those of an earlier entry of the same account and partition; at least once, first effects only.
    pub order: u64,
    /// Rows of store and changelog that differ from what the chains' topic says, and from how many entries there were.
    pub state: u64,
    /// Windows whose last count is not the number of their entries; at least once, is smaller. The same of results that come once.
    pub last: u64,
    /// Pairs, and halves of pairs without a partner, that are not told once.
    pub pair: u64,
    /// Rows of a join by foreign key that are not what its two tables say.
    pub join: u64,
    /// Records that no committed offset covers.
    pub offset: u64,
    /// Partitions with a transaction that never ended.
    pub hang: u64,
    /// Longest time without progress, in milliseconds.
    pub stall_ms: u64,
    /// Records restored, and records that the changelogs had.
    pub rest: (u64, u64),
}

impl Findings {
    /// Whether the guarantee held.
    pub fn holds(&self, guarantee: Guarantee) -> bool {
        let dup = if guarantee == Guarantee::ExactlyOnce { self.dup } else { 0 };
        [self.lost, dup, self.chain, self.ghost, self.order, self.state, self.last, self.pair, self.join, self.offset, self.hang]
            .iter()
            .all(|n| *n == 0)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Findings { lost, dup, chain, ghost, order, state, last, pair, join, offset, hang, stall_ms, rest } = self;
        write!(f, "LOST={lost} DUP={dup} CHAIN={chain} GHOST={ghost} ORDER={order} STATE={state} FINAL={last} PAIR={pair} JOIN={join} ")?;
        write!(f, "OFFSET={offset} HANG={hang} STALL={stall_ms}ms REST={}/{}", rest.0, rest.1)
    }
}

/// Everything at once.
pub fn check(evidence: &Evidence, guarantee: Guarantee) -> Findings {
    let mut findings = Findings {
        ghost: evidence.strange,
        offset: evidence.unread,
        hang: evidence.hanging,
        stall_ms: evidence.stall_ms,
        rest: (evidence.restored, evidence.restorable),
        ..Findings::default()
    };
    effects(evidence, guarantee, &mut findings);
    chains(evidence, guarantee, &mut findings);
    state(evidence, guarantee, &mut findings);
    windows(evidence, guarantee, &mut findings);
    if let Some(stages) = &evidence.stages {
        stage_checker::check(evidence, stages, guarantee, &mut findings);
    }
    findings
}

/// LOST, DUP, GHOST, ORDER.
fn effects(evidence: &Evidence, guarantee: Guarantee, findings: &mut Findings) {
    let keys: HashMap<(u32, u64), u32> = evidence.entries.iter().map(|e| ((e.partition, e.seq), e.key)).collect();
    let mut seen: HashSet<(u32, u64)> = HashSet::with_capacity(keys.len());
    let mut last: HashMap<(u32, u32), u64> = HashMap::new();
    for link in &evidence.links {
        let id = (link.partition, link.seq);
        if keys.get(&id) != Some(&link.key) {
            findings.ghost += 1;
            continue;
        }
        let first = seen.insert(id);
        if !first {
            findings.dup += 1;
        }
        // a repeat goes back in the input, which at-least-once allows
        if first || guarantee == Guarantee::ExactlyOnce {
            let latest = last.entry((link.key, link.partition)).or_default();
            if link.seq < *latest {
                findings.order += 1;
            }
            *latest = (*latest).max(link.seq);
        }
    }
    findings.lost = keys.keys().filter(|id| !seen.contains(*id)).count() as u64;
}

/// CHAIN: each link continues its chain. At least once it may continue it where output or changelog stood before a crash.
fn chains(evidence: &Evidence, guarantee: Guarantee, findings: &mut Findings) {
    let mut last: HashMap<u32, Link> = HashMap::new();
    // at least once a producer may have died between a store's change and the output of the same update: then the entry is taken in
    // once more, after the link that only the changelog has
    let mut known: HashSet<(u32, u64, u64)> = match guarantee {
        Guarantee::AtLeastOnce => evidence.logged.iter().map(|link| (link.key, link.n, link.hash)).collect(),
        Guarantee::ExactlyOnce => HashSet::new(),
    };
    for link in &evidence.links {
        let honest = link.hash == next_hash(link.before, link.partition, link.seq);
        let continues = match guarantee {
            Guarantee::ExactlyOnce => {
                let before = last.insert(link.key, *link);
                before.map_or((0, 0), |b| (b.n, b.hash)) == (link.n.wrapping_sub(1), link.before)
            }
            Guarantee::AtLeastOnce => {
                let before = link.n.wrapping_sub(1);
                known.insert((link.key, link.n, link.hash));
                (before, link.before) == (0, 0) || known.contains(&(link.key, before, link.before))
            }
        };
        if !honest || !continues {
            findings.chain += 1;
        }
    }
}

/// STATE: the last link of each account, the changelog and the store say the same, and the model agrees.
fn state(evidence: &Evidence, guarantee: Guarantee, findings: &mut Findings) {
    let mut entries: HashMap<u32, u64> = HashMap::new();
    for entry in &evidence.entries {
        *entries.entry(entry.key).or_default() += 1;
    }
    let last: HashMap<u32, Link> = evidence.links.iter().map(|link| (link.key, *link)).collect();
    let accounts: BTreeSet<u32> = last.keys().chain(entries.keys()).copied().collect();
    for key in accounts {
        let link = last.get(&key);
        let (n, expected) = (link.map_or(0, |l| l.n), entries.get(&key).copied().unwrap_or_default());
        let counted = if guarantee == Guarantee::ExactlyOnce { n == expected } else { n >= expected };
        let text = link.map(|l| l.to_text());
        let name = key.to_string();
        let logged = evidence.changelog.get(&name) == text.as_ref();
        let stored = evidence.store.as_ref().is_none_or(|store| store.get(&name) == text.as_ref());
        if !(counted && logged && stored) {
            findings.state += 1;
        }
    }
    let unknown = |rows: &BTreeMap<String, String>| {
        rows.keys().filter(|name| !name.parse().is_ok_and(|key: u32| last.contains_key(&key))).count() as u64
    };
    findings.state += unknown(&evidence.changelog) + evidence.store.as_ref().map_or(0, unknown);
}

/// FINAL: the last count of each window.
fn windows(evidence: &Evidence, guarantee: Guarantee, findings: &mut Findings) {
    let mut expected: HashMap<(u32, i64), u64> = HashMap::new();
    for entry in &evidence.entries {
        *expected.entry((entry.key, entry.time.div_euclid(WINDOW_MS) * WINDOW_MS)).or_default() += 1;
    }
    let last: HashMap<(u32, i64), u64> = evidence.windows.iter().map(|w| ((w.key, w.start), w.count)).collect();
    let all: HashSet<&(u32, i64)> = expected.keys().chain(last.keys()).collect();
    for window in all {
        let (want, have) = (expected.get(window).copied().unwrap_or_default(), last.get(window).copied().unwrap_or_default());
        let right = if guarantee == Guarantee::ExactlyOnce { have == want } else { have >= want && want > 0 };
        findings.last += u64::from(!right);
    }
}
