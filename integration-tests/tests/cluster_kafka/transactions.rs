use crate::support::*;
use std::time::{Duration, Instant};
use streams_core::cluster::{CommittedOffset, FetchHandle, Fetcher, GroupEvent, Membership, OffsetSpec};
use streams_core::{ErrorKind, TopicPartition};

fn joined(group: &str, topic: &str) -> Box<dyn Membership> {
    let mut member = member(group, &[topic]);
    let deadline = Instant::now() + WAIT;
    loop {
        assert!(Instant::now() < deadline);
        if let Some(event) = member.poll(Duration::from_millis(50)).unwrap() {
            member.acknowledge().unwrap();
            if matches!(event, GroupEvent::Assigned(list) if !list.is_empty()) {
                return member;
            }
        }
    }
}

fn offset(partition: TopicPartition, offset: i64) -> (TopicPartition, CommittedOffset) {
    (partition, CommittedOffset { offset, metadata: "m".into() })
}

/// Reads on until the position is there.
fn position_reaches(fetcher: &mut dyn Fetcher, handle: FetchHandle, end: i64) -> usize {
    let mut count = 0;
    eventually(&format!("the position reaches {end}"), || {
        fetcher.wait(Duration::from_millis(20));
        while let Some(batch) = fetcher.fetch(handle, 100).unwrap() {
            count += batch.len();
        }
        fetcher.position(handle).unwrap() >= end
    });
    assert_eq!(fetcher.position(handle).unwrap(), end);
    count
}

#[test]
fn a_transaction_writes_records_and_offsets_or_neither() {
    let (input, output, group) = (new_topic(1), new_topic(1), unique("group"));
    let mut member = joined(&group, &input);
    let mut producer = transactional(&unique("tx"));
    producer.init_transactions(WAIT).unwrap();
    let out = producer.topic(&output).unwrap();
    let mut committed = fetcher(true);
    let reader = committed.add(&tp(&output, 0), 0).unwrap();
    let mut uncommitted = fetcher(false);
    let dirty = uncommitted.add(&tp(&output, 0), 0).unwrap();

    producer.begin().unwrap();
    producer.send(out, 0, record(b"aborted")).unwrap();
    producer.flush(WAIT).unwrap();
    assert_eq!(producer.acknowledged(out, 0), Some(0));
    producer.send_offsets(&[offset(tp(&input, 0), 3)], &*member.token().unwrap(), WAIT).unwrap();
    producer.abort(WAIT).unwrap();
    assert_eq!(member.committed(&[tp(&input, 0)], WAIT).unwrap(), [None]);

    producer.begin().unwrap();
    producer.send(out, 0, record(b"committed")).unwrap();
    producer.send_offsets(&[offset(tp(&input, 0), 5)], &*member.token().unwrap(), WAIT).unwrap();
    producer.commit(WAIT).unwrap();
    assert_eq!(member.committed(&[tp(&input, 0)], WAIT).unwrap()[0].as_ref().map(|o| (o.offset, o.metadata.as_str())), Some((5, "m")));

    // aborted 0, marker 1, committed 2, marker 3.
    assert_eq!(read(&mut *committed, reader, 1), [(2, b"committed".to_vec())]);
    assert_eq!(read(&mut *uncommitted, dirty, 2).iter().map(|(o, _)| *o).collect::<Vec<_>>(), [0, 2]);
    position_reaches(&mut *committed, reader, 4);
    position_reaches(&mut *uncommitted, dirty, 4);
    let ends = admin().list_offsets(&[(tp(&output, 0), OffsetSpec::Latest), (tp(&output, 0), OffsetSpec::LatestCommitted)]).unwrap();
    assert_eq!(ends, [4, 4]);
    assert_eq!(committed.known_end(reader), Some(4));
}

#[test]
fn the_position_passes_aborted_records_at_the_end_of_the_log() {
    let topic = new_topic(1);
    let mut producer = transactional(&unique("tx"));
    producer.init_transactions(WAIT).unwrap();
    let out = producer.topic(&topic).unwrap();
    let mut fetcher = fetcher(true);
    let reader = fetcher.add(&tp(&topic, 0), 0).unwrap();
    let mut end = 0;
    for round in 0..3 {
        producer.begin().unwrap();
        for _ in 0..10 {
            producer.send(out, 0, record(b"x")).unwrap();
        }
        producer.flush(WAIT).unwrap();
        producer.abort(WAIT).unwrap();
        end += 11;
        assert_eq!(position_reaches(&mut *fetcher, reader, end), 0, "round {round}");
    }
    producer.begin().unwrap();
    producer.send(out, 0, record(b"x")).unwrap();
    producer.commit(WAIT).unwrap();
    assert_eq!(position_reaches(&mut *fetcher, reader, end + 2), 1);
}

#[test]
fn records_of_an_open_transaction_wait_for_its_end() {
    let topic = new_topic(1);
    let mut producer = transactional(&unique("tx"));
    producer.init_transactions(WAIT).unwrap();
    let out = producer.topic(&topic).unwrap();
    producer.begin().unwrap();
    producer.send(out, 0, record(b"x")).unwrap();
    producer.flush(WAIT).unwrap();
    let mut fetcher = fetcher(true);
    let reader = fetcher.add(&tp(&topic, 0), 0).unwrap();
    for _ in 0..20 {
        fetcher.wait(Duration::from_millis(20));
        assert!(fetcher.fetch(reader, 10).unwrap().is_none());
    }
    assert_eq!(fetcher.position(reader).unwrap(), 0);
    producer.commit(WAIT).unwrap();
    assert_eq!(position_reaches(&mut *fetcher, reader, 2), 1);
}

