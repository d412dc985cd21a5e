//! The programs of streams-examples as processes on a real broker: shared work, restarts, kill -9, wrong starts, and what they cost when idle.
//! `cargo xtask test` builds them, starts the broker and names it in `STREAMS_TEST_BOOTSTRAP`.
#![cfg(feature = "kafka")]

mod counting;
mod examples;
mod idle;
mod restarts;
mod trouble;
mod words;
