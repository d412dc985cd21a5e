//! What the members of a group subscribe to.

use super::KafkaAdmin;
use crate::cluster::kafka::client::millis;
use crate::cluster::kafka::codes::Code;
use crate::{Error, ErrorKind, Result};
use rdkafka_sys as rk;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::ptr;
use std::time::Duration;

/// How long to wait: every broker is asked, and one that is away must not hold up what the coordinator says.
const ASK_FOR: Duration = Duration::from_secs(1);

/// The coordinator tells what members subscribe to only when the group is in this state.
const STABLE: &[u8] = b"Stable";

/// An answer of librdkafka.
struct Groups(*const rk::rd_kafka_group_list);

impl Drop for Groups {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // Safety: owned.
            unsafe { rk::rd_kafka_group_list_destroy(self.0) }
        }
    }
}

impl KafkaAdmin {
    pub(super) fn group_topics(&self, group: &str) -> Result<BTreeSet<String>> {
        let name = CString::new(group).map_err(|_| Error::new(ErrorKind::Config, format!("the group `{group}` has a zero in its name")))?;
        let what = format!("group `{group}`: its members cannot be described");
        let mut groups = Groups(ptr::null());
        let timeout = millis(self.waits.request.min(ASK_FOR));
        // Safety: client and name are alive; what is written is owned here then.
        let code = unsafe { rk::rd_kafka_list_groups(self.client.raw(), name.as_ptr(), &mut groups.0, timeout) };
        let found = match groups.0.is_null() {
            true => &[][..],
            // Safety: the list is alive as long as `groups`, and has so many entries.
            false => unsafe { slice((*groups.0).groups, (*groups.0).group_cnt) },
        };
        let not_now = |why: &str| Error::new(ErrorKind::Unavailable, format!("{what}: {why}"));
        let Some(found) = found.first() else {
            return Err(match Code::of(code) {
                // brokers that do not answer may be those that know it
                Code::NONE => not_now("no broker knows it"),
                code => self.client.error(code, &what),
            });
        };
        match Code::of(found.err) {
            Code::NONE => {}
            code => return Err(self.client.error(code, &what)),
        }
        // Safety: the text ends with a zero and lives as long as `groups`.
        let state = if found.state.is_null() { &[] } else { unsafe { CStr::from_ptr(found.state) }.to_bytes() };
        if state != STABLE {
            return Err(not_now("it is being rebalanced"));
        }
        let mut topics = BTreeSet::new();
        // Safety: as above.
        for member in unsafe { slice(found.members, found.member_cnt) } {
            // Safety: as above; so many bytes belong to it.
            let bytes = unsafe { slice(member.member_metadata.cast_const().cast::<u8>(), member.member_metadata_size) };
            let subscribed = subscription(bytes).ok_or_else(|| not_now("what a member subscribes to cannot be read"))?;
            topics.extend(subscribed);
        }
        Ok(topics)
    }
}

/// # Safety
/// `first` is null, or has `count` items that live as long as the result is used.
unsafe fn slice<'a, T>(first: *const T, count: i32) -> &'a [T] {
    match usize::try_from(count) {
        // Safety: the caller's.
        Ok(count) if !first.is_null() => unsafe { std::slice::from_raw_parts(first, count) },
        _ => &[],
    }
}

/// The topics of a `ConsumerProtocolSubscription`, of any version: `version: int16`, `topics: [string]`, and more.
fn subscription(bytes: &[u8]) -> Option<Vec<String>> {
    let rest = bytes.get(2..)?;
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    let mut topics = Vec::new();
    for _ in 0..i32::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let length = usize::try_from(i16::from_be_bytes(*length)).ok()?;
        topics.push(String::from_utf8(after.get(..length)?.to_vec()).ok()?);
        rest = after.get(length..)?;
    }
    Some(topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topics_of_a_subscription_are_read() {
        // version 1: topics, user data, owned partitions
        let bytes = [&[0, 1, 0, 0, 0, 2, 0, 1][..], b"a", &[0, 3], b"b-c", &[255, 255, 255, 255, 0, 0, 0, 0]].concat();
        assert_eq!(subscription(&bytes), Some(vec!["a".to_owned(), "b-c".to_owned()]));
        assert_eq!(subscription(&[0, 3, 0, 0, 0, 0]), Some(Vec::new()));
        for cut in [0, 1, 5, 7, 8, 12] {
            assert_eq!(subscription(&bytes[..cut]), None, "{cut}");
        }
    }
}
