//! The DSL: typed handles on a shared plan.

mod builder;
mod cogrouped;
mod grouped;
mod options;
mod stream;
mod table;
mod windowed;
mod windows;

pub use builder::StreamsBuilder;
pub use cogrouped::{CogroupedKStream, TimeWindowedCogroupedKStream};
pub use grouped::KGroupedStream;
pub use options::{
    Branched, BufferConfig, Consumed, EmitEarlyWhenFull, Grouped, Joined, Materialized, Partitions, Produced, Repartitioned,
    ShutDownWhenFull, StreamJoined, StreamPartitioner, Suppressed, Topics, WhenFull,
};
pub use stream::{BranchedKStream, Branches, Emit, KStream, Printed};
pub use table::{KTable, TableOptions};
pub use windowed::TimeWindowedKStream;
pub use windows::{JoinWindows, TimeWindows};
