//! What the programs of `cargo xtask bench` share: the workloads, the input they read, what they must write, and the command line of an engine.
//!
//! This crate and its programs talk to Kafka through the bare client: they are the measure for the library, not a part of it.

pub mod clients;
pub mod digest;
pub mod engine;
pub mod expected;
pub mod input;
pub mod programs;
pub mod raw;
pub mod words;
pub mod workload;
