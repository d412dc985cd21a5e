//! Clients of the cluster under test, and waiting for what they should see.

use super::{Fixture, PATIENCE};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use streams_core::cluster::{
    Admin, ClientSettings, CommittedOffset, FetchHandle, Fetcher, FetcherOptions, GroupEvent, Membership, MembershipOptions, NewTopic,
    OffsetSpec, ProduceHandle, ProduceRecord, Producer, ProducerOptions,
};
use streams_core::{ErrorKind, Headers, Result, TopicPartition};

/// Makes clients.
pub struct Clients<'a> {
    fixture: &'a dyn Fixture,
    admin: Arc<dyn Admin>,
}

/// A record as a reader saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub timestamp: i64,
    pub offset: i64,
    pub headers: Headers,
}

/// Asks until the answer is there; fails the test when it does not come.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
    }
}

impl<'a> Clients<'a> {
    pub fn new(fixture: &'a dyn Fixture) -> Self {
        Clients::with(fixture, &[])
    }

    /// With settings of the admin client.
    pub fn with(fixture: &'a dyn Fixture, extra: &[(&str, &str)]) -> Self {
        let admin = fixture.cluster().admin(&settings(fixture, extra)).unwrap();
        Clients { fixture, admin }
    }

    pub fn admin(&self) -> &dyn Admin {
        &*self.admin
    }

    pub fn name(&self, stem: &str) -> String {
        self.fixture.fresh_name(stem)
    }

    /// A new topic that clients can use.
    pub fn topic(&self, partitions: i32) -> String {
        self.topic_with(partitions, &[])
    }

    pub fn topic_with(&self, partitions: i32, configs: &[(&str, &str)]) -> String {
        let name = self.name("topic");
        let mut configs: BTreeMap<_, _> = configs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        // The records of the suite are old.
        configs.entry("retention.ms".to_string()).or_insert_with(|| "-1".to_string());
        let new = NewTopic { name: name.clone(), partitions, replication_factor: None, configs };
        self.admin.create_topics(&[new]).unwrap();
        wait_for("the new topic", || (self.admin.partition_counts(&[&name]).unwrap() == [Some(partitions)]).then_some(()));
        name
    }

    /// Waits for the partition's leader: a topic that was just made is known before its brokers lead it.
    pub fn offset(&self, topic: &str, partition: i32, spec: OffsetSpec) -> i64 {
        let asked = [(TopicPartition::new(topic, partition), spec)];
        wait_for("a leader that lists offsets", || match self.admin.list_offsets(&asked) {
            Err(error) if error.kind() == ErrorKind::Unavailable => None,
            answer => Some(answer.expect("the partition is there")[0]),
        })
    }

    pub fn producer(&self) -> Writer {
        self.producer_with(&[])
    }

    pub fn producer_with(&self, extra: &[(&str, &str)]) -> Writer {
        let options = ProducerOptions { client: settings(self.fixture, extra), ..Default::default() };
        Writer { producer: self.fixture.cluster().producer(options).unwrap() }
    }

    /// A transactional producer that is not initialised yet.
    pub fn transactional(&self, id: &str) -> Writer {
        let options = ProducerOptions {
            client: settings(self.fixture, &[]),
            transactional_id: Some(id.to_string()),
            transaction_timeout: Some(PATIENCE),
            ..Default::default()
        };
        Writer { producer: self.fixture.cluster().producer(options).unwrap() }
    }

    pub fn reader(&self, topic: &str, partition: i32, offset: i64) -> Reader {
        self.reader_as(topic, partition, offset, false)
    }

    pub fn committed_reader(&self, topic: &str, partition: i32, offset: i64) -> Reader {
        self.reader_as(topic, partition, offset, true)
    }

    fn reader_as(&self, topic: &str, partition: i32, offset: i64, read_committed: bool) -> Reader {
        let mut fetcher = self.fetcher(read_committed);
        let handle = fetcher.add(&TopicPartition::new(topic, partition), offset).unwrap();
        Reader { fetcher, handle }
    }

