//! More stages of the application: one result per window, an outer join of the halves of pairs, a join by foreign key of two tables that both change, and a join
//! of entries that wait for a versioned table.

use super::app::{GRACE, WINDOW_MS, grow};
use super::entry::{Entry, next_hash};
use std::time::Duration;
use streams_core::{
    BufferConfig, Grouped, JoinWindows, Joined, KGroupedStream, KStream, KTable, Materialized, Repartitioned, StreamJoined, Suppressed,
    TableJoined, TimeWindows,
};

/// How long a window waits for entries that an instance had not passed on when it died. Sessions take 6 s to end, and one that takes over may die before it
/// has passed anything on, several times in a row: with 30 s, hundreds of entries of one partition were late in runs on a busy machine.
pub const GRACE_MS: i64 = 60_000;
/// How far apart the halves of a pair may be. An entry whose window is over is told without its partner at once, as in Java, so the window is as long as
/// the grace of the others.
pub const PAIR_WINDOW_MS: i64 = 60_000;
/// How much longer a half waits for its partner.
pub const PAIR_GRACE_MS: i64 = 10_000;
/// Rows of the table that the chains are joined with.
pub const GROUPS: u64 = 100;

/// The topics of the stages.
#[derive(Clone, Debug)]
pub struct StageTopics {
    /// The count of each window, once it is closed.
    pub finals: String,
    /// Which halves of each pair there are.
    pub pairs: String,
    /// Links of the chains of groups.
    pub groups: String,
    /// Each account's chain, and its group's.
    pub joined: String,
    /// Of each entry that waited whether its block had begun by its time.
    pub waited: String,
}

impl StageTopics {
    /// `finals,pairs,groups,joined,waited`.
    ///
    /// # Errors
    /// When these are not five names.
    pub fn parse(names: &str) -> Result<StageTopics, String> {
        let all: Vec<&str> = names.split(',').collect();
        let [finals, pairs, groups, joined, waited] = all[..] else { return Err(format!("ledger.stages={names}: five topics are needed")) };
        let [finals, pairs, groups, joined, waited] = [finals, pairs, groups, joined, waited].map(str::to_owned);
        Ok(StageTopics { finals, pairs, groups, joined, waited })
    }

    #[cfg(feature = "kafka")]
    pub(super) fn all(&self) -> [&String; 5] {
        let StageTopics { finals, pairs, groups, joined, waited } = self;
        [finals, pairs, groups, joined, waited]
    }
}

#[cfg(feature = "kafka")]
/// Internal topics that they are read from, without the application's id, each after those that it is written from.
pub const INTERNAL: [&str; 7] = [
    "begins-repartition",
    "waits-repartition",
    "lefts-repartition",
    "rights-repartition",
    "groups-repartition",
    "by-group-subscription-registration-topic",
    "by-group-subscription-response-topic",
];
#[cfg(feature = "kafka")]
/// Stores with changelogs.
pub const STORES: [&str; 9] = [
    "begins",
    "waiting-Buffer",
    "closing",
    "finals",
    "groups",
    "by-group-subscription-store",
    "pairs-outer-this-join-store",
    "pairs-outer-other-join-store",
    "pairs-outer-shared-join-store",
];

/// Which half of which pair an entry is. Of some pairs one half is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half {
    /// Input partition, and number of the pair there.
    pub pair: (u32, u64),
    /// Or right.
    pub is_left: bool,
}

impl Half {
    /// `None`: the half that its pair has not.
    pub fn of(partition: u32, seq: u64) -> Option<Half> {
        let half = Half { pair: (partition, seq / 2), is_left: seq.is_multiple_of(2) };
        let missing = match next_hash(7, partition, seq / 2) % 10 {
            0 => half.is_left,
            1 => !half.is_left,
            _ => false,
        };
        (!missing).then_some(half)
    }
}

/// The block of an entry, by input partition and number there, and whether the entry begins it.
pub fn block_of(partition: u32, seq: u64) -> ((u32, u64), bool) {
    ((partition, seq / 4), seq.is_multiple_of(4))
}

