//! What a client is made with. Settings are Kafka's dotted names as the application gave them, prefixes already resolved: an
//! implementation maps them to its own names.

use std::collections::BTreeMap;
use std::time::Duration;

/// Connection settings of one client: Kafka's dotted names to values, prefixes (`consumer.`, `producer.`, `admin.`) resolved.
#[derive(Clone, Debug, Default)]
pub struct ClientSettings {
    /// The client's id, as brokers log it.
    pub client_id: String,
    /// Everything else, `bootstrap.servers` included.
    pub values: BTreeMap<String, String>,
}

/// How to join.
#[derive(Clone, Debug, Default)]
pub struct MembershipOptions {
    /// Connection settings.
    pub client: ClientSettings,
    /// The group: the application's id.
    pub group: String,
    /// The topics whose partitions stand for tasks: one per sub-topology.
    pub topics: Vec<String>,
}

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct FetcherOptions {
    /// Connection settings.
    pub client: ClientSettings,
    /// Whether records of open and aborted transactions are hidden.
    pub read_committed: bool,
    /// A bulk reader (restore): large fetches.
    pub bulk: bool,
}

/// How to write.
#[derive(Clone, Debug, Default)]
pub struct ProducerOptions {
    /// Connection settings.
    pub client: ClientSettings,
    /// The largest batch of records that every topic takes to which it will write (their `max.message.bytes`); a larger `batch.size` is cut to
    /// it. A broker refuses a batch that is too large with all records in it, however small they are.
    pub largest_batch: Option<usize>,
    /// Set: a transactional producer.
    pub transactional_id: Option<String>,
    /// How long a broker lets a transaction stay open.
    pub transaction_timeout: Option<Duration>,
    /// `Producer::acknowledged` will not be asked: watching every acknowledgement costs a little, and only changelogs need it.
    pub without_acknowledgements: bool,
}
