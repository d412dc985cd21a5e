//! The Kafka cluster's four traits against a real broker. `cargo xtask test` starts one and names it in `STREAMS_TEST_BOOTSTRAP`.

#![cfg(feature = "kafka")]

mod admin;
mod behaviour;
mod fetching;
mod groups;
mod producing;
mod support;
mod transactions;
mod trouble;
