//! The seam to the outside: four small traits, and nothing else of the library talks to a broker.
//!
//! `kafka` answers them with librdkafka, `embedded` with an in-process log. *Fetching* is apart from *membership*: a member of the group
//! learns which partitions it owns and commits offsets, and never reads a record; a fetcher reads what it is told and knows no group.

pub mod embedded;
#[cfg(feature = "kafka")]
pub mod kafka;
mod options;

pub use options::{ClientSettings, FetcherOptions, MembershipOptions, ProducerOptions};

use crate::{Error, Headers, Result, TopicPartition};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// A cluster: where clients come from. Cheap to share.
pub trait Cluster: Send + Sync {
    /// A client for topics, configs and offsets.
    fn admin(&self, settings: &ClientSettings) -> Result<Arc<dyn Admin>>;
    /// A member of the application's group; one per stream thread. Joining begins with the first `poll`.
    fn membership(&self, options: MembershipOptions) -> Result<Box<dyn Membership>>;
    /// A reader of partitions.
    fn fetcher(&self, options: FetcherOptions) -> Result<Box<dyn Fetcher>>;
    /// A writer.
    fn producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>>;
    /// Whether its topics outlive this process: then an empty changelog under a store that has rows is a loss.
    fn lasts(&self) -> bool {
        true
    }
}

/// What the group says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupEvent {
    /// These were added to what this member owns (possibly none: the group went through a rebalance and nothing changed here).
    Assigned(Vec<TopicPartition>),
    /// These are to be given up: commit their tasks, close them, then `acknowledge`.
    Revoked(Vec<TopicPartition>),
    /// These were taken away (the session expired): others may own them by now, so nothing may be committed.
    Lost(Vec<TopicPartition>),
}

/// An offset as the group keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next record to process.
    pub offset: i64,
    /// Free text; Kafka Streams keeps the partition's time in it.
    pub metadata: String,
}

/// Fences offsets that are committed in a transaction: names this member and its generation. Opaque, made by one implementation for its own
/// producer.
pub trait CommitToken: Any + Send {
    /// For the implementation that made it.
    fn as_any(&self) -> &dyn Any;
    /// The member's token as of now. The group may have gone on since this one was made; what the member had then it still has, as long as it
    /// has answered no event meanwhile. `Fenced` when its assignment is lost.
    fn renewed(&self) -> Result<Box<dyn CommitToken>>;
}

/// A member of the group. Lives on one thread.
pub trait Membership: Send {
    /// Serves the group and returns at most one event. After an event, `acknowledge` must be called before the group goes on.
    /// A passing fault is `Unavailable`; being thrown out arrives as `GroupEvent::Lost`.
    fn poll(&mut self, timeout: Duration) -> Result<Option<GroupEvent>>;
    /// Answers the last event: the caller has done what it asks.
    fn acknowledge(&mut self) -> Result<()>;
    /// Commits offsets outside a transaction, and waits. `Fenced` when this member's generation is over.
    fn commit(&mut self, offsets: &[(TopicPartition, CommittedOffset)], timeout: Duration) -> Result<()>;
    /// What the group has committed for the partitions, in their order.
    fn committed(&mut self, partitions: &[TopicPartition], timeout: Duration) -> Result<Vec<Option<CommittedOffset>>>;
    /// The token of the current generation.
    fn token(&mut self) -> Result<Box<dyn CommitToken>>;
    /// Leaves the group at once, so that the others take over without waiting for the session time-out.
    fn leave(self: Box<Self>, timeout: Duration) -> Result<()>;
}

/// A record as fetched, borrowed from its batch.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// Key bytes; `None` is Kafka's null.
    pub key: Option<&'a [u8]>,
    /// Value bytes; `None` is Kafka's null.
    pub value: Option<&'a [u8]>,
    /// Milliseconds since 1970; -1 when the record has none.
    pub timestamp: i64,
    /// Offset in the partition.
    pub offset: i64,
}

/// Consecutive records of one partition. Not `Send`: it stays on the thread that fetched it.
#[allow(clippy::len_without_is_empty)] // a batch is never empty
pub trait RecordBatch {
    /// How many there are; never 0.
    fn len(&self) -> usize;
    /// The record at `index`. `index < len()`.
    fn record(&self, index: usize) -> RawRecord<'_>;
    /// Its headers, made on demand.
    fn headers(&self, index: usize) -> Headers;
}

