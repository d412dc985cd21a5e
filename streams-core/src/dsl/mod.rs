//! The DSL: typed handles on a shared plan.

mod builder;
mod foreign_key;
mod grouped;
mod grouped_table;
mod options;
mod stream;
mod table;
mod windowed;
mod windows;

pub use builder::StreamsBuilder;
pub use grouped::KGroupedStream;
pub use grouped_table::KGroupedTable;
pub use options::{
    Branched, Consumed, Grouped, Joined, Materialized, Partitions, Produced, Repartitioned, StreamJoined, StreamPartitioner, TableJoined,
    Topics,
};
pub use stream::{BranchedKStream, Branches, Emit, KStream, Printed};
pub use table::{KTable, TableOptions};
pub use windowed::TimeWindowedKStream;
pub use windows::{JoinWindows, TimeWindows};
