//! Transactions: atomic, hidden until committed, fenced.

use super::clients::{again, settle, wait_for};
use super::{Clients, Fixture, PATIENCE};
use streams_core::cluster::{CommittedOffset, OffsetSpec};
use streams_core::{ErrorKind, TopicPartition};

pub fn records_are_hidden_until_the_commit(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut plain = clients.producer();
    plain.send(&topic, 0, &["plain"]);
    plain.flush();
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    writer.begin();
    writer.send(&topic, 0, &["a", "b"]);
    writer.flush();
    assert_eq!(clients.reader(&topic, 0, 0).values(3), ["plain", "a", "b"]);
    let mut committed = clients.committed_reader(&topic, 0, 0);
    assert_eq!(committed.values(1), ["plain"]);
    committed.reach(1);
    writer.commit();
    assert_eq!(committed.values(2), ["a", "b"]);
    // The next transaction of the same producer.
    writer.begin();
    writer.send(&topic, 0, &["c"]);
    writer.commit();
    let last = committed.take(1);
    assert_eq!(last[0].value.as_deref(), Some(&b"c"[..]));
    assert_eq!(last[0].offset, 4, "the first commit's marker takes offset 3");
}

pub fn aborted_records_are_never_seen(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut plain = clients.producer();
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    writer.begin();
    writer.send(&topic, 0, &["gone 1", "gone 2"]);
    writer.flush();
    plain.send(&topic, 0, &["between"]);
    plain.flush();
    writer.send(&topic, 0, &["gone 3"]);
    writer.flush();
    writer.abort();
    writer.begin();
    writer.send(&topic, 0, &["kept"]);
    writer.commit();
    let seen = clients.committed_reader(&topic, 0, 0).take(2);
    assert_eq!(seen.iter().map(|r| r.offset).collect::<Vec<_>>(), [2, 5]);
    // Who reads uncommitted sees all of them.
    assert_eq!(clients.reader(&topic, 0, 0).values(5), ["gone 1", "gone 2", "between", "gone 3", "kept"]);
}

pub fn positions_pass_markers(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    writer.begin();
    writer.send(&topic, 0, &["a", "b"]);
    writer.commit();
    for read_committed in [false, true] {
        let mut reader = if read_committed { clients.committed_reader(&topic, 0, 0) } else { clients.reader(&topic, 0, 0) };
        assert_eq!(reader.values(2), ["a", "b"]);
        reader.reach(3);
    }
    assert_eq!(clients.offset(&topic, 0, OffsetSpec::Latest), 3);
    // Aborted records are passed as well.
    let mut reader = clients.committed_reader(&topic, 0, 0);
    assert_eq!(reader.values(2), ["a", "b"]);
    writer.begin();
    writer.send(&topic, 0, &["gone"]);
    writer.flush();
    writer.abort();
    reader.reach(5);
    assert_eq!(clients.offset(&topic, 0, OffsetSpec::Latest), 5);
}

pub fn the_stable_offset_is_before_an_open_transaction(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let topic = clients.topic(1);
    let (mut first, mut second) = (clients.transactional(&clients.name("id")), clients.transactional(&clients.name("id")));
    first.init();
    second.init();
    first.begin();
    second.begin();
    first.send(&topic, 0, &["first"]);
    first.flush();
    second.send(&topic, 0, &["second"]);
    second.flush();
    let offset = |spec| clients.offset(&topic, 0, spec);
    assert_eq!(offset(OffsetSpec::Latest), 2);
    assert_eq!(offset(OffsetSpec::LatestCommitted), 0);
    second.commit();
    // Committed, and still behind an open one.
    wait_for("the marker", || (offset(OffsetSpec::Latest) == 3).then_some(()));
    assert_eq!(offset(OffsetSpec::LatestCommitted), 0);
    let mut reader = clients.committed_reader(&topic, 0, 0);
    reader.reach(0);
    first.abort();
    assert_eq!(reader.values(1), ["second"]);
    reader.reach(4);
    wait_for("the stable offset", || (offset(OffsetSpec::LatestCommitted) == 4).then_some(()));
}