    pub fn fetcher(&self, read_committed: bool) -> Box<dyn Fetcher> {
        let options = FetcherOptions { client: settings(self.fixture, &[]), read_committed, bulk: false };
        self.fixture.cluster().fetcher(options).unwrap()
    }

    pub fn member(&self, group: &str, topics: &[&str]) -> Member {
        self.member_with(group, topics, &[])
    }

    pub fn member_with(&self, group: &str, topics: &[&str], extra: &[(&str, &str)]) -> Member {
        let options = MembershipOptions {
            client: settings(self.fixture, extra),
            group: group.to_string(),
            topics: topics.iter().map(ToString::to_string).collect(),
        };
        Member { membership: self.fixture.cluster().membership(options).unwrap(), owned: BTreeSet::new(), lost: 0, revoked: 0 }
    }
}

fn settings(fixture: &dyn Fixture, extra: &[(&str, &str)]) -> ClientSettings {
    let mut values: BTreeMap<String, String> = fixture.settings().into_iter().map(|(k, v)| (k.to_string(), v)).collect();
    values.extend(extra.iter().map(|(k, v)| (k.to_string(), v.to_string())));
    ClientSettings { client_id: "behaviour".to_string(), values }
}

/// A producer.
pub struct Writer {
    pub producer: Box<dyn Producer>,
}

impl Writer {
    pub fn handle(&mut self, topic: &str) -> ProduceHandle {
        self.producer.topic(topic).unwrap()
    }

    pub fn try_send(&mut self, topic: &str, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>) -> Result {
        let topic = self.producer.topic(topic)?;
        self.producer.send(topic, partition, ProduceRecord { key, value, timestamp: 1_700_000_000_000, headers: &Headers::new() })
    }

    /// Sends records that have only a value.
    pub fn send(&mut self, topic: &str, partition: i32, values: &[&str]) {
        for value in values {
            self.try_send(topic, partition, None, Some(value.as_bytes())).unwrap();
        }
    }

    /// Waits for acknowledgement of everything, and expects it.
    pub fn flush(&mut self) {
        self.producer.flush(PATIENCE).unwrap();
        let failures = self.producer.take_failures();
        assert!(failures.is_empty(), "{failures:?}");
    }

    pub fn init(&mut self) {
        again("initialising transactions", || self.producer.init_transactions(PATIENCE)).unwrap();
    }

    pub fn begin(&mut self) {
        self.producer.begin().unwrap();
    }

    pub fn commit(&mut self) {
        self.producer.commit(PATIENCE).unwrap();
    }

    pub fn abort(&mut self) {
        self.producer.abort(PATIENCE).unwrap();
    }
}

/// A reader of one partition.
pub struct Reader {
    pub fetcher: Box<dyn Fetcher>,
    pub handle: FetchHandle,
}

impl Reader {
    /// What there is now, up to `max`.
    pub fn fetch(&mut self, max: usize) -> Result<Vec<Seen>> {
        let Some(batch) = self.fetcher.fetch(self.handle, max)? else { return Ok(Vec::new()) };
        assert!(batch.len() > 0 && batch.len() <= max, "a batch of {} records, {max} were asked for", batch.len());
        let seen = |i| {
            let record = batch.record(i);
            Seen {
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                timestamp: record.timestamp,
                offset: record.offset,
                headers: batch.headers(i),
            }
        };
        Ok((0..batch.len()).map(seen).collect())
    }

    /// Waits for `count` records.
    pub fn take(&mut self, count: usize) -> Vec<Seen> {
        let mut all = Vec::new();
        wait_for(&format!("{count} records"), || {
            let seen = self.fetch(count - all.len()).unwrap();
            if seen.is_empty() {
                self.fetcher.wait(Duration::from_millis(50));
            }
            all.extend(seen);
            (all.len() == count).then_some(())
        });
        all
    }

    /// Waits for `count` records, and gives their values as text.
    pub fn values(&mut self, count: usize) -> Vec<String> {
        self.take(count).into_iter().map(|r| String::from_utf8(r.value.unwrap_or_default()).unwrap()).collect()
    }

