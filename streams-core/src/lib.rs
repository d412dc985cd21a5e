//! Stream processing on Apache Kafka with the model of Kafka Streams.

pub mod cluster;
pub mod config;
mod error;
mod group;
pub mod handlers;
pub mod metrics;
pub mod partitioner;
mod record;
pub mod runtime;
pub mod time;

pub use error::{BoxError, Error, ErrorKind, Result};
pub use record::{Change, Data, Record, TaskId, TopicPartition};
pub use streams_state::{Header, Headers, serde};
