//! The client settings that the embedded cluster acts on; Kafka's names and defaults.

use crate::cluster::ClientSettings;
use crate::{Error, ErrorKind, Result};
use std::time::Duration;

/// A duration in milliseconds; `default` when it is not set.
pub(super) fn millis(settings: &ClientSettings, key: &str, default: Duration) -> Result<Duration> {
    Ok(number(settings, key)?.map_or(default, Duration::from_millis))
}

/// A size in bytes; `default` when it is not set.
pub(super) fn bytes(settings: &ClientSettings, key: &str, default: usize) -> Result<usize> {
    Ok(number(settings, key)?.map_or(default, |n| usize::try_from(n).unwrap_or(usize::MAX)))
}

fn number(settings: &ClientSettings, key: &str) -> Result<Option<u64>> {
    let Some(text) = settings.values.get(key) else { return Ok(None) };
    match text.trim().parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(Error::new(ErrorKind::Config, format!("config `{key}` is `{text}`: it must be a whole number, 0 or more"))),
    }
}
