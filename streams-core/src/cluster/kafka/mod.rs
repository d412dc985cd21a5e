//! Apache Kafka, through librdkafka.
//!
//! Only this module names `rdkafka-sys`. The C library is called directly, in few small files with a safe face, because the hot paths need
//! what its Rust wrapper does not offer: batch reads from partition queues, cached topic handles, offsets of acknowledgements, and commits
//! of transactions without a pause of 100 ms.
//!
//! Clients are configured with Java's names (`settings`); errors carry the kind that tells what to do (`codes`); log lines go to `tracing`
//! with the target `kafka` (`log`).

#![allow(unsafe_code, reason = "librdkafka is a C library; each call says why it is sound")]

mod admin;
mod batch;
mod client;
mod codes;
mod conf;
mod fetcher;
mod log;
mod membership;
mod producer;
mod queue;
mod settings;
mod signal;

pub use settings::known_client_key;

use super::{Admin, ClientSettings, Cluster, Fetcher, FetcherOptions, Membership, MembershipOptions, Producer, ProducerOptions};
use crate::Result;
use std::sync::Arc;

/// An Apache Kafka cluster.
#[derive(Clone, Debug)]
pub struct KafkaCluster {
    bootstrap: Arc<str>,
}

impl KafkaCluster {
    /// `bootstrap`: brokers as `host:port`, separated by commas (`bootstrap.servers`). Connects nowhere yet.
    pub fn new(bootstrap: impl Into<Arc<str>>) -> Self {
        KafkaCluster { bootstrap: bootstrap.into() }
    }
}

impl Cluster for KafkaCluster {
    fn admin(&self, settings: &ClientSettings) -> Result<Arc<dyn Admin>> {
        Ok(Arc::new(admin::KafkaAdmin::new(settings, &self.bootstrap)?))
    }

    fn membership(&self, options: MembershipOptions) -> Result<Box<dyn Membership>> {
        Ok(Box::new(membership::KafkaMembership::new(options, &self.bootstrap)?))
    }

    fn fetcher(&self, options: FetcherOptions) -> Result<Box<dyn Fetcher>> {
        Ok(Box::new(fetcher::KafkaFetcher::new(options, &self.bootstrap)?))
    }

    fn producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>> {
        Ok(Box::new(producer::KafkaProducer::new(options, &self.bootstrap)?))
    }
}