/// A partition that a fetcher reads; an index, valid until it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FetchHandle(pub u32);

/// Reads partitions. Each has its own queue, filled in the background up to a limit in bytes, so a partition that nobody drains holds up
/// no other.
pub trait Fetcher: Send {
    /// Starts reading at `offset` (an absolute offset).
    fn add(&mut self, partition: &TopicPartition, offset: i64) -> Result<FetchHandle>;
    /// Stops reading; what was queued is dropped.
    fn remove(&mut self, handle: FetchHandle) -> Result<()>;
    /// Goes on at another offset; what was queued is dropped.
    fn seek(&mut self, handle: FetchHandle, offset: i64) -> Result<()>;
    /// Takes up to `max` queued records without waiting; `None` when there are none. An offset that the log no longer has is an error of
    /// kind `Corrupted`; a deleted topic is `Topology`; a passing fault is swallowed and retried by the implementation.
    fn fetch(&mut self, handle: FetchHandle, max: usize) -> Result<Option<Box<dyn RecordBatch>>>;
    /// Sleeps until any partition may have records, the waker was called, or the time is over.
    fn wait(&mut self, timeout: Duration);
    /// Ends a `wait` from another thread.
    fn waker(&self) -> Waker;
    /// Offset after everything handed over and everything that is not data (transaction markers, aborted records) behind it. Moves on
    /// only when nothing that was fetched is still queued.
    fn position(&mut self, handle: FetchHandle) -> Result<i64>;
    /// The partition's end as the last fetch response told it, without asking: `None` when not known yet.
    fn known_end(&mut self, handle: FetchHandle) -> Option<i64>;
}

/// A topic that a producer writes to; an index, valid as long as the producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProduceHandle(pub u32);

/// A record to write.
#[derive(Clone, Copy, Debug)]
pub struct ProduceRecord<'a> {
    /// Key bytes; `None` is Kafka's null.
    pub key: Option<&'a [u8]>,
    /// Value bytes; `None` is Kafka's null.
    pub value: Option<&'a [u8]>,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// Headers.
    pub headers: &'a Headers,
}

/// A record that could not be written.
#[derive(Debug)]
pub struct DeliveryFailure {
    /// Where it was to go.
    pub partition: TopicPartition,
    /// Whether sending it again may succeed.
    pub retriable: bool,
    /// Why.
    pub error: Error,
}

