//! State of stream tasks: serdes, key and value layouts, byte engines (RocksDB, memory), the typed stores above them, and the state
//! directory.
//!
//! It is not a general database: a store belongs to one task, is written by one thread, and its durable truth is a changelog that the
//! caller keeps. This crate knows no Kafka client and no async runtime.

mod error;
mod headers;
pub mod serde;
pub mod store;

pub use error::{BoxError, Error, ErrorKind, Result};
pub use headers::{Header, Headers};
