//! What the two tables of a join by foreign key write to each other, in Java's bytes.

use crate::config::UpgradeFrom;
use crate::exec::GraphEnv;
use crate::murmur3::Hash;
use crate::{BoxError, Data};
use std::ops::Range;
use std::sync::Arc;
use streams_state::serde::{Serde, SerdeContext, Wrote};

/// What the other table's side does with a subscription, and what it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    /// Forgets it and answers nothing.
    Delete = 0,
    /// Forgets it and answers with null.
    DeleteAndAnswer = 1,
    /// Keeps it and answers with the row, or null where there is none.
    Answer = 2,
    /// Keeps it and answers if there is a row.
    AnswerIfFound = 3,
}

/// Set in the first byte where there is no hash; the other bits are the version.
const NO_HASH: u8 = 0x80;
/// The version that knows the partition that asks. Version 0, which does not, is read too, and written where Java's versions before 3.4 are to read it.
const VERSION: u8 = 1;

/// Which version of subscriptions is written.
pub(super) fn written_version(env: &GraphEnv<'_>) -> u8 {
    if env.facts().upgrades_from(UpgradeFrom::V3_3) { 0 } else { VERSION }
}

/// Java's `SubscriptionWrapper`, without the key of the row that asks, in whose place stands where to find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Of the value of the row that asks; `None` where it was deleted.
    pub hash: Option<Hash>,
    pub instruction: Instruction,
    /// The partition that asks.
    pub partition: Option<i32>,
    /// The bytes of the key.
    pub key: Range<usize>,
}

impl Header {
    /// `version and flag | instruction | hash | key | partition`
    pub fn read(bytes: &[u8]) -> Result<Header, BoxError> {
        let [first, instruction, rest @ ..] = bytes else { return Err("a subscription has at least two bytes".into()) };
        let version = first & !NO_HASH;
        if version > VERSION {
            return Err(format!("a subscription of version {version} cannot be read, only 0 and {VERSION}").into());
        }
        let instruction = match instruction {
            0 => Instruction::Delete,
            1 => Instruction::DeleteAndAnswer,
            2 => Instruction::Answer,
            3 => Instruction::AnswerIfFound,
            other => return Err(format!("{other} is no instruction of a subscription").into()),
        };
        let (hash, key) = split_hash(*first, rest)?;
        let (key, partition) = match version {
            0 => (key, None),
            _ => key.split_last_chunk::<4>().map(|(key, at)| (key, Some(i32::from_be_bytes(*at)))).ok_or(TOO_SHORT)?,
        };
        let begin = if hash.is_some() { 18 } else { 2 };
        Ok(Header { hash, instruction, partition, key: begin..begin + key.len() })
    }

    /// Everything but key and partition, which follow; the partition only in version 1.
    pub fn begin(version: u8, hash: Option<&Hash>, instruction: Instruction, out: &mut Vec<u8>) {
        out.push(if hash.is_some() { version } else { version | NO_HASH });
        out.push(instruction as u8);
        out.extend_from_slice(hash.map_or(&[][..], |hash| hash));
    }
}

const TOO_SHORT: &str = "it is too short: does something else write to this topic?";

fn split_hash(first: u8, rest: &[u8]) -> Result<(Option<Hash>, &[u8]), BoxError> {
    if first & NO_HASH != 0 {
        return Ok((None, rest));
    }
    let (hash, rest) = rest.split_first_chunk().ok_or(TOO_SHORT)?;
    Ok((Some(*hash), rest))
}

/// A subscription as it was read. Its bytes are kept as they are: they are the row of the store.
#[derive(Clone)]
pub(super) struct Subscription {
    pub header: Header,
    pub bytes: Vec<u8>,
}

impl Subscription {
    pub fn key(&self) -> &[u8] {
        &self.bytes[self.header.key.clone()]
    }

    /// The bytes as they are kept: those of version 1 may have to be of version 0.
    pub fn in_version(&mut self, version: u8) -> &Vec<u8> {
        if version == 0 {
            self.bytes.truncate(self.header.key.end);
            if let Some(first) = self.bytes.first_mut() {
                *first &= NO_HASH;
            }
        }
        &self.bytes
    }
}

/// Reads subscriptions; they are written by a sink of their own.
pub(super) struct SubscriptionSerde;

impl Serde<Subscription> for SubscriptionSerde {
    fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Subscription, BoxError> {
        let bytes = bytes.ok_or("a subscription is never null")?;
        Ok(Subscription { header: Header::read(bytes)?, bytes: bytes.to_vec() })
    }
    fn serialize(&self, _: &SerdeContext<'_>, subscription: &Subscription, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        out.extend_from_slice(&subscription.bytes);
        Ok(Wrote::Bytes)
    }
}

/// Java's `SubscriptionResponseWrapper`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer<VO> {
    /// Of the value that was asked for.
    pub hash: Option<Hash>,
    pub value: Option<VO>,
    /// Where to; not written.
    pub partition: Option<i32>,
}

/// `version and flag | hash | value`. A value without bytes is none, as in Java.
pub(super) struct AnswerSerde<VO> {
    pub values: Arc<dyn Serde<VO>>,
}

