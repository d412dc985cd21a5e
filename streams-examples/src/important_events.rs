//! Important events: passes on the messages whose text contains `important`, as they are, and leaves out the rest.

use streams_core::{StreamsBuilder, Topology, TopologyError};

/// The topics it runs between.
#[derive(Clone, Debug)]
pub struct Options {
    /// Messages: any key, or none, and text.
    pub input: String,
    /// Those that matter, with the keys that they had.
    pub output: String,
}

impl Default for Options {
    fn default() -> Self {
        Options { input: "messages".into(), output: "important-messages".into() }
    }
}

/// Builds it.
///
/// # Errors
/// When a topic has no name.
pub fn topology(options: &Options) -> Result<Topology, TopologyError> {
    let builder = StreamsBuilder::new();
    builder
        .stream::<Option<Vec<u8>>, Option<String>>(&options.input)
        .filter(|_, text| text.as_ref().is_some_and(|text| text.contains("important")))
        .to(&options.output);
    builder.build()
}

/// A thousand made-up messages, one a line.
pub fn sample() -> String {
    const SERVICES: [&str; 5] = ["billing", "search", "login", "mail", "storage"];
    const MESSAGES: [&str; 7] = [
        "request served in 12 ms",
        "cache warmed",
        "important: disk almost full",
        "connection reused",
        "nightly job done",
        "retry after a time-out",
        "an important customer waits",
    ];
    (0..1000).map(|n| format!("{n} {}: {}\n", SERVICES[n % SERVICES.len()], MESSAGES[n * n % MESSAGES.len()])).collect()
}
