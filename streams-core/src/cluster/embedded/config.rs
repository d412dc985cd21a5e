//! Topic configs by Kafka's names, with Kafka's defaults.

use super::errors::rejected;
use crate::Result;
use std::collections::BTreeMap;

/// Every topic config of Kafka 4.3 with its default. What the log does not act on is kept and answered only.
const KNOWN: &[(&str, &str)] = &[
    ("cleanup.policy", "delete"),
    ("compression.gzip.level", "-1"),
    ("compression.lz4.level", "9"),
    ("compression.type", "producer"),
    ("compression.zstd.level", "3"),
    ("delete.retention.ms", "86400000"),
    ("file.delete.delay.ms", "60000"),
    ("flush.messages", "9223372036854775807"),
    ("flush.ms", "9223372036854775807"),
    ("follower.replication.throttled.replicas", ""),
    ("index.interval.bytes", "4096"),
    ("leader.replication.throttled.replicas", ""),
    ("local.retention.bytes", "-2"),
    ("local.retention.ms", "-2"),
    ("max.compaction.lag.ms", "9223372036854775807"),
    ("max.message.bytes", "1048588"),
    ("message.timestamp.after.max.ms", "3600000"),
    ("message.timestamp.before.max.ms", "9223372036854775807"),
    ("message.timestamp.type", "CreateTime"),
    ("min.cleanable.dirty.ratio", "0.5"),
    ("min.compaction.lag.ms", "0"),
    ("min.insync.replicas", "1"),
    ("preallocate", "false"),
    ("remote.log.copy.disable", "false"),
    ("remote.log.delete.on.disable", "false"),
    ("remote.storage.enable", "false"),
    ("retention.bytes", "-1"),
    ("retention.ms", "604800000"),
    ("segment.bytes", "1073741824"),
    ("segment.index.bytes", "10485760"),
    ("segment.jitter.ms", "0"),
    ("segment.ms", "604800000"),
    ("unclean.leader.election.enable", "false"),
];

/// The configs of one topic: as text, and what the log acts on.
#[derive(Clone, Debug)]
pub(super) struct TopicConfig {
    values: BTreeMap<String, String>,
    /// `cleanup.policy` contains `compact`.
    pub compact: bool,
    /// `cleanup.policy` contains `delete`.
    pub delete: bool,
    /// `retention.ms`; `None` is for ever.
    pub retention_ms: Option<i64>,
    /// `retention.bytes`; `None` is without limit.
    pub retention_bytes: Option<usize>,
    /// `min.compaction.lag.ms`.
    pub compaction_lag_ms: i64,
    /// `delete.retention.ms`.
    pub delete_retention_ms: i64,
    /// `max.message.bytes`.
    pub max_message_bytes: usize,
    /// `message.timestamp.type=LogAppendTime`.
    pub log_append_time: bool,
}

impl TopicConfig {
    /// The configs of a topic that is made with `given`.
    pub(super) fn new(topic: &str, given: &BTreeMap<String, String>) -> Result<Self> {
        let mut values: BTreeMap<String, String> = KNOWN.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        for (key, value) in given {
            match values.get_mut(key) {
                Some(slot) => slot.clone_from(value),
                None => return Err(rejected(format!("topic `{topic}`: `{key}` is no topic config of Kafka"))),
            }
        }
        let reader = Reader { topic, values: &values };
        let (mut compact, mut delete) = (false, false);
        for policy in reader.text("cleanup.policy").split(',').map(str::trim).filter(|p| !p.is_empty()) {
            match policy {
                "compact" => compact = true,
                "delete" => delete = true,
                _ => return Err(reader.invalid("cleanup.policy", "compact, delete, or both with a comma")),
            }
        }
        let log_append_time = match reader.text("message.timestamp.type") {
            "CreateTime" => false,
            "LogAppendTime" => true,
            _ => return Err(reader.invalid("message.timestamp.type", "CreateTime or LogAppendTime")),
        };
        let retention_ms = Some(reader.number("retention.ms", -1)?).filter(|ms| *ms >= 0);
        let retention_bytes = usize::try_from(reader.number("retention.bytes", -1)?).ok();
        let compaction_lag_ms = reader.number("min.compaction.lag.ms", 0)?;
        let delete_retention_ms = reader.number("delete.retention.ms", 0)?;
        let max_message_bytes = usize::try_from(reader.number("max.message.bytes", 0)?.min(i64::from(i32::MAX))).unwrap_or(0);
        Ok(TopicConfig {
            compact,
            delete,
            retention_ms,
            retention_bytes,
            compaction_lag_ms,
            delete_retention_ms,
            max_message_bytes,
            log_append_time,
            values,
        })
    }

    /// All of them, defaults included, as a broker answers.
    pub(super) fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }
}

struct Reader<'a> {
    topic: &'a str,
    values: &'a BTreeMap<String, String>,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    fn number(&self, key: &str, least: i64) -> Result<i64> {
        match self.text(key).trim().parse::<i64>() {
            Ok(number) if number >= least => Ok(number),
            _ => Err(self.invalid(key, &format!("a whole number of at least {least}"))),
        }
    }

    fn invalid(&self, key: &str, wanted: &str) -> crate::Error {
        rejected(format!("topic `{}`: config `{key}` is `{}`, it must be {wanted}", self.topic, self.text(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(given: &[(&str, &str)]) -> Result<TopicConfig> {
        TopicConfig::new("t", &given.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect())
    }

    #[test]
    fn defaults_are_kafkas() {
        let config = config(&[]).unwrap();
        assert!(config.delete && !config.compact && !config.log_append_time);
        assert_eq!((config.retention_ms, config.retention_bytes), (Some(604_800_000), None));
        assert_eq!(config.max_message_bytes, 1_048_588);
    }

    #[test]
    fn both_policies_and_no_limit() {
        let config = config(&[("cleanup.policy", "compact, delete"), ("retention.ms", "-1")]).unwrap();
        assert!(config.delete && config.compact && config.retention_ms.is_none());
    }

    #[test]
    fn what_kafka_refuses_is_refused_and_named() {
        for (key, value) in [("cleanup.policy", "shred"), ("retention.ms", "-2"), ("max.message.bytes", "1MB"), ("retention", "1")] {
            let error = config(&[(key, value)]).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Rejected);
            assert!(error.to_string().contains(key), "{error}");
        }
    }
}
