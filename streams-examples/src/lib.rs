//! Example applications: each module builds one topology, its program in `src/bin` runs it, its tests drive it through the test driver.

pub mod cli;
pub mod fraud_detection;
pub mod important_events;
pub mod windowed_analytics;
pub mod word_count;

/// The programs of the README are compiled, and its test is run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
