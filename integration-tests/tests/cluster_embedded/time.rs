//! What runs out of time is noticed by the next call, on the clock that the cluster was given.

use super::Embedded;
use integration_tests::behaviour::{Clients, clients::settle};
use std::time::{Duration, Instant};
use streams_core::cluster::CommittedOffset;
use streams_core::cluster::embedded::{EmbeddedCluster, EmbeddedOptions};
use streams_core::cluster::{Cluster, MembershipOptions};
use streams_core::{ErrorKind, TopicPartition};

#[test]
fn a_transaction_that_is_open_for_too_long_is_aborted() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let (topic, id) = (clients.topic(1), clients.name("id"));
    let mut writer = clients.transactional(&id);
    writer.init();
    writer.begin();
    writer.send(&topic, 0, &["gone"]);
    let mut reader = clients.committed_reader(&topic, 0, 0);
    reader.reach(0);
    embedded.clock.advance(Duration::from_secs(29));
    reader.reach(0);
    embedded.clock.advance(Duration::from_secs(2));
    // No call but the reader's own.
    reader.reach(2);
    let error = writer.try_send(&topic, 0, None, Some(b"too late")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    assert_eq!(writer.producer.commit(Duration::ZERO).unwrap_err().kind(), ErrorKind::Fenced);
    // A producer that is made anew goes on.
    let mut writer = clients.transactional(&id);
    writer.init();
    writer.begin();
    writer.send(&topic, 0, &["kept"]);
    writer.commit();
    assert_eq!(reader.values(1), ["kept"]);
}

#[test]
fn pending_offsets_are_waited_for() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let (group, input) = (clients.name("group"), clients.topic(2));
    let mut member = clients.member(&group, &[&input]);
    settle(&mut [&mut member], &[(&input, 2)]);
    let partitions = [TopicPartition::new(input.as_str(), 0), TopicPartition::new(input.as_str(), 1)];
    let offset = CommittedOffset { offset: 5, metadata: "m".to_string() };
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    writer.begin();
    let token = member.membership.token().unwrap();
    writer.producer.send_offsets(&[(partitions[0].clone(), offset.clone())], &*token, Duration::ZERO).unwrap();
    // The other partition is not concerned.
    assert_eq!(member.membership.committed(&partitions[1..], Duration::ZERO).unwrap(), [None]);
    let start = Instant::now();
    let error = member.membership.committed(&partitions, Duration::from_millis(30)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(start.elapsed() >= Duration::from_millis(30));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(30));
            writer.commit();
        });
        let found = member.membership.committed(&partitions, Duration::from_secs(20)).unwrap();
        assert_eq!(found, [Some(offset.clone()), None]);
    });
    // An abandoned one ends with its time-out, and leaves what was there.
    writer.begin();
    let later = CommittedOffset { offset: 9, metadata: String::new() };
    writer.producer.send_offsets(&[(partitions[0].clone(), later)], &*token, Duration::ZERO).unwrap();
    embedded.clock.advance(Duration::from_secs(31));
    assert_eq!(member.membership.committed(&partitions[..1], Duration::ZERO).unwrap(), [Some(offset)]);
}

#[test]
fn nothing_sleeps_when_it_may_not() {
    let cluster = EmbeddedCluster::with_options(EmbeddedOptions { blocking: false, ..Default::default() });
    cluster.create_topic("t", 1).unwrap();
    let options = MembershipOptions { group: "g".to_string(), topics: vec!["t".to_string()], ..Default::default() };
    let mut member = cluster.membership(options).unwrap();
    let mut fetcher = cluster.fetcher(Default::default()).unwrap();
    let start = Instant::now();
    let hour = Duration::from_secs(3600);
    assert!(member.poll(hour).unwrap().is_some());
    member.acknowledge().unwrap();
    assert!(member.poll(hour).unwrap().is_none());
    fetcher.wait(hour);
    fetcher.wait(hour);
    cluster.set_reachable(false);
    assert_eq!(member.poll(hour).unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_first_member_waits_for_others_as_it_is_told() {
    let delay = Duration::from_millis(100);
    let cluster = EmbeddedCluster::with_options(EmbeddedOptions { initial_rebalance_delay: delay, ..Default::default() });
    cluster.create_topic("t", 2).unwrap();
    let options = MembershipOptions { group: "g".to_string(), topics: vec!["t".to_string()], ..Default::default() };
    let mut member = cluster.membership(options).unwrap();
    let start = Instant::now();
    // One sleeping poll is enough.
    assert!(member.poll(Duration::from_secs(20)).unwrap().is_some());
    assert!((delay..Duration::from_secs(5)).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[test]
fn a_dropped_member_is_a_dead_process() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let (group, topic) = (clients.name("group"), clients.topic(2));
    let (mut dead, mut alive) = (clients.member(&group, &[&topic]), clients.member(&group, &[&topic]));
    settle(&mut [&mut dead, &mut alive], &[(&topic, 2)]);
    drop(dead);
    for _ in 0..4 {
        embedded.clock.advance(Duration::from_secs(11));
        alive.step();
        assert_eq!(alive.owned.len(), 1);
    }
    embedded.clock.advance(Duration::from_secs(11));
    alive.step();
    assert_eq!(alive.owned.len(), 2);
}

#[test]
fn committing_for_another_is_fenced() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let (group, topic, other) = (clients.name("group"), clients.topic(2), clients.topic(1));
    let (mut first, mut second) = (clients.member(&group, &[&topic]), clients.member(&group, &[&topic]));
    settle(&mut [&mut first, &mut second], &[(&topic, 2)]);
    let theirs = second.owned.iter().next().unwrap().clone();
    assert_eq!(first.commit(&theirs, 1, "").unwrap_err().kind(), ErrorKind::Fenced);
    // A topic that nobody subscribes to is free to all: sub-topologies read more than the topic that stands for them.
    first.commit(&TopicPartition::new(other.as_str(), 0), 1, "").unwrap();
    // Before joining there is nothing to commit with.
    let mut stranger = clients.member(&group, &[&topic]);
    assert_eq!(stranger.commit(&theirs, 1, "").unwrap_err().kind(), ErrorKind::Closed);
}
