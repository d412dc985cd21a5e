use crate::support::*;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use streams_core::cluster::{CommittedOffset, GroupEvent, Membership};
use streams_core::{ErrorKind, TopicPartition};

/// A member with what it owns; answers every event at once.
struct Owner {
    member: Option<Box<dyn Membership>>,
    owned: BTreeSet<TopicPartition>,
    events: Vec<GroupEvent>,
}

impl Owner {
    fn new(member: Box<dyn Membership>) -> Owner {
        Owner { member: Some(member), owned: BTreeSet::new(), events: Vec::new() }
    }

    fn member(&mut self) -> &mut dyn Membership {
        &mut **self.member.as_mut().unwrap()
    }

    fn step(&mut self, timeout: Duration) {
        let Some(event) = self.member().poll(timeout).unwrap() else { return };
        match &event {
            GroupEvent::Assigned(list) => self.owned.extend(list.iter().cloned()),
            GroupEvent::Revoked(list) | GroupEvent::Lost(list) => list.iter().for_each(|p| {
                assert!(self.owned.remove(p), "{p} was not owned");
            }),
        }
        self.events.push(event);
        self.member().acknowledge().unwrap();
    }

    fn leave(&mut self) {
        self.member.take().unwrap().leave(WAIT).unwrap();
    }
}

/// Steps all until the condition holds.
fn until(what: &str, owners: &mut [&mut Owner], mut test: impl FnMut(&[&mut Owner]) -> bool) {
    let deadline = Instant::now() + WAIT;
    while !test(owners) {
        assert!(Instant::now() < deadline, "in vain: {what}; {:?}", owners.iter().map(|o| &o.events).collect::<Vec<_>>());
        for owner in owners.iter_mut() {
            owner.step(Duration::from_millis(20));
        }
    }
}

fn at(offset: i64, metadata: &str) -> CommittedOffset {
    CommittedOffset { offset, metadata: metadata.to_owned() }
}

#[test]
fn a_member_alone_owns_everything_of_all_its_topics() {
    let (a, b) = (new_topic(3), new_topic(2));
    let mut owner = Owner::new(member(&unique("group"), &[&a, &b]));
    until("everything is assigned", &mut [&mut owner], |o| o[0].owned.len() == 5);
    assert_eq!(owner.owned, [tp(&a, 0), tp(&a, 1), tp(&a, 2), tp(&b, 0), tp(&b, 1)].into());
}

#[test]
fn partitions_move_to_a_second_member_and_back_when_it_leaves() {
    let topic = new_topic(4);
    let group = unique("group");
    let mut first = Owner::new(member(&group, &[&topic]));
    until("the first owns all", &mut [&mut first], |o| o[0].owned.len() == 4);
    let mut second = Owner::new(member(&group, &[&topic]));
    until("they share", &mut [&mut first, &mut second], |o| o[0].owned.len() == 2 && o[1].owned.len() == 2);
    assert!(first.owned.is_disjoint(&second.owned));
    // What stayed was never taken away: the first was only asked for two.
    let revoked: usize = first.events.iter().map(|e| if let GroupEvent::Revoked(l) = e { l.len() } else { 0 }).sum();
    assert_eq!(revoked, 2, "{:?}", first.events);

    let start = Instant::now();
    second.leave();
    until("the first has all again", &mut [&mut first], |o| o[0].owned.len() == 4);
    assert!(start.elapsed() < Duration::from_secs(5), "leaving must not cost a session time-out: {:?}", start.elapsed());
}

#[test]
fn offsets_are_committed_with_their_text_and_read_back() {
    let (topic, other) = (new_topic(2), new_topic(2));
    let group = unique("group");
    let mut owner = Owner::new(member(&group, &[&topic]));
    until("all is assigned", &mut [&mut owner], |o| o[0].owned.len() == 2);
    // Also of a topic that is not subscribed to: a task's further inputs.
    let offsets = [(tp(&topic, 0), at(5, "AgAAAYvP5WgA")), (tp(&other, 1), at(0, ""))];
    owner.member().commit(&offsets, WAIT).unwrap();
    let partitions = [tp(&other, 1), tp(&topic, 1), tp(&topic, 0)];
    let expected = vec![Some(at(0, "")), None, Some(at(5, "AgAAAYvP5WgA"))];
    assert_eq!(owner.member().committed(&partitions, WAIT).unwrap(), expected);
    owner.member().commit(&[], WAIT).unwrap();
    assert!(owner.member().committed(&[], WAIT).unwrap().is_empty());
    owner.leave();
    // The next member reads them before it has joined.
    let mut next = member(&group, &[&topic]);
    assert_eq!(next.committed(&partitions, WAIT).unwrap(), expected);
}

