//! Settings, from whatever they are read.

mod clients;
mod definitions;
mod properties;
mod settings;

use super::StreamsConfig;
use crate::ErrorKind;

fn config() -> StreamsConfig {
    StreamsConfig::new("app", "localhost:9092")
}

/// The message of the error that reading the config ends in.
fn refused(config: &StreamsConfig) -> String {
    match config.settings() {
        Ok(_) => panic!("{config:?} was accepted"),
        Err(e) => {
            assert_eq!(e.kind(), ErrorKind::Config);
            e.to_string()
        }
    }
}

fn warnings(config: &StreamsConfig) -> Vec<String> {
    config.settings().unwrap().warnings
}
