//! The application under test: re-key, repartition, a hash chain per account, counts in windows of 10 s, and more stages where they are asked for.

use super::entry::{Entry, Link};
use super::stages::{self, StageTopics};
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use streams_core::{Grouped, Materialized, Produced, StreamsBuilder, TimeWindows, Topology, TopologyError};

/// The store of the chains.
pub const CHAIN_STORE: &str = "chains";
/// Size of a window in milliseconds.
pub const WINDOW_MS: i64 = 10_000;
/// Nothing of a run is late.
pub(super) const GRACE: Duration = Duration::from_secs(24 * 3600);

/// The topics of one run.
#[derive(Clone, Debug)]
pub struct Topics {
    /// Entries.
    pub input: String,
    /// Links, one per update: the chain's cache is off.
    pub chains: String,
    /// Counts of windows, on update.
    pub windows: String,
    /// Those of the further stages, where they run.
    pub stages: Option<StageTopics>,
}

thread_local! {
    /// When this thread had its last entry.
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Stands still for as many milliseconds as the file says, if there is one; it is gone then. Only right after another entry, which the same
/// transaction has taken in.
fn hang(file: &Path) {
    let now = Instant::now();
    let last = LAST.replace(Some(now));
    if last.is_some_and(|last| now - last < Duration::from_millis(1))
        && let Ok(text) = fs::read_to_string(file)
        && fs::remove_file(file).is_ok()
    {
        std::thread::sleep(Duration::from_millis(text.trim().parse().unwrap_or_default()));
    }
}

/// The ledger's topology. `hang_file`: how the closure of an instance is made to hang.
///
/// # Errors
/// When the library refuses it.
pub fn topology(topics: &Topics, hang_file: Option<PathBuf>) -> Result<Topology, TopologyError> {
    let builder = StreamsBuilder::new();
    // an instance may have tasks of one sub-topology only
    let (in_front, behind) = (hang_file.clone(), hang_file);
    let read = builder.stream::<(), String>(topics.input.as_str()).peek(move |(), _| in_front.iter().for_each(|file| hang(file)));
    let entries = read
        .map(|(), text| (Entry::parse(&text, 0).map_or_else(String::new, |entry| entry.key.to_string()), text))
        .group_by_key_with(Grouped::default().named("entries"));
    let chain = Materialized::<String, String>::with(streams_core::serde::StringSerde, streams_core::serde::StringSerde);
    let add = move |key: &String, text, chain: &mut String| {
        behind.iter().for_each(|file| hang(file));
        grow(key, text, chain);
    };
    let chains = entries.aggregate_with(String::new, add, chain.named(CHAIN_STORE).caching_disabled());
    chains.to_stream().to(&topics.chains);
    entries
        .windowed_by(TimeWindows::tumbling(Duration::from_millis(WINDOW_MS.unsigned_abs())).grace(GRACE))
        .count_with("windows")
        .to_stream()
        .map(|windowed, count| (format!("{} {}", windowed.key, windowed.window.start), count))
        .to_with(&topics.windows, Produced::default());
    if let Some(topics) = &topics.stages {
        stages::finals(&entries, &topics.finals);
        stages::pairs(&read, &topics.pairs);
        stages::joined(&read, &chains, topics);
        stages::waited(&read, &topics.waited);
    }
    builder.build()
}

/// A chain has one entry more.
#[allow(clippy::ptr_arg, reason = "an aggregator of texts")]
pub(super) fn grow(key: &String, text: String, chain: &mut String) {
    let before = Link::parse(key, chain);
    if let (Some(entry), Ok(key)) = (Entry::parse(&text, 0), key.parse()) {
        *chain = Link::after(before.as_ref(), key, entry.partition, entry.seq).to_text();
    }
}