#[test]
fn offsets_of_a_partition_that_was_given_up_are_refused() {
    let topic = new_topic(2);
    let group = unique("group");
    let mut first = Owner::new(member(&group, &[&topic]));
    let error = first.member().commit(&[(tp(&topic, 0), at(1, ""))], WAIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    assert!(first.member().token().is_err());
    until("the first owns all", &mut [&mut first], |o| o[0].owned.len() == 2);
    let mut second = Owner::new(member(&group, &[&topic]));
    // Until the revocation is answered its offsets may be committed.
    let deadline = Instant::now() + WAIT;
    let given_up = loop {
        assert!(Instant::now() < deadline);
        second.step(Duration::from_millis(20));
        match first.member().poll(Duration::from_millis(20)).unwrap() {
            Some(GroupEvent::Revoked(list)) => break list,
            Some(_) => first.member().acknowledge().unwrap(),
            None => {}
        }
    };
    assert_eq!(given_up.len(), 1);
    assert_eq!(first.member().poll(Duration::ZERO).unwrap(), None, "one event at a time");
    first.member().commit(&[(given_up[0].clone(), at(7, ""))], WAIT).unwrap();
    first.member().acknowledge().unwrap();
    let error = first.member().commit(&[(given_up[0].clone(), at(8, ""))], WAIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    assert!(error.to_string().contains(&given_up[0].to_string()), "{error}");
    for p in &given_up {
        first.owned.remove(p);
    }
    until("they share", &mut [&mut first, &mut second], |o| o[0].owned.len() == 1 && o[1].owned.len() == 1);
    assert_eq!(second.member().committed(&given_up, WAIT).unwrap(), [Some(at(7, ""))]);
}

#[test]
fn a_member_that_is_dropped_is_replaced_when_its_session_ends() {
    let topic = new_topic(2);
    let group = unique("group");
    let mut first = Owner::new(member(&group, &[&topic]));
    until("the first owns all", &mut [&mut first], |o| o[0].owned.len() == 2);
    let mut second = Owner::new(member(&group, &[&topic]));
    until("they share", &mut [&mut first, &mut second], |o| o[0].owned.len() == 1 && o[1].owned.len() == 1);
    let kept = first.owned.clone();
    // As a process that was killed.
    second.member = None;
    until("the first has all again", &mut [&mut first], |o| {
        assert!(o[0].owned.is_superset(&kept), "what it had stays without a pause");
        o[0].owned.len() == 2
    });
}

#[test]
fn a_member_that_is_not_polled_loses_its_partitions_and_learns_it() {
    let topic = new_topic(1);
    let group = unique("group");
    let mut first = Owner::new(member_with(&group, &[&topic], &[("max.poll.interval.ms", "6000")]));
    until("the first owns all", &mut [&mut first], |o| o[0].owned.len() == 1);
    std::thread::sleep(Duration::from_millis(7500));
    let error = first.member().commit(&[(tp(&topic, 0), at(7, ""))], WAIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
    assert_eq!(first.member().token().err().map(|e| e.kind()), Some(ErrorKind::Fenced));
    until("it is told", &mut [&mut first], |o| o[0].events.iter().any(|e| matches!(e, GroupEvent::Lost(_))));
    until("it joins again", &mut [&mut first], |o| o[0].owned.len() == 1);
    first.member().commit(&[(tp(&topic, 0), at(7, ""))], WAIT).unwrap();
}

#[test]
fn a_missing_topic_is_told() {
    let mut member = member_with(&unique("group"), &[&unique("missing")], &[("topic.metadata.propagation.max.ms", "100")]);
    let deadline = Instant::now() + WAIT;
    let error = loop {
        assert!(Instant::now() < deadline);
        match member.poll(Duration::from_millis(100)) {
            Err(e) => break e,
            Ok(Some(_)) => member.acknowledge().unwrap(),
            Ok(None) => {}
        }
    };
    assert_eq!(error.kind(), ErrorKind::Topology, "{error}");
    assert!(error.to_string().contains("missing"), "{error}");
}
