//! Settings: plain data, by Java's dotted keys or by typed methods.
//!
//! [`StreamsConfig`] is what was given: keys and values, in whatever way they came. [`StreamsConfig::settings`] checks all of it at once
//! and answers typed [`Settings`]. What is not data (handlers, extractors, listeners) is given to the application in code, not here.
//!
//! ```
//! use std::time::Duration;
//! use streams_core::config::StreamsConfig;
//!
//! let config = StreamsConfig::new("word-count", "localhost:9092")
//!     .num_stream_threads(4)
//!     .commit_interval(Duration::from_secs(10))
//!     .set("consumer.fetch.max.wait.ms", "50");
//! let same = StreamsConfig::from_properties([
//!     ("application.id", "word-count"),
//!     ("bootstrap.servers", "localhost:9092"),
//!     ("num.stream.threads", "4"),
//!     ("commit.interval.ms", "10000"),
//!     ("consumer.fetch.max.wait.ms", "50"),
//! ])?;
//! assert_eq!(config, same);
//! assert_eq!(config.settings()?.num_stream_threads, 4);
//! # Ok::<(), streams_core::Error>(())
//! ```

mod builder;
mod check;
mod client_keys;
mod clients;
mod definition;
mod definitions;
pub mod keys;
mod nearest;
mod offset_reset;
mod optimization;
mod properties;
mod settings;
#[cfg(test)]
mod tests;
mod values;

pub use client_keys::known_client_key;
pub(crate) use definition::boolean;
pub use definition::{Allowed, Definition, Importance, Kind, Support};
pub use definitions::{definition, definitions};
pub use offset_reset::OffsetReset;
pub use optimization::TopologyOptimization;
pub use settings::Settings;
pub use values::{
    Bootstrap, DeserializationPolicy, DslStore, ProcessingGuarantee, ProcessingPolicy, ProductionPolicy, RecordingLevel,
    StreamTimeOnRestart, TimestampPolicy, UpgradeFrom,
};

use crate::Result;
use std::collections::BTreeMap;
use std::fmt;

/// What an application is configured with: Java's dotted keys and their values, ours, and those of the clients.
///
/// Nothing is checked while it is put together; [`settings`](Self::settings) does, and so does whatever takes a config.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StreamsConfig {
    given: BTreeMap<String, String>,
}

impl StreamsConfig {
    /// The two settings that have no default: the application's id and the cluster (`host:port,...`, `embedded` or `embedded://name`).
    pub fn new(application_id: impl Into<String>, bootstrap_servers: impl Into<String>) -> Self {
        StreamsConfig::default().set(keys::APPLICATION_ID, application_id).set(keys::BOOTSTRAP_SERVERS, bootstrap_servers)
    }

    /// Reads Java's dotted keys. A later value of a key replaces an earlier one.
    ///
    /// # Errors
    /// `Config` when a value is not valid, a required key is missing, or a key belongs to a feature that is not supported yet; the message
    /// lists every such key. An unknown key is only a warning: see [`Settings::warnings`].
    pub fn from_properties<K: Into<String>, V: Into<String>>(properties: impl IntoIterator<Item = (K, V)>) -> Result<Self> {
        let config = StreamsConfig::default().set_all(properties);
        config.settings()?;
        Ok(config)
    }

    /// Sets a key by its dotted name: one of Kafka Streams, or a client's, with or without a prefix (`consumer.`, `main.consumer.`,
    /// `restore.consumer.`, `global.consumer.`, `producer.`, `admin.`, and `topic.` for internal topics).
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.given.insert(key.into(), value.into());
        self
    }

    /// Sets many.
    #[must_use]
    pub fn set_all<K: Into<String>, V: Into<String>>(mut self, properties: impl IntoIterator<Item = (K, V)>) -> Self {
        self.given.extend(properties.into_iter().map(|(k, v)| (k.into(), v.into())));
        self
    }

    /// What was given for a key, secrets included. The old spelling of a key counts where the new one was not given.
    pub fn get(&self, key: &str) -> Option<&str> {
        let own = |key: &str| self.given.get(key).map(String::as_str);
        own(key).or_else(|| {
            let old = definitions().iter().find(|d| matches!(d.support, Support::Renamed(new) if new == key))?;
            own(old.name)
        })
    }

    /// What was given, to be printed: secrets (passwords, keys, JAAS entries) read `[hidden]`.
    pub fn to_properties(&self) -> BTreeMap<String, String> {
        self.given.iter().map(|(k, v)| (k.clone(), definition::shown(k, v).to_owned())).collect()
    }

    /// Checks everything, and reads it into typed settings.
    ///
    /// # Errors
    /// As [`from_properties`](Self::from_properties).
    pub fn settings(&self) -> Result<Settings> {
        self.settings_with(&|_| false)
    }

    /// The same, for a client that knows keys of its own: `known_client_key` tells whether a key without a prefix is one.
    ///
    /// # Errors
    /// As [`from_properties`](Self::from_properties).
    pub fn settings_with(&self, known_client_key: &dyn Fn(&str) -> bool) -> Result<Settings> {
        let checked = check::check(self, known_client_key)?;
        Ok(Settings::read(self, checked))
    }
}

impl fmt::Debug for StreamsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.to_properties()).finish()
    }
}