pub fn a_second_producer_fences_the_first(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (topic, id) = (clients.topic(1), clients.name("id"));
    let mut first = clients.transactional(&id);
    first.init();
    first.begin();
    first.send(&topic, 0, &["gone"]);
    first.flush();
    let mut second = clients.transactional(&id);
    second.init();
    let error = first.producer.commit(PATIENCE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    // It stays so.
    let error = first.producer.begin().err().or_else(|| first.producer.commit(PATIENCE).err()).unwrap();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    second.begin();
    second.send(&topic, 0, &["kept"]);
    second.commit();
    assert_eq!(clients.committed_reader(&topic, 0, 0).values(1), ["kept"]);
}

pub fn initialising_aborts_what_was_left_open(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (topic, id) = (clients.topic(1), clients.name("id"));
    let mut first = clients.transactional(&id);
    first.init();
    first.begin();
    first.send(&topic, 0, &["gone"]);
    first.flush();
    let mut reader = clients.committed_reader(&topic, 0, 0);
    reader.reach(0);
    let mut second = clients.transactional(&id);
    second.init();
    // The marker is written without the second producer doing anything more.
    reader.reach(2);
}

pub fn one_transaction_spans_partitions(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (one, two) = (clients.topic(2), clients.topic(1));
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    for (value, commit) in [("gone", false), ("kept", true)] {
        writer.begin();
        writer.send(&one, 0, &[value]);
        writer.send(&one, 1, &[value]);
        writer.send(&two, 0, &[value]);
        writer.flush();
        if commit { writer.commit() } else { writer.abort() }
    }
    for (topic, partition) in [(&one, 0), (&one, 1), (&two, 0)] {
        let mut reader = clients.committed_reader(topic, partition, 0);
        assert_eq!(reader.values(1), ["kept"]);
        reader.reach(4);
    }
}

pub fn offsets_are_committed_with_the_transaction(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, input, output) = (clients.name("group"), clients.topic(1), clients.topic(1));
    let mut member = clients.member(&group, &[&input]);
    settle(&mut [&mut member], &[(&input, 1)]);
    let partition = TopicPartition::new(input.as_str(), 0);
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    for (offset, commit) in [(3, true), (9, false)] {
        writer.begin();
        writer.send(&output, 0, &["out"]);
        let token = member.membership.token().unwrap();
        let offsets = [(partition.clone(), CommittedOffset { offset, metadata: format!("at {offset}") })];
        writer.producer.send_offsets(&offsets, &*token, PATIENCE).unwrap();
        if commit {
            writer.commit();
        } else {
            writer.abort();
        }
        member.step();
    }
    assert_eq!(member.committed(&partition), Some(CommittedOffset { offset: 3, metadata: "at 3".to_string() }));
    member.leave();
}

pub fn offsets_of_an_open_transaction_are_waited_for(fixture: &dyn Fixture) {
    let clients = Clients::with(fixture, &[("request.timeout.ms", "2000")]);
    let (group, input, output) = (clients.name("group"), clients.topic(1), clients.topic(1));
    let mut member = clients.member(&group, &[&input]);
    settle(&mut [&mut member], &[(&input, 1)]);
    let partition = TopicPartition::new(input.as_str(), 0);
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    writer.begin();
    writer.send(&output, 0, &["out"]);
    let token = member.membership.token().unwrap();
    let offsets = [(partition.clone(), CommittedOffset { offset: 3, metadata: String::new() })];
    writer.producer.send_offsets(&offsets, &*token, PATIENCE).unwrap();
    let committed = || clients.admin().committed_offsets(&group, std::slice::from_ref(&partition));
    let error = committed().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    writer.commit();
    assert_eq!(again("asking for offsets", committed).unwrap(), [Some(3)]);
    member.leave();
}

pub fn a_stale_token_is_fenced(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, input, output) = (clients.name("group"), clients.topic(2), clients.topic(1));
    let mut first = clients.member(&group, &[&input]);
    settle(&mut [&mut first], &[(&input, 2)]);
    let stale = first.membership.token().unwrap();
    let mut second = clients.member(&group, &[&input]);
    settle(&mut [&mut first, &mut second], &[(&input, 2)]);
    let partition = second.owned.iter().next().unwrap().clone();
    let mut writer = clients.transactional(&clients.name("id"));
    writer.init();
    writer.begin();
    writer.send(&output, 0, &["gone"]);
    writer.flush();
    let offsets = [(partition.clone(), CommittedOffset { offset: 1, metadata: String::new() })];
    let error = writer.producer.send_offsets(&offsets, &*stale, PATIENCE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    writer.abort();
    assert_eq!(second.committed(&partition), None);
    // A token of the present is not.
    let token = second.membership.token().unwrap();
    writer.begin();
    writer.producer.send_offsets(&offsets, &*token, PATIENCE).unwrap();
    writer.commit();
    assert_eq!(second.committed(&partition).unwrap().offset, 1);
    first.leave();
    second.leave();
}