    /// Waits until the position is at `offset`; no record may come on the way.
    pub fn reach(&mut self, offset: i64) {
        wait_for(&format!("position {offset}"), || {
            let seen = self.fetch(100).unwrap();
            assert!(seen.is_empty(), "unexpected: {seen:?}");
            let position = self.fetcher.position(self.handle).unwrap();
            if position != offset {
                self.fetcher.wait(Duration::from_millis(50));
            }
            (position == offset).then_some(())
        });
    }

    /// Waits for an error, and gives its kind.
    pub fn failure(&mut self) -> ErrorKind {
        wait_for("an error", || match self.fetch(100) {
            Err(error) => Some(error.kind()),
            Ok(seen) => {
                assert!(seen.is_empty(), "unexpected: {seen:?}");
                self.fetcher.wait(Duration::from_millis(50));
                None
            }
        })
    }
}

/// A member of a group that does at once what it is told.
pub struct Member {
    pub membership: Box<dyn Membership>,
    pub owned: BTreeSet<TopicPartition>,
    /// How many partitions it had to give up, and how many it lost.
    pub revoked: usize,
    pub lost: usize,
}

impl Member {
    /// Polls once; what it was told.
    pub fn step(&mut self) -> Option<GroupEvent> {
        let event = match self.membership.poll(Duration::from_millis(20)) {
            Ok(event) => event?,
            Err(error) if error.kind() == ErrorKind::Unavailable => return None,
            Err(error) => panic!("{error}"),
        };
        self.apply(&event);
        self.membership.acknowledge().unwrap();
        Some(event)
    }

    /// Notes what an event says, without acknowledging it.
    pub fn apply(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::Assigned(added) => {
                for partition in added {
                    assert!(self.owned.insert(partition.clone()), "{partition} was assigned twice");
                }
            }
            GroupEvent::Revoked(gone) | GroupEvent::Lost(gone) => {
                for partition in gone {
                    assert!(self.owned.remove(partition), "{partition} was taken away and not owned");
                }
                match event {
                    GroupEvent::Lost(_) => self.lost += 1,
                    _ => self.revoked += gone.len(),
                }
            }
        }
    }

    pub fn commit(&mut self, partition: &TopicPartition, offset: i64, metadata: &str) -> Result {
        let offset = CommittedOffset { offset, metadata: metadata.to_string() };
        again("committing an offset", || self.membership.commit(&[(partition.clone(), offset.clone())], PATIENCE))
    }

    pub fn committed(&mut self, partition: &TopicPartition) -> Option<CommittedOffset> {
        again("asking for an offset", || self.membership.committed(std::slice::from_ref(partition), PATIENCE)).unwrap().remove(0)
    }

    pub fn leave(self) {
        self.membership.leave(PATIENCE).unwrap();
    }
}

/// Calls again while the cluster is `Unavailable`.
pub fn again<T>(what: &str, mut call: impl FnMut() -> Result<T>) -> Result<T> {
    wait_for(what, || match call() {
        Err(error) if error.kind() == ErrorKind::Unavailable => None,
        done => Some(done),
    })
}

/// Polls the members until they share all partitions of the topics, none with two more than another.
pub fn settle(members: &mut [&mut Member], topics: &[(&str, i32)]) {
    let all: BTreeSet<TopicPartition> = topics.iter().flat_map(|(topic, n)| (0..*n).map(|p| TopicPartition::new(*topic, p))).collect();
    wait_for("a balanced group", || {
        for member in members.iter_mut() {
            member.step();
        }
        let mut union = BTreeSet::new();
        for member in members.iter() {
            for partition in &member.owned {
                assert!(union.insert(partition.clone()), "{partition} has two owners");
            }
        }
        let sizes = members.iter().map(|m| m.owned.len());
        let balanced = sizes.clone().max().unwrap_or(0) <= sizes.min().unwrap_or(0) + 1;
        (union == all && balanced).then_some(())
    });
}
