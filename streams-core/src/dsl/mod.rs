//! The DSL: typed handles on a shared plan.

mod builder;
mod global;
mod grouped;
mod options;
mod pattern;
mod stream;
mod table;
mod windowed;
mod windows;

pub use builder::StreamsBuilder;
pub use global::GlobalKTable;
pub use grouped::KGroupedStream;
pub use options::{
    Branched, Consumed, Grouped, Joined, Materialized, Partitions, Produced, Repartitioned, StreamJoined, StreamPartitioner, Topics,
};
pub use stream::{BranchedKStream, Branches, Emit, KStream, Printed};
pub use table::{KTable, TableOptions};
pub use windowed::TimeWindowedKStream;
pub use windows::{JoinWindows, TimeWindows};