#[test]
fn a_second_producer_with_the_id_fences_the_first_and_settles_its_transaction() {
    let (topic, id) = (new_topic(1), unique("tx"));
    let mut first = transactional(&id);
    first.init_transactions(WAIT).unwrap();
    let out = first.topic(&topic).unwrap();
    first.begin().unwrap();
    first.send(out, 0, record(b"lost")).unwrap();
    first.flush(WAIT).unwrap();

    let mut second = transactional(&id);
    second.init_transactions(WAIT).unwrap();
    let _ = first.send(out, 0, record(b"lost too"));
    let error = first.commit(WAIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    let error = first.begin().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    assert!(error.to_string().contains(&id), "{error}");

    let out = second.topic(&topic).unwrap();
    second.begin().unwrap();
    second.send(out, 0, record(b"kept")).unwrap();
    second.commit(WAIT).unwrap();
    let mut fetcher = fetcher(true);
    let reader = fetcher.add(&tp(&topic, 0), 0).unwrap();
    assert_eq!(read(&mut *fetcher, reader, 1)[0].1, b"kept");
}

#[test]
fn offsets_with_the_token_of_an_older_generation_are_refused() {
    let (input, output, group) = (new_topic(2), new_topic(1), unique("group"));
    let mut first = joined(&group, &input);
    let stale = first.token().unwrap();
    let mut second = member(&group, &[&input]);
    let mut shared = false;
    eventually("the group has a new generation", || {
        if first.poll(Duration::from_millis(20)).unwrap().is_some() {
            first.acknowledge().unwrap();
        }
        if let Some(event) = second.poll(Duration::from_millis(20)).unwrap() {
            shared |= matches!(event, GroupEvent::Assigned(list) if !list.is_empty());
            second.acknowledge().unwrap();
        }
        shared
    });
    let mut producer = transactional(&unique("tx"));
    producer.init_transactions(WAIT).unwrap();
    let out = producer.topic(&output).unwrap();
    producer.begin().unwrap();
    producer.send(out, 0, record(b"x")).unwrap();
    let error = producer.send_offsets(&[offset(tp(&input, 0), 3)], &*stale, WAIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    producer.abort(WAIT).unwrap();
    // The producer goes on with a current token.
    producer.begin().unwrap();
    producer.send_offsets(&[offset(tp(&input, 0), 3)], &*second.token().unwrap(), WAIT).unwrap();
    producer.commit(WAIT).unwrap();
}

#[test]
fn a_record_that_fails_makes_the_commit_fail_and_the_abort_succeed() {
    let topic = topic_with(1, &[("max.message.bytes", "1000")]);
    let mut producer = transactional(&unique("tx"));
    producer.init_transactions(WAIT).unwrap();
    let out = producer.topic(&topic).unwrap();
    producer.begin().unwrap();
    producer.send(out, 0, record(&[1; 5000])).unwrap();
    let error = producer.commit(WAIT).unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Fenced, "{error}");
    assert_eq!(producer.take_failures().len(), 1);
    producer.abort(WAIT).unwrap();
    // The record that failed left a hole in the sequence, which one more transaction may pay for.
    let mut committed = false;
    for _ in 0..2 {
        producer.begin().unwrap();
        producer.send(out, 0, record(b"fits")).unwrap();
        match producer.commit(WAIT) {
            Ok(()) => committed = true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
                producer.abort(WAIT).unwrap();
            }
        }
    }
    assert!(committed);
}

#[test]
fn calls_in_the_wrong_order_are_errors() {
    let topic = new_topic(1);
    let mut producer = transactional(&unique("tx"));
    assert!(producer.begin().is_err());
    producer.init_transactions(WAIT).unwrap();
    let out = producer.topic(&topic).unwrap();
    let error = producer.send(out, 0, record(b"outside")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    let error = producer.commit(WAIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    let mut plain = crate::support::producer();
    assert!(plain.begin().is_err());
}

#[test]
fn an_abort_drops_what_is_still_queued() {
    let topic = new_topic(1);
    let mut producer = transactional(&unique("tx"));
    producer.init_transactions(WAIT).unwrap();
    let out = producer.topic(&topic).unwrap();
    producer.begin().unwrap();
    for _ in 0..50_000 {
        producer.send(out, 0, record(b"never seen")).unwrap();
    }
    let start = Instant::now();
    producer.abort(WAIT).unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(producer.take_failures().iter().all(|f| !f.retriable));
    producer.begin().unwrap();
    producer.send(out, 0, record(b"seen")).unwrap();
    producer.commit(WAIT).unwrap();
    let mut fetcher = fetcher(true);
    let reader = fetcher.add(&tp(&topic, 0), 0).unwrap();
    assert_eq!(read(&mut *fetcher, reader, 1)[0].1, b"seen");
}
