//! Trouble on demand.

use super::Embedded;
use integration_tests::behaviour::{Clients, clients::settle};
use std::time::Duration;
use streams_core::cluster::CommittedOffset;
use streams_core::{ErrorKind, TopicPartition};

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn an_unreachable_cluster_answers_nothing() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let (group, topic) = (clients.name("group"), clients.topic(1));
    let mut member = clients.member(&group, &[&topic]);
    settle(&mut [&mut member], &[(&topic, 1)]);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["before"]);
    let mut reader = clients.reader(&topic, 0, 0);

    embedded.cluster.set_reachable(false);
    let partition = TopicPartition::new(topic.as_str(), 0);
    let offset = CommittedOffset { offset: 1, metadata: String::new() };
    let errors = [
        member.membership.poll(SHORT).map(drop).unwrap_err(),
        member.membership.commit(&[(partition.clone(), offset)], SHORT).unwrap_err(),
        member.membership.committed(&[partition], SHORT).map(drop).unwrap_err(),
        clients.admin().partition_counts(&[&topic]).map(drop).unwrap_err(),
        writer.producer.topic("other").map(drop).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
    assert!(reader.fetch(10).unwrap().is_empty());
    writer.send(&topic, 0, &["during"]);
    assert_eq!(writer.producer.flush(SHORT).unwrap_err().kind(), ErrorKind::Unavailable);

    // However long it was away: nobody is thrown out, nothing is lost.
    embedded.clock.advance(Duration::from_secs(100));
    embedded.cluster.set_reachable(true);
    assert_eq!(member.membership.poll(Duration::ZERO).unwrap(), None);
    writer.send(&topic, 0, &["after"]);
    writer.flush();
    assert_eq!(reader.values(3), ["before", "during", "after"]);
}

#[test]
fn a_reader_wakes_when_the_cluster_is_back() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["a"]);
    embedded.cluster.set_reachable(false);
    let mut reader = clients.reader(&topic, 0, 0);
    reader.fetcher.wait(Duration::ZERO);
    assert!(reader.fetch(1).unwrap().is_empty());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(50));
            embedded.cluster.set_reachable(true);
        });
        let start = std::time::Instant::now();
        reader.fetcher.wait(Duration::from_secs(20));
        assert!(start.elapsed() < Duration::from_secs(10));
    });
    assert_eq!(reader.values(1), ["a"]);
}

#[test]
fn what_waits_too_long_fails() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let topic = clients.topic(1);
    let mut writer = clients.producer_with(&[("delivery.timeout.ms", "5000"), ("buffer.memory", "10"), ("max.block.ms", "20")]);
    writer.handle(&topic);
    embedded.cluster.set_reachable(false);
    writer.send(&topic, 0, &["12345678"]);
    // The queue is full.
    let error = writer.try_send(&topic, 0, None, Some(b"12345678")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    embedded.clock.advance(Duration::from_secs(6));
    // Everything is settled, and so the flush succeeds.
    writer.producer.flush(SHORT).unwrap();
    let failures = writer.producer.take_failures();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].retriable && failures[0].error.to_string().contains("delivery.timeout.ms"), "{failures:?}");
    embedded.cluster.set_reachable(true);
    assert_eq!(embedded.cluster.end_offset(&topic, 0).unwrap(), 0);
}

#[test]
fn chosen_records_fail() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let (topic, other) = (clients.topic(1), clients.topic(1));
    let mut writer = clients.producer();
    for (retriable, kind) in [(true, ErrorKind::Unavailable), (false, ErrorKind::Rejected)] {
        embedded.cluster.fail_produces(&topic, 2, retriable);
        writer.send(&other, 0, &["unaffected"]);
        writer.send(&topic, 0, &["fails", "fails", "succeeds"]);
        writer.producer.flush(SHORT).unwrap();
        let failures = writer.producer.take_failures();
        assert_eq!(failures.iter().map(|f| (f.retriable, f.error.kind())).collect::<Vec<_>>(), [(retriable, kind); 2]);
    }
    assert_eq!(clients.reader(&topic, 0, 0).values(2), ["succeeds", "succeeds"]);
    assert_eq!(embedded.cluster.end_offset(&other, 0).unwrap(), 2);
}

#[test]
fn a_transaction_with_a_failed_record_can_only_be_aborted() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let topic = clients.topic(1);
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    writer.begin();
    embedded.cluster.fail_produces(&topic, 1, false);
    writer.send(&topic, 0, &["fails", "gone"]);
    let error = writer.producer.commit(SHORT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    writer.abort();
    assert_eq!(writer.producer.take_failures().len(), 1);
    writer.begin();
    writer.send(&topic, 0, &["kept"]);
    writer.commit();
    assert_eq!(clients.committed_reader(&topic, 0, 0).values(1), ["kept"]);
}

#[test]
fn a_transaction_survives_a_cut() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let topic = clients.topic(1);
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    writer.begin();
    writer.send(&topic, 0, &["a"]);
    embedded.cluster.set_reachable(false);
    writer.send(&topic, 0, &["b"]);
    assert_eq!(writer.producer.commit(SHORT).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(writer.producer.abort(SHORT).unwrap_err().kind(), ErrorKind::Unavailable);
    embedded.cluster.set_reachable(true);
    writer.commit();
    assert_eq!(clients.committed_reader(&topic, 0, 0).values(2), ["a", "b"]);
}

#[test]
fn a_topic_made_anew_takes_the_records_of_old_producers_and_not_of_old_readers() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let topic = clients.topic(1);
    let mut writer = clients.producer();
    writer.send(&topic, 0, &["old"]);
    let mut reader = clients.reader(&topic, 0, 0);
    clients.admin().delete_topics(&[&topic]).unwrap();
    writer.send(&topic, 0, &["lost"]);
    let failures = writer.producer.take_failures();
    assert_eq!(failures.iter().map(|f| (f.retriable, f.error.kind())).collect::<Vec<_>>(), [(false, ErrorKind::Topology)]);
    embedded.cluster.create_topic(&topic, 1).unwrap();
    writer.send(&topic, 0, &["new"]);
    writer.flush();
    assert_eq!(reader.fetch(1).unwrap_err().kind(), ErrorKind::Topology);
    assert_eq!(clients.reader(&topic, 0, 0).values(1), ["new"]);
}

#[test]
fn a_commit_whose_reply_is_lost_is_done() {
    let embedded = Embedded::new();
    let clients = Clients::new(&embedded);
    let (topic, id) = (clients.topic(1), clients.name("id"));
    let mut writer = clients.transactional(&id);
    writer.init();
    writer.begin();
    writer.send(&topic, 0, &["a"]);
    embedded.cluster.lose_commit_replies(1);
    assert_eq!(writer.producer.commit(SHORT).unwrap_err().kind(), ErrorKind::Unavailable);
    // As it should be done: a new producer settles it, and the offsets tell what became of it.
    let mut next = clients.transactional(&id);
    next.init();
    assert_eq!(clients.committed_reader(&topic, 0, 0).values(1), ["a"]);
    assert_eq!(embedded.cluster.end_offset(&topic, 0).unwrap(), 2);
    next.begin();
    next.send(&topic, 0, &["b"]);
    next.commit();
}
