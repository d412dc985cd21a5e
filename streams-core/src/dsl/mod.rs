//! The DSL: typed handles on a shared plan.

mod builder;
mod cogrouped;
mod folder;
mod foreign_key;
mod global;
mod grouped;
mod grouped_table;
mod late_by_store;
mod options;
mod pattern;
mod ranking;
mod read_only_store;
mod session;
mod stream;
mod table;
mod topology_builder;
mod windowed;
mod windows;

pub use builder::StreamsBuilder;
pub use cogrouped::{CogroupedKStream, SessionWindowedCogroupedKStream, TimeWindowedCogroupedKStream};
pub use global::GlobalKTable;
pub use grouped::KGroupedStream;
pub use grouped_table::KGroupedTable;
pub use options::{
    Branched, BufferConfig, Consumed, Deduplicated, EmitEarlyWhenFull, Grouped, Joined, Materialized, Partitions, Produced, Repartitioned,
    ShutDownWhenFull, StreamJoined, StreamPartitioner, Suppressed, TableJoined, Topics, WhenFull,
};
pub use session::SessionWindowedKStream;
pub use stream::{BranchedKStream, Branches, Emit, KStream, Lateness, Printed, TableKey};
pub use table::{KTable, TableOptions};
pub use topology_builder::{Node, TopologyBuilder};
pub use windowed::TimeWindowedKStream;
pub use windows::{
    EmitStrategy, JoinWindows, SessionWindows, SessionsWithoutGrace, SlidingWindows, SlidingWithoutGrace, TimeWindows, UnlimitedWindows,
    WindowKind, Windows,
};

/// Its examples are tried as doc tests. `trybuild` would build the crate, and RocksDB with it, once more.
#[cfg(doctest)]
#[doc = include_str!("misuse.md")]
struct Misuse;
