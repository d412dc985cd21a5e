//! A collector for where nothing is written.

use crate::exec::{Collector, OutTopic, SendTo};
use crate::{Headers, Result};
use streams_state::store::{Changelog, ChangelogId};

pub(super) struct NoOutput;

impl Changelog for NoOutput {
    fn log(&mut self, _: ChangelogId, _: &[u8], _: Option<&[u8]>, _: i64, _: &Headers) -> streams_state::Result<()> {
        Ok(())
    }
}

impl Collector for NoOutput {
    fn topic(&mut self, _: &str) -> Result<OutTopic> {
        Ok(OutTopic(0))
    }
    fn partitions(&self, _: OutTopic) -> i32 {
        1
    }
    fn send(&mut self, _: OutTopic, _: SendTo<'_>, _: Option<&[u8]>, _: Option<&[u8]>, _: i64, _: &Headers) -> Result<()> {
        Ok(())
    }
    fn acknowledged(&self, _: usize) -> Option<i64> {
        None
    }
}
