//! The clients of the bench's own tools.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

/// How long a broker may take for an answer.
pub const LIMIT: Duration = Duration::from_secs(30);

/// What every client of the bench is told.
pub fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config
}

/// Makes topics, and deletes them.
pub struct Topics {
    admin: AdminClient<DefaultClientContext>,
    runtime: tokio::runtime::Runtime,
}

impl Topics {
    /// Of this broker.
    pub fn new(bootstrap: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Topics { admin: config(bootstrap).create()?, runtime })
    }

    /// Makes a topic.
    pub fn create(&self, topic: &str, partitions: i32) -> Result<()> {
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        let done = self.runtime.block_on(self.admin.create_topics(&[new], &options()))?;
        for result in done {
            result.map_err(|(topic, code)| anyhow::anyhow!("cannot create the topic {topic}: {code}"))?;
        }
        Ok(())
    }

    /// Deletes every topic whose name begins like this.
    pub fn delete(&self, prefix: &str) -> Result<()> {
        let metadata = self.admin.inner().fetch_metadata(None, LIMIT).context("cannot list the topics")?;
        let names: Vec<&str> =
            metadata.topics().iter().map(rdkafka::metadata::MetadataTopic::name).filter(|name| name.starts_with(prefix)).collect();
        if names.is_empty() {
            return Ok(());
        }
        for result in self.runtime.block_on(self.admin.delete_topics(&names, &options()))? {
            result.map_err(|(topic, code)| anyhow::anyhow!("cannot delete the topic {topic}: {code}"))?;
        }
        Ok(())
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(LIMIT)).request_timeout(Some(LIMIT))
}

/// How many partitions a topic has.
pub fn partitions(consumer: &BaseConsumer, topic: &str) -> Result<i32> {
    let metadata = consumer.fetch_metadata(Some(topic), LIMIT)?;
    let partitions = metadata.topics().first().map_or(0, |t| t.partitions().len());
    ensure!(partitions > 0, "there is no topic {topic}");
    Ok(i32::try_from(partitions)?)
}