/// Writes records, in order per partition, each exactly once within the producer's life (idempotent).
pub trait Producer: Send {
    /// The topic's handle; the first call may ask the cluster. A missing topic is an error of kind `Topology`.
    fn topic(&mut self, name: &str) -> Result<ProduceHandle>;
    /// How many partitions the topic has.
    fn partitions(&self, topic: ProduceHandle) -> i32;
    /// Queues a record; waits while the queue is full. An error concerns this record only (`Rejected`), or the producer (`Fenced`).
    fn send(&mut self, topic: ProduceHandle, partition: i32, record: ProduceRecord<'_>) -> Result<()>;
    /// Serves callbacks without waiting.
    fn poll(&mut self);
    /// Waits until every record is acknowledged or has failed; the failures are in `take_failures`. `Unavailable` when time is over.
    fn flush(&mut self, timeout: Duration) -> Result<()>;
    /// Records that failed for good since the last call.
    fn take_failures(&mut self) -> Vec<DeliveryFailure>;
    /// The greatest offset acknowledged for a partition since the producer was made; `None` where it was made without them.
    fn acknowledged(&self, topic: ProduceHandle, partition: i32) -> Option<i64>;

    /// Prepares for transactions, and settles those of an earlier producer with the same id.
    fn init_transactions(&mut self, timeout: Duration) -> Result<()>;
    /// Begins a transaction.
    fn begin(&mut self) -> Result<()>;
    /// Adds input offsets to it.
    fn send_offsets(&mut self, offsets: &[(TopicPartition, CommittedOffset)], token: &dyn CommitToken, timeout: Duration) -> Result<()>;
    /// Commits it. `Unavailable` leaves the outcome unknown.
    fn commit(&mut self, timeout: Duration) -> Result<()>;
    /// Aborts it.
    fn abort(&mut self, timeout: Duration) -> Result<()>;
    /// Begins to do in the background what `flush`, `send_offsets` (where there is a token, which is renewed after the flush) and `commit` do.
    /// Until [`commit_ended`](Self::commit_ended) answers, nothing may be sent, no other call about the transaction be made, and no event of
    /// the group be answered. `wake` is called when the answer is there.
    fn start_commit(
        &mut self,
        offsets: &[(TopicPartition, CommittedOffset)],
        token: Option<&dyn CommitToken>,
        timeout: Duration,
        wake: Waker,
    ) -> Result<()>;
    /// What became of the commit that was started; `None`: not known yet, having waited so long.
    fn commit_ended(&mut self, wait: Duration) -> Option<Result<(), CommitFailed>>;
}

/// Ends somebody's wait, from any thread.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Why a commit in the background was not made, by what is to be done.
#[derive(Debug)]
pub enum CommitFailed {
    /// Not everything was acknowledged in time: the transaction is open as before.
    NotFlushed(Error),
    /// The transaction has to be aborted.
    Refused(Error),
    /// Nobody knows whether it was committed, or the producer can be used no more: it has to be replaced.
    Unknown(Error),
}

/// A topic to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: i32,
    /// `None`: the broker's default.
    pub replication_factor: Option<i32>,
    /// Topic configs by Kafka's names.
    pub configs: BTreeMap<String, String>,
}

/// Which end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The first record that is still there.
    Earliest,
    /// The next record to be written, uncommitted transactions included.
    Latest,
    /// The end of what a read_committed reader sees (the last stable offset).
    LatestCommitted,
    /// The first record at or after a time in milliseconds; the end when there is none.
    Timestamp(i64),
}

/// Topics, configs, offsets. Calls wait for the cluster, up to the client's `request.timeout.ms`.
pub trait Admin: Send + Sync {
    /// The names of all topics.
    fn topics(&self) -> Result<Vec<String>> {
        Err(Error::new(crate::ErrorKind::Config, "this cluster does not list its topics, so none can be read by a pattern"))
    }
    /// Partition counts in the order of the names; `None` for a topic that does not exist.
    fn partition_counts(&self, topics: &[&str]) -> Result<Vec<Option<i32>>>;
    /// What tells each topic from an earlier or later one of the same name, in the order of the names; `None` for a topic that does not exist,
    /// and empty where the cluster does not say.
    fn topic_ids(&self, topics: &[&str]) -> Result<Vec<Option<String>>>;
    /// Makes topics. One that exists already is no error.
    fn create_topics(&self, topics: &[NewTopic]) -> Result<()>;
    /// Deletes topics. One that does not exist is no error.
    fn delete_topics(&self, topics: &[&str]) -> Result<()>;
    /// The topics' configs, in the order of the names. A missing topic is an error of kind `Topology`.
    fn topic_configs(&self, topics: &[&str]) -> Result<Vec<BTreeMap<String, String>>>;
    /// Offsets in the order of the partitions. `Unavailable` while one has no leader, as just after its topic was made: ask again.
    fn list_offsets(&self, partitions: &[(TopicPartition, OffsetSpec)]) -> Result<Vec<i64>>;
    /// What a group has committed, in the order of the partitions; `None` where it has nothing. While a transaction that is not decided may
    /// change it, and where the group's coordinator does not answer, `Unavailable`.
    fn committed_offsets(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>>;
    /// The topics that members of a group subscribe to. `Unavailable` while that is not known of all of them: while the group is rebalanced,
    /// and where its coordinator does not answer.
    fn subscribed_topics(&self, _group: &str) -> Result<BTreeSet<String>> {
        Err(Error::new(
            crate::ErrorKind::Config,
            "this cluster does not tell what a group's members subscribe to, so nothing can be read by a pattern",
        ))
    }
    /// Lets the cluster drop records before the offsets.
    fn delete_records(&self, before: &[(TopicPartition, i64)]) -> Result<()>;
}
