//! A cluster within the process: it answers the same traits as Kafka, for one process on one machine.
//!
//! Topics, partitions, offsets, headers, timestamps, compaction and retention, groups with incremental rebalancing, idempotent and
//! transactional producers, read_committed and the last stable offset behave as on a broker; transaction markers take offsets, as there.
//! It is the broker of the examples (`bootstrap.servers=embedded`) and of fast tests, and the world of the simulator: it has no thread of
//! its own, reads time from a [`Clock`] only, and whatever runs out of time (sessions, transactions) is noticed by the next call.
//! Retention and compaction run when [`EmbeddedCluster::maintain`] is called.
//!
//! What it does not have: replication, security, quotas, limits on how far a timestamp may lie in the future, and storage: with the
//! process everything is gone.
//!
//! ```
//! use streams_core::cluster::embedded::EmbeddedCluster;
//!
//! let cluster = EmbeddedCluster::new();
//! cluster.create_topic("lines", 1)?;
//! cluster.produce("lines", None, None, Some(b"hello"), 1_700_000_000_000)?;
//! let records = cluster.read("lines", 0, 0)?;
//! assert_eq!(records[0].value.as_deref(), Some(&b"hello"[..]));
//! # Ok::<(), streams_core::Error>(())
//! ```

mod admin;
mod config;
mod errors;
mod faults;
mod fetcher;
mod group;
mod load;
mod log;
mod partition;
mod producer;
mod registry;
mod settings;
mod signal;
mod tools;
mod topics;
mod transactions;

pub use tools::OwnedRecord;

use crate::Result;
use crate::cluster::{Admin, ClientSettings, Cluster, Fetcher, FetcherOptions, Membership, MembershipOptions, Producer, ProducerOptions};
use crate::time::{Clock, SystemClock};
use faults::Faults;
use group::Groups;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use topics::Topics;
use transactions::Transactions;

/// How an embedded cluster behaves.
#[derive(Clone)]
pub struct EmbeddedOptions {
    /// Where time comes from; the machine's clock by default.
    pub clock: Arc<dyn Clock>,
    /// `session.timeout.ms` of members that do not set it: without any call for this long a member is thrown out. Default 45 s.
    pub session_timeout: Duration,
    /// `max.poll.interval.ms` of members that do not set it: without a poll for this long a member is thrown out. Default 5 min.
    pub max_poll_interval: Duration,
    /// How long the first member of a group waits for others before partitions are handed out
    /// (a broker's `group.initial.rebalance.delay.ms`). Default 0.
    pub initial_rebalance_delay: Duration,
    /// Whether calls with a time-out may sleep. `false`: they answer at once as if the time were over, for a simulation that calls
    /// everything from one thread. Default `true`.
    pub blocking: bool,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        EmbeddedOptions {
            clock: Arc::new(SystemClock::new()),
            session_timeout: Duration::from_secs(45),
            max_poll_interval: Duration::from_secs(300),
            initial_rebalance_delay: Duration::ZERO,
            blocking: true,
        }
    }
}

/// A cluster within the process. Clones are the same cluster.
#[derive(Clone)]
pub struct EmbeddedCluster {
    shared: Arc<Shared>,
}

/// What all clients of a cluster share. Each part has its own locks.
struct Shared {
    options: EmbeddedOptions,
    topics: Topics,
    groups: Groups,
    transactions: Transactions,
    faults: Faults,
}

impl EmbeddedCluster {
    /// A new, empty cluster with default options.
    pub fn new() -> Self {
        Self::with_options(EmbeddedOptions::default())
    }

    /// A new, empty cluster.
    pub fn with_options(options: EmbeddedOptions) -> Self {
        EmbeddedCluster {
            shared: Arc::new(Shared {
                options,
                topics: Topics::default(),
                groups: Groups::default(),
                transactions: Transactions::new(),
                faults: Faults::default(),
            }),
        }
    }
}

impl Default for EmbeddedCluster {
    fn default() -> Self {
        Self::new()
    }
}

impl Cluster for EmbeddedCluster {
    fn lasts(&self) -> bool {
        false
    }

    fn admin(&self, _settings: &ClientSettings) -> Result<Arc<dyn Admin>> {
        Ok(Arc::new(admin::EmbeddedAdmin::new(self.shared.clone())))
    }

    fn membership(&self, options: MembershipOptions) -> Result<Box<dyn Membership>> {
        Ok(Box::new(group::EmbeddedMember::new(self.shared.clone(), options)?))
    }

    fn fetcher(&self, options: FetcherOptions) -> Result<Box<dyn Fetcher>> {
        Ok(Box::new(fetcher::EmbeddedFetcher::new(self.shared.clone(), options.read_committed)))
    }

    fn producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>> {
        Ok(Box::new(producer::EmbeddedProducer::new(self.shared.clone(), options)?))
    }
}

impl Shared {
    /// Monotonic time, for everything that runs out.
    fn now(&self) -> Duration {
        self.options.clock.monotonic()
    }

    /// Waits until the cluster is reachable, unless nothing may sleep; fails when the time is over.
    fn await_reachable(&self, what: impl Display, timeout: Duration) -> Result {
        if self.options.blocking { self.faults.wait(what, timeout) } else { self.faults.check(what) }
    }
}
