//! Membership and committed offsets.

use super::clients::{again, settle, wait_for};
use super::{Clients, Fixture};
use std::collections::BTreeSet;
use std::time::Duration;
use streams_core::cluster::CommittedOffset;
use streams_core::{ErrorKind, TopicPartition};

pub fn one_member_gets_everything(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, topic) = (clients.name("group"), clients.topic(3));
    let mut member = clients.member(&group, &[&topic]);
    settle(&mut [&mut member], &[(&topic, 3)]);
    assert_eq!((member.revoked, member.lost), (0, 0));
    member.leave();
}

pub fn commits_keep_offset_and_metadata(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, topic) = (clients.name("group"), clients.topic(2));
    let mut member = clients.member(&group, &[&topic]);
    settle(&mut [&mut member], &[(&topic, 2)]);
    let partition = TopicPartition::new(topic.as_str(), 1);
    member.commit(&partition, 7, "AgAAAAAAAAB7").unwrap();
    member.commit(&partition, 8, "").unwrap();
    member.commit(&partition, 9, "partition time 123 \u{1f600}").unwrap();
    let expected = CommittedOffset { offset: 9, metadata: "partition time 123 \u{1f600}".to_string() };
    assert_eq!(member.committed(&partition), Some(expected.clone()));
    member.leave();
    // It is the group's, not the member's.
    let mut next = clients.member(&group, &[&topic]);
    settle(&mut [&mut next], &[(&topic, 2)]);
    assert_eq!(next.committed(&partition), Some(expected));
    next.leave();
}

pub fn nothing_committed_is_none(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, topic) = (clients.name("group"), clients.topic(3));
    let mut member = clients.member(&group, &[&topic]);
    settle(&mut [&mut member], &[(&topic, 3)]);
    let partitions: Vec<_> = (0..3).map(|p| TopicPartition::new(topic.as_str(), p)).collect();
    member.commit(&partitions[1], 5, "m").unwrap();
    let committed = member.membership.committed(&partitions, super::PATIENCE).unwrap();
    assert_eq!(committed.iter().map(|c| c.as_ref().map(|c| c.offset)).collect::<Vec<_>>(), [None, Some(5), None]);
    member.leave();
}

pub fn an_admin_sees_what_is_committed(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, topic) = (clients.name("group"), clients.topic(3));
    let partitions: Vec<_> = (0..3).map(|p| TopicPartition::new(topic.as_str(), p)).collect();
    let committed = || again("asking for offsets", || clients.admin().committed_offsets(&group, &partitions)).unwrap();
    assert_eq!(committed(), [None; 3], "of a group that never was");
    let mut member = clients.member(&group, &[&topic]);
    settle(&mut [&mut member], &[(&topic, 3)]);
    member.commit(&partitions[1], 5, "m").unwrap();
    assert_eq!(committed(), [None, Some(5), None]);
    assert_eq!(clients.admin().committed_offsets(&group, &[]).unwrap(), []);
    assert!(clients.admin().topics().unwrap().contains(&topic));
    member.leave();
    assert_eq!(committed(), [None, Some(5), None], "of a group without members");
}

pub fn an_admin_sees_what_members_subscribe_to(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, a, b) = (clients.name("group"), clients.topic(2), clients.topic(2));
    let (mut first, mut second) = (clients.member(&group, &[&a]), clients.member(&group, &[&a, &b]));
    settle(&mut [&mut first, &mut second], &[(&a, 2), (&b, 2)]);
    let both = BTreeSet::from([a.clone(), b.clone()]);
    // while the group is rebalanced nobody knows
    wait_for("what both subscribe to", || {
        first.step();
        second.step();
        clients.admin().subscribed_topics(&group).ok().filter(|topics| *topics == both)
    });
    second.leave();
    wait_for("what is left", || {
        first.step();
        clients.admin().subscribed_topics(&group).ok().filter(|topics| *topics == BTreeSet::from([a.clone()]))
    });
    first.leave();
}

pub fn two_members_share_and_one_leaves(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, topic) = (clients.name("group"), clients.topic(4));
    let mut first = clients.member(&group, &[&topic]);
    settle(&mut [&mut first], &[(&topic, 4)]);
    let mut second = clients.member(&group, &[&topic]);
    settle(&mut [&mut first, &mut second], &[(&topic, 4)]);
    assert_eq!((first.owned.len(), second.owned.len()), (2, 2));
    // Cooperative: the first never gave up what it keeps.
    assert_eq!((first.revoked, first.lost), (2, 0));
    let mine = first.owned.iter().next().unwrap().clone();
    first.commit(&mine, 42, "before leaving").unwrap();
    first.leave();
    settle(&mut [&mut second], &[(&topic, 4)]);
    assert_eq!((second.revoked, second.lost), (0, 0));
    assert_eq!(second.committed(&mine).unwrap().offset, 42);
    second.leave();
}

pub fn a_third_member_takes_only_its_share(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, topic) = (clients.name("group"), clients.topic(6));
    let (mut first, mut second) = (clients.member(&group, &[&topic]), clients.member(&group, &[&topic]));
    settle(&mut [&mut first, &mut second], &[(&topic, 6)]);
    let before = first.revoked + second.revoked;
    let mut third = clients.member(&group, &[&topic]);
    settle(&mut [&mut first, &mut second, &mut third], &[(&topic, 6)]);
    assert_eq!(first.revoked + second.revoked - before, 2);
    assert_eq!(third.revoked, 0);
    for member in [first, second, third] {
        assert_eq!(member.lost, 0);
        member.leave();
    }
}

pub fn several_topics_are_balanced_together(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let group = clients.name("group");
    let (large, small, tiny) = (clients.topic(5), clients.topic(2), clients.topic(1));
    let topics: &[&str] = &[&large, &small, &tiny];
    let mut members: Vec<_> = (0..3).map(|_| clients.member(&group, topics)).collect();
    settle(&mut members.iter_mut().collect::<Vec<_>>(), &[(&large, 5), (&small, 2), (&tiny, 1)]);
    members.into_iter().for_each(super::clients::Member::leave);
}

pub fn a_silent_member_is_thrown_out(fixture: &dyn Fixture) {
    let clients = Clients::new(fixture);
    let (group, topic) = (clients.name("group"), clients.topic(2));
    let short = &[("session.timeout.ms", "6000"), ("max.poll.interval.ms", "6000")];
    let mut silent = clients.member_with(&group, &[&topic], short);
    let mut other = clients.member_with(&group, &[&topic], short);
    settle(&mut [&mut silent, &mut other], &[(&topic, 2)]);
    let mine = silent.owned.iter().next().unwrap().clone();
    silent.commit(&mine, 1, "").unwrap();
    wait_for("the other to take over", || {
        fixture.pass_time(Duration::from_millis(500));
        other.step();
        (other.owned.len() == 2).then_some(())
    });
    let error = silent.commit(&mine, 2, "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    assert_eq!(other.committed(&mine).unwrap().offset, 1);
    // It is told, and comes back.
    wait_for("the event", || {
        silent.step();
        other.step();
        (silent.lost == 1).then_some(())
    });
    settle(&mut [&mut silent, &mut other], &[(&topic, 2)]);
    assert_eq!(silent.owned.len(), 1);
    silent.leave();
    other.leave();
}
