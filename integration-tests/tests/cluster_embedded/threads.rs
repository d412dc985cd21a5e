//! Many threads at once.

use integration_tests::behaviour::{Clients, Fixture, clients::settle};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::cluster::{Cluster, CommittedOffset, FetcherOptions, GroupEvent, MembershipOptions, ProduceRecord, ProducerOptions};
use streams_core::{Headers, TopicPartition};

#[test]
fn writers_and_readers_of_one_partition_lose_nothing() {
    const WRITERS: u64 = 4;
    const EACH: u64 = 50_000;
    let cluster = EmbeddedCluster::new();
    cluster.create_topic("t", 1).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let cluster = &cluster;
            scope.spawn(move || {
                let mut producer = cluster.producer(ProducerOptions::default()).unwrap();
                let topic = producer.topic("t").unwrap();
                for number in 0..EACH {
                    let (key, value) = (writer.to_be_bytes(), number.to_be_bytes());
                    let record = ProduceRecord { key: Some(&key), value: Some(&value), timestamp: 0, headers: &Headers::new() };
                    producer.send(topic, 0, record).unwrap();
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                let mut fetcher = cluster.fetcher(FetcherOptions::default()).unwrap();
                let handle = fetcher.add(&TopicPartition::new("t", 0), 0).unwrap();
                let (mut next, mut numbers) = (0, [0u64; WRITERS as usize]);
                let start = Instant::now();
                while next < (WRITERS * EACH) as i64 {
                    assert!(start.elapsed() < Duration::from_secs(60), "stuck at {next}");
                    let Some(batch) = fetcher.fetch(handle, 1_000).unwrap() else {
                        // Far longer than the test may take: a record that does not wake the reader is found out.
                        fetcher.wait(Duration::from_secs(100));
                        continue;
                    };
                    for i in 0..batch.len() {
                        let record = batch.record(i);
                        let field = |bytes: Option<&[u8]>| u64::from_be_bytes(bytes.unwrap().try_into().unwrap());
                        let number = &mut numbers[field(record.key) as usize];
                        assert_eq!((record.offset, field(record.value)), (next, *number));
                        (next, *number) = (next + 1, *number + 1);
                    }
                }
            });
        }
    });
}

/// Two members that sleep in their polls hand partitions over without waiting for anything else.
#[test]
fn sleeping_members_rebalance_at_once() {
    let embedded = super::Embedded::new();
    let clients = Clients::new(&embedded);
    let (group, topic) = (clients.name("group"), clients.topic(8));
    let stop = AtomicBool::new(false);
    let mut first = clients.member(&group, &[&topic]);
    settle(&mut [&mut first], &[(&topic, 8)]);
    let elapsed = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                if let Some(event) = first.membership.poll(Duration::from_millis(500)).unwrap() {
                    first.apply(&event);
                    first.membership.acknowledge().unwrap();
                }
            }
        });
        std::thread::sleep(Duration::from_millis(50));
        let options = MembershipOptions { group: group.clone(), topics: vec![topic.clone()], ..Default::default() };
        let mut second = embedded.cluster().membership(options).unwrap();
        let (start, mut owned) = (Instant::now(), 0);
        while owned < 4 {
            if let Some(GroupEvent::Assigned(added)) = second.poll(Duration::from_secs(20)).unwrap() {
                owned += added.len();
                second.acknowledge().unwrap();
            }
        }
        let elapsed = start.elapsed();
        stop.store(true, Ordering::Relaxed);
        elapsed
    });
    assert!(elapsed < Duration::from_millis(300), "the rebalance took {elapsed:?}");
    assert_eq!(first.owned.len(), 4);
}

/// Members come and go; every partition has at most one owner at any time, and no commit is lost.
#[test]
fn a_storm_of_rebalances_never_gives_a_partition_to_two() {
    let storm =
        Storm { cluster: EmbeddedCluster::new(), owners: Mutex::default(), commits: AtomicU64::new(0), handed_over: AtomicU64::new(0) };
    storm.cluster.create_topic("t", Storm::PARTITIONS).unwrap();
    let end = Instant::now() + Duration::from_millis(1_500);
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let storm = &storm;
            scope.spawn(move || {
                let mut life = 0;
                while Instant::now() < end {
                    life += 1;
                    storm.live(thread * 1_000_000 + life, (thread + 2) * 7);
                }
            });
        }
    });
    let handed_over = storm.handed_over.into_inner();
    assert!(handed_over > 200, "only {handed_over} hand-overs: this tried nothing");
    let offset = |partition| storm.cluster.committed_offset("g", "t", partition).map_or(0, |c| c.offset as u64);
    assert_eq!((0..Storm::PARTITIONS).map(offset).sum::<u64>(), storm.commits.into_inner());
}

struct Storm {
    cluster: EmbeddedCluster,
    /// Who believes to own what.
    owners: Mutex<BTreeMap<TopicPartition, u64>>,
    commits: AtomicU64,
    handed_over: AtomicU64,
}

impl Storm {
    const PARTITIONS: i32 = 12;

    /// One member, from joining to leaving. While nothing happens it adds one to the offset of each partition it owns.
    fn live(&self, name: u64, polls: u64) {
        let options = MembershipOptions { group: "g".to_string(), topics: vec!["t".to_string()], ..Default::default() };
        let mut member = self.cluster.membership(options).unwrap();
        let mut owned: Vec<TopicPartition> = Vec::new();
        for _ in 0..polls {
            match member.poll(Duration::from_millis(2)).unwrap() {
                None => {
                    let committed = member.committed(&owned, Duration::ZERO).unwrap();
                    let next =
                        |c: Option<CommittedOffset>| CommittedOffset { offset: c.map_or(1, |c| c.offset + 1), metadata: String::new() };
                    let offsets: Vec<_> = owned.iter().cloned().zip(committed.into_iter().map(next)).collect();
                    member.commit(&offsets, Duration::ZERO).unwrap();
                    self.commits.fetch_add(offsets.len() as u64, Ordering::Relaxed);
                    continue;
                }
                Some(GroupEvent::Assigned(added)) => {
                    for partition in &added {
                        let before = self.owners.lock().unwrap().insert(partition.clone(), name);
                        assert_eq!(before, None, "{partition} has two owners");
                    }
                    self.handed_over.fetch_add(added.len() as u64, Ordering::Relaxed);
                    owned.extend(added);
                }
                Some(GroupEvent::Revoked(gone)) => {
                    for partition in &gone {
                        assert_eq!(self.owners.lock().unwrap().remove(partition), Some(name));
                    }
                    owned.retain(|p| !gone.contains(p));
                }
                Some(GroupEvent::Lost(_)) => panic!("nobody is silent for so long"),
            }
            member.acknowledge().unwrap();
        }
        let mut owners = self.owners.lock().unwrap();
        owned.iter().for_each(|p| assert_eq!(owners.remove(p), Some(name)));
        drop(owners);
        member.leave(Duration::ZERO).unwrap();
    }
}
