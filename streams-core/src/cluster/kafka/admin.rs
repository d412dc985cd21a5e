//! Topics, configs and offsets, through librdkafka's admin requests. Each call waits for its answer, up to `request.timeout.ms`.

mod group_offsets;
mod group_topics;
mod offsets;
mod request;
mod topics;

use super::client::Client;
use super::codes::Code;
use super::settings::{self, Role, Waits};
use crate::cluster::{Admin, ClientSettings, NewTopic, OffsetSpec};
use crate::{Error, ErrorKind, Result, TopicPartition};
use rdkafka_sys as rk;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) struct KafkaAdmin {
    client: Arc<Client>,
    waits: Waits,
}

impl KafkaAdmin {
    pub fn new(client: &ClientSettings, bootstrap: &str) -> Result<KafkaAdmin> {
        let conf = settings::conf(&Role::Admin, client, bootstrap)?;
        let waits = settings::waits(client)?;
        Ok(KafkaAdmin { client: Client::new(rk::rd_kafka_type_t::RD_KAFKA_PRODUCER, &client.client_id, conf)?, waits })
    }

    /// The error of one topic in an answer.
    #[cold]
    fn topic_error(&self, topic: &str, what: &str, code: Code, text: &str) -> Error {
        let text = if text.is_empty() { code.text() } else { text.to_owned() };
        if code.is_missing_topic() {
            return Error::new(ErrorKind::Topology, format!("topic `{topic}` does not exist; create it, or correct its name"));
        }
        self.client.error_text(code, format_args!("topic `{topic}` {what}"), &text)
    }
}

impl Admin for KafkaAdmin {
    fn topics(&self) -> Result<Vec<String>> {
        self.names()
    }

    fn partition_counts(&self, topics: &[&str]) -> Result<Vec<Option<i32>>> {
        self.counts(topics)
    }

    fn topic_ids(&self, topics: &[&str]) -> Result<Vec<Option<String>>> {
        self.ids(topics)
    }

    fn create_topics(&self, topics: &[NewTopic]) -> Result<()> {
        self.create(topics)
    }

    fn delete_topics(&self, topics: &[&str]) -> Result<()> {
        self.delete(topics)
    }

    fn topic_configs(&self, topics: &[&str]) -> Result<Vec<BTreeMap<String, String>>> {
        self.configs(topics)
    }

    fn list_offsets(&self, partitions: &[(TopicPartition, OffsetSpec)]) -> Result<Vec<i64>> {
        self.offsets(partitions)
    }

    fn committed_offsets(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>> {
        self.group_offsets(group, partitions)
    }

    fn subscribed_topics(&self, group: &str) -> Result<BTreeSet<String>> {
        self.group_topics(group)
    }

    fn delete_records(&self, before: &[(TopicPartition, i64)]) -> Result<()> {
        self.drop_before(before)
    }
}
