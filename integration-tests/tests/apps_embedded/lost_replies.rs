//! Commits that are made while their answer gets lost.

use super::Embedded;
use integration_tests::apps::Bench;
use integration_tests::apps::bench::{TIME, close, shared};
use integration_tests::behaviour::clients::wait_for;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use streams_core::cluster::{
    Admin, ClientSettings, Cluster, CommitToken, CommittedOffset, Fetcher, FetcherOptions, GroupEvent, Membership, MembershipOptions,
    Producer, ProducerOptions,
};
use streams_core::{Error, ErrorKind, KafkaStreams, Result, StreamsBuilder, TopicPartition};

/// A cluster whose members never hear that their offsets were committed, while `deaf` is set.
struct Deaf {
    inner: Arc<dyn Cluster>,
    deaf: Arc<AtomicBool>,
}

impl Cluster for Deaf {
    fn admin(&self, settings: &ClientSettings) -> Result<Arc<dyn Admin>> {
        self.inner.admin(settings)
    }
    fn membership(&self, options: MembershipOptions) -> Result<Box<dyn Membership>> {
        Ok(Box::new(DeafMember { inner: self.inner.membership(options)?, deaf: self.deaf.clone() }))
    }
    fn fetcher(&self, options: FetcherOptions) -> Result<Box<dyn Fetcher>> {
        self.inner.fetcher(options)
    }
    fn producer(&self, options: ProducerOptions) -> Result<Box<dyn Producer>> {
        self.inner.producer(options)
    }
}

struct DeafMember {
    inner: Box<dyn Membership>,
    deaf: Arc<AtomicBool>,
}

impl Membership for DeafMember {
    fn poll(&mut self, timeout: Duration) -> Result<Option<GroupEvent>> {
        self.inner.poll(timeout)
    }
    fn acknowledge(&mut self) -> Result<()> {
        self.inner.acknowledge()
    }
    fn commit(&mut self, offsets: &[(TopicPartition, CommittedOffset)], timeout: Duration) -> Result<()> {
        self.inner.commit(offsets, timeout)?;
        match self.deaf.load(Ordering::Relaxed) {
            true => Err(Error::new(ErrorKind::Unavailable, "the answer was lost")),
            false => Ok(()),
        }
    }
    fn committed(&mut self, partitions: &[TopicPartition], timeout: Duration) -> Result<Vec<Option<CommittedOffset>>> {
        self.inner.committed(partitions, timeout)
    }
    fn token(&mut self) -> Result<Box<dyn CommitToken>> {
        self.inner.token()
    }
    fn leave(self: Box<Self>, timeout: Duration) -> Result<()> {
        self.inner.leave(timeout)
    }
}

/// The group is ahead of the stores then: a task that goes back to its last commit must go back to that of its stores.
#[test]
fn a_task_goes_back_to_where_its_stores_are() {
    let embedded = Embedded::new();
    let mut bench = Bench::new(&embedded);
    let (count, panics) = shared::<AtomicU32>();
    let builder = StreamsBuilder::new();
    builder
        .stream::<String, String>(bench.input.as_str())
        .peek(move |_, value| {
            if value == "poison" {
                count.fetch_add(1, Ordering::Relaxed);
                panic!("on purpose");
            }
        })
        .group_by_key()
        .count_with("words")
        .to_stream()
        .to(&bench.output);
    let topology = builder.build().expect("the topology is right");
    let config = bench.config("a").set("processing.exception.handler", "LogAndContinueProcessingExceptionHandler");
    let (deaf, switch) = shared::<AtomicBool>();
    let cluster = Deaf { inner: Arc::new(embedded.cluster.clone()), deaf };
    let app = KafkaStreams::builder(topology, config).cluster(Arc::new(cluster)).start().expect("the application starts");

    let put = |bench: &mut Bench<'_>, value: &str| bench.put(0, Some(b"word"), Some(value.as_bytes()), TIME);
    (0..100).for_each(|_| put(&mut bench, "fine"));
    bench.flush();
    bench.await_committed(&bench.input, 0, 100);
    switch.store(true, Ordering::Relaxed);
    (0..100).for_each(|_| put(&mut bench, "fine"));
    bench.flush();
    bench.await_committed(&bench.input, 0, 200);
    put(&mut bench, "poison");
    (0..100).for_each(|_| put(&mut bench, "fine"));
    bench.flush();
    wait_for("the panic", || (panics.load(Ordering::Relaxed) > 0).then_some(()));
    switch.store(false, Ordering::Relaxed);
    bench.expected.insert("word".to_owned(), 300);
    bench.await_counts();
    bench.await_committed(&bench.input, 0, 301);
    close(&app);
    bench.await_counts();
}
