//! What was found after a run, as plain data.

use super::entry::{Entry, Link};
use std::collections::BTreeMap;

/// One output of the windowed count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The account.
    pub key: u32,
    /// Start in milliseconds.
    pub start: i64,
    /// Entries so far.
    pub count: u64,
}

/// What the stages have written, as a read_committed reader sees it.
#[derive(Clone, Debug, Default)]
pub struct StageEvidence {
    /// The results of windows.
    pub finals: Vec<Window>,
    /// Of each pair, by its input partition and number there: whether left and right half were there, in each record.
    pub pairs: BTreeMap<(u32, u64), Vec<(bool, bool)>>,
    /// The last link of each group.
    pub groups: BTreeMap<u64, String>,
    /// The last row of each account: its link and that of its group.
    pub joined: BTreeMap<u32, String>,
    /// Of each entry that waited, by its input partition and number there: whether its block had begun, in each record.
    pub waited: BTreeMap<(u32, u64), Vec<bool>>,
}

/// Everything that the checker looks at.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Entries that the cluster has acknowledged.
    pub entries: Vec<Entry>,
    /// What a read_committed reader sees of the chains' topic, in the order of each partition.
    pub links: Vec<Link>,
    /// Records of that topic which are no links.
    pub strange: u64,
    /// The same of the windows' topic.
    pub windows: Vec<Window>,
    /// The last value of each key in the chain store's changelog, as text.
    pub changelog: BTreeMap<String, String>,
    /// Every link that the changelog has had: what a store was restored from, also where the output of the same update died with its
    /// producer. Topics have no order among each other.
    pub logged: Vec<Link>,
    /// The rows of the chain store on disk, of all partitions; `None` where no dump was taken.
    pub store: Option<BTreeMap<String, String>>,
    /// What the stages did, where they ran. The newest entries are to lie so far ahead that all windows before them are closed.
    pub stages: Option<StageEvidence>,
    /// Input and repartition records behind the offset that the group has committed.
    pub unread: u64,
    /// Partitions whose last stable offset is before their end: a transaction hangs.
    pub hanging: u64,
    /// Longest time without a new committed output while there was input, in milliseconds.
    pub stall_ms: u64,
    /// Records that instances read from changelogs.
    pub restored: u64,
    /// Records that the changelogs had when they did, summed up.
    pub restorable: u64,
}
