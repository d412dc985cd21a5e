//! Word count: how often does each word occur?
//!
//! Lines of text come in; a line is split on white space as Unicode defines it, and words are counted as they stand: `The` is not `the`, and a
//! comma stays with its word. Out goes the word as UTF-8 with its count as 8 bytes, big-endian, as Java's `Serdes.String()` and
//! `Serdes.Long()` write them.

use streams_core::{StreamsBuilder, Topology, TopologyError};

/// The store of the counts.
pub const STORE: &str = "counts";

/// The topics it runs between.
#[derive(Clone, Debug)]
pub struct Options {
    /// Lines of text; keys are not looked at.
    pub input: String,
    /// Word and count, one record per update.
    pub output: String,
}

impl Default for Options {
    fn default() -> Self {
        Options { input: "lines".into(), output: "word-counts".into() }
    }
}

/// Builds it.
///
/// # Errors
/// When a topic has no name.
pub fn topology(options: &Options) -> Result<Topology, TopologyError> {
    let builder = StreamsBuilder::new();
    builder
        .stream::<(), String>(&options.input)
        .flat_map_values_emit(|line: &String, words| line.split_whitespace().for_each(|word| words.emit(word.to_owned())))
        .group_by(|_, word| word.clone())
        .count_with(STORE)
        .to_stream()
        .to(&options.output);
    builder.build()
}