/// The group whose chain an entry of this account grows, for some accounts.
pub fn group_that_grows(account: u32) -> Option<u64> {
    account.is_multiple_of(100).then(|| u64::from(account) / 100 % GROUPS)
}

/// The group of a chain: another one with each link.
pub fn group_of(hash: u64) -> u64 {
    hash % GROUPS
}

fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}

/// The count of each window, once.
pub(super) fn finals(entries: &KGroupedStream<String, String>, topic: &str) {
    entries
        .windowed_by(TimeWindows::tumbling(ms(WINDOW_MS)).grace(ms(GRACE_MS)))
        .count_with("closing")
        .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()).named("finals"))
        .to_stream()
        .map(|windowed, count| (format!("{} {}", windowed.key, windowed.window.start), count))
        .to(topic);
}

/// Pairs and what is left over.
pub(super) fn pairs(read: &KStream<(), String>, topic: &str) {
    let halves = |is_left: bool, name: &str| {
        let half = move |text: &str| {
            let entry = Entry::parse(text, 0)?;
            Half::of(entry.partition, entry.seq).filter(|half| half.is_left == is_left)
        };
        read.filter(move |(), text| half(text).is_some())
            .map(move |(), text| (half(&text).map_or_else(String::new, |half| format!("{} {}", half.pair.0, half.pair.1)), text))
            .repartition_with(Repartitioned::default().named(name))
    };
    let windows = JoinWindows::within(ms(PAIR_WINDOW_MS)).grace(ms(PAIR_GRACE_MS));
    halves(true, "lefts")
        .outer_join_with(
            &halves(false, "rights"),
            |left, right| format!("{} {}", u8::from(left.is_some()), u8::from(right.is_some())),
            windows,
            StreamJoined::default().named("pairs").store_name("pairs"),
        )
        .to(topic);
}

/// Entries that wait for what their block was at their time, and then say whether it had begun. Of the two repartition topics either may be ahead.
pub(super) fn waited(read: &KStream<(), String>, topic: &str) {
    let part = |begins: bool, name: &str| {
        let block = move |text: &str| Entry::parse(text, 0).map(|entry| (block_of(entry.partition, entry.seq), entry.seq));
        read.filter(move |(), text| block(text).is_some_and(|((_, first), _)| first == begins))
            .map(move |(), text| {
                block(&text).map_or_else(Default::default, |((block, _), seq)| (format!("{} {}", block.0, block.1), seq.to_string()))
            })
            .repartition_with(Repartitioned::default().named(name))
    };
    let begun = part(true, "begins").to_table_with(Materialized::from("begins").versioned(GRACE));
    let waiting = Joined::default().named("waiting").grace(ms(GRACE_MS));
    part(false, "waits").left_join_table_with(&begun, |seq, begun| format!("{seq} {}", u8::from(begun.is_some())), waiting).to(topic);
}

/// Chains with those of their groups, or with nothing while the group has no entry. Left, because the inner join may keep a row that should be gone where a
/// chain grows twice while the group that it asks for does not exist, as in Java (docs/SEMANTICS.md).
pub(super) fn joined(read: &KStream<(), String>, chains: &KTable<String, String>, topics: &StageTopics) {
    let group = |text: &str| Entry::parse(text, 0).and_then(|entry| group_that_grows(entry.key));
    let groups = read
        .filter(move |(), text| group(text).is_some())
        .map(move |(), text| (group(&text).map_or_else(String::new, |group| group.to_string()), text))
        .group_by_key_with(Grouped::default().named("groups"))
        .aggregate_with(String::new, grow, Materialized::default().named("groups"));
    groups.to_stream().to(&topics.groups);
    let by_group = |account: &String, chain: &String| {
        let link = super::Link::parse(account, chain)?;
        Some(group_of(link.hash).to_string())
    };
    chains
        .left_join_on_foreign_key_with(
            &groups,
            by_group,
            |chain, group| format!("{chain}|{}", group.map_or("", String::as_str)),
            TableJoined::default().named("by-group"),
        )
        .to_stream()
        .to(&topics.joined);
}