impl<VO: Data> Serde<Answer<VO>> for AnswerSerde<VO> {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Answer<VO>, BoxError> {
        let Some((&first, rest)) = bytes.and_then(<[u8]>::split_first) else { return Err(TOO_SHORT.into()) };
        let version = first & !NO_HASH;
        if version != 0 {
            return Err(format!("an answer of version {version} cannot be read, only 0").into());
        }
        let (hash, value) = split_hash(first, rest)?;
        let value = if value.is_empty() { None } else { Some(self.values.deserialize(cx, Some(value))?) };
        Ok(Answer { hash, value, partition: None })
    }

    fn serialize(&self, cx: &SerdeContext<'_>, answer: &Answer<VO>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        out.push(if answer.hash.is_some() { 0 } else { NO_HASH });
        out.extend_from_slice(answer.hash.as_ref().map_or(&[][..], |hash| hash));
        if let Some(value) = &answer.value {
            self.values.serialize(cx, value, out)?;
        }
        Ok(Wrote::Bytes)
    }
}

/// The beginning of a subscription's key in the store, which all rows of one foreign key share: `length of foreign key | foreign key`. The key
/// of the row that asks follows.
pub(super) fn write_prefix(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<Wrote, BoxError>) -> Result<Wrote, BoxError> {
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    let wrote = write(out)?;
    let length = i32::try_from(out.len() - begin - 4).map_err(|_| "a key of more than 2 GiB cannot be kept")?;
    out[begin..begin + 4].copy_from_slice(&length.to_be_bytes());
    Ok(wrote)
}

/// The least key that is greater than all that begin with `prefix`; false where there is none.
pub(super) fn after_prefix(prefix: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let end = prefix.iter().rposition(|byte| *byte != 0xff).map_or(0, |at| at + 1);
    out.extend_from_slice(&prefix[..end]);
    out.last_mut().map(|last| *last += 1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use streams_state::NO_HEADERS;
    use streams_state::serde::DefaultSerde;

    const HASH: Hash = [7; 16];

    #[test]
    fn subscriptions_of_both_versions_are_read() {
        let of = |hash: Option<&Hash>, version: u8, end: &[u8]| {
            let mut bytes = Vec::new();
            Header::begin(version, hash, Instruction::Answer, &mut bytes);
            bytes.extend_from_slice(b"key");
            [bytes.as_slice(), end].concat()
        };
        for (hash, version, end, partition) in [
            (Some(HASH), 1, &[0, 0, 0, 9][..], Some(9)),
            (None, 1, &[0, 0, 1, 0], Some(256)),
            (Some(HASH), 0, &[], None),
            (None, 0, &[], None),
        ] {
            let bytes = of(hash.as_ref(), version, end);
            let header = Header::read(&bytes).expect("it is read");
            assert_eq!((header.hash, header.instruction, header.partition), (hash, Instruction::Answer, partition));
            assert_eq!(&bytes[header.key.clone()], b"key");
            let mut kept = Subscription { header, bytes: bytes.clone() };
            assert_eq!(kept.in_version(1), &bytes, "what was read is kept as it is");
            assert_eq!(kept.in_version(0), &of(hash.as_ref(), 0, &[]));
            assert_eq!(kept.key(), b"key");
        }
        for wrong in [&b""[..], b"\x01", b"\x02\x00", b"\x80\x04", b"\x01\x00short", b"\x81\x00abc"] {
            assert!(Header::read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn answers_are_read_as_they_were_written() {
        let serde = AnswerSerde { values: String::default_serde() };
        let cx = SerdeContext { topic: "t", headers: &NO_HEADERS };
        let hash = |bytes: &[u8]| [&[0], &HASH[..], bytes].concat();
        for (answer, bytes) in [
            (Answer { hash: Some(HASH), value: Some("v".to_owned()), partition: None }, hash(b"v")),
            (Answer { hash: Some(HASH), value: None, partition: None }, hash(b"")),
            (Answer { hash: None, value: None, partition: None }, vec![NO_HASH]),
        ] {
            let mut out = Vec::new();
            serde.serialize(&cx, &answer, &mut out).expect("it is written");
            assert_eq!(out, bytes);
            assert_eq!(serde.deserialize(&cx, Some(&bytes)).expect("it is read"), answer);
        }
        for wrong in [None, Some(&b""[..]), Some(b"\x01"), Some(b"\x00short")] {
            assert!(serde.deserialize(&cx, wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_rows_of_a_foreign_key_lie_between_its_prefix_and_the_next() {
        let mut prefix = Vec::new();
        write_prefix(&mut prefix, |out| {
            out.extend_from_slice(b"f\xff");
            Ok(Wrote::Bytes)
        })
        .expect("it is written");
        assert_eq!(prefix, b"\0\0\0\x02f\xff");
        let mut end = Vec::new();
        assert!(after_prefix(&prefix, &mut end));
        assert_eq!(end, b"\0\0\0\x02g");
        assert!(!after_prefix(&[0xff, 0xff], &mut end));
    }
}
