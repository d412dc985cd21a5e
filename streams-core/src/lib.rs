//! Stream processing on Apache Kafka with the model of Kafka Streams.

pub mod cluster;
pub mod config;
mod dsl;
mod error;
mod exec;
mod group;
pub mod handlers;
#[cfg(test)]
mod kept_log;
pub mod metrics;
mod murmur3;
pub mod partitioner;
mod plan;
pub mod query;
mod record;
pub mod runtime;
mod task;
pub mod testing;
pub mod time;
mod topology;

/// The Processor API: user code as nodes of a topology.
pub mod processor {
    pub use crate::dsl::{Node, TopologyBuilder};
    pub use crate::exec::{PunctuationType, TimerId};
    pub use crate::topology::{
        AroundContext, AroundProcessor, Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, GlobalSessionStoreHandle,
        GlobalStoreBuilder, GlobalStoreHandle, GlobalVersionedStoreHandle, GlobalWindowStoreHandle, KeyValueRows, KeyValueStore,
        KeyValueStoreHandle, Own, OwnStoreHandle, ProcessingContext, Processor, ProcessorWrapper, ReadOnlyKeyValueStore, ReadOnlyOwn,
        ReadOnlyOwnHandle, ReadOnlyRows, ReadOnlySessionStore, ReadOnlySessionStoreHandle, ReadOnlyStateStoreHandle, ReadOnlyStoreBuilder,
        ReadOnlyVersionedStore, ReadOnlyVersionedStoreHandle, ReadOnlyWindowStore, ReadOnlyWindowStoreHandle, RecordContext,
        RecordMetadata, SessionStore, SessionStoreHandle, Setup, StateStoreBuilder, StoreSet, TransformContext, ValueTransformer,
        VersionedKeyValueStore, VersionedStoreHandle, WindowRows, WindowStoreHandle, WindowedStore, WithTimestamps, WrappedNode,
        WrappedPunctuation, WrappedRecord,
    };
    pub use streams_state::{OwnStore, OwnStoreContext, StoreChange};
}

/// Descriptions of stores.
pub mod state {
    #[cfg(feature = "rocksdb")]
    pub use streams_state::rocks_library as rocks;
    pub use streams_state::{
        BytesStoreSupplier, KeyValueBytesStoreSupplier, KeyValueStoreBuilder, OwnStoreBuilder, PutResult, SessionBytesStoreSupplier,
        SessionStoreBuilder, Stores, VersionedRecord, VersionedStoreBuilder, WindowBytesStoreSupplier, WindowStoreBuilder, WithHeaders,
    };
}

pub use dsl::{
    Branched, BranchedKStream, Branches, BufferConfig, CogroupedKStream, Consumed, Deduplicated, Emit, EmitEarlyWhenFull, EmitStrategy,
    GlobalKTable, Grouped, JoinWindows, Joined, KGroupedStream, KGroupedTable, KStream, KTable, Lateness, Materialized, Partitions,
    Printed, Produced, Repartitioned, SessionWindowedCogroupedKStream, SessionWindowedKStream, SessionWindows, SessionsWithoutGrace,
    ShutDownWhenFull, SlidingWindows, SlidingWithoutGrace, StreamJoined, StreamPartitioner, StreamsBuilder, Suppressed, TableJoined,
    TableKey, TableOptions, TimeWindowedCogroupedKStream, TimeWindowedKStream, TimeWindows, Topics, UnlimitedWindows, WhenFull, WindowKind,
    Windows,
};
pub use error::{BoxError, Error, ErrorKind, Result};
pub use plan::Named;
pub use record::{Change, Data, Record, TaskId, TopicPartition};
pub use runtime::{KafkaStreams, State};
pub use streams_state::serde::{Window, Windowed};
pub use streams_state::{Header, Headers, serde};
pub use topology::{
    InternalTopic, NodeDescription, NodeRole, SubtopologyDescription, SubtopologyTopics, Topology, TopologyDescription, TopologyError,
    TopologyTopics,
};
