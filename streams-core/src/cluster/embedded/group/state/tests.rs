use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A group over topics `a` and `b`, with a clock of its own.
struct Group {
    state: State,
    now: Duration,
    counts: BTreeMap<&'static str, i32>,
    version: u64,
    delay: Duration,
}

impl Group {
    fn new(a: i32, b: i32) -> Self {
        Group { state: State::default(), now: SECOND, counts: BTreeMap::from([("a", a), ("b", b)]), version: 1, delay: Duration::ZERO }
    }

    fn tick(&mut self) {
        let counts = self.counts.clone();
        self.state.tick(self.now, self.version, &|topic| counts.get(topic).copied().unwrap_or(0));
    }

    fn join(&mut self) -> u64 {
        let subscription =
            Subscription { topics: vec!["a".into(), "b".into()], session_timeout: 10 * SECOND, max_poll_interval: 30 * SECOND };
        let id = self.state.join(subscription, self.now, self.delay);
        self.tick();
        id
    }

    fn poll(&mut self, id: u64) -> Option<GroupEvent> {
        self.tick();
        self.state.touch(id, self.now, true, false);
        self.state.next_event(id)
    }

    /// Polls and acknowledges until there is nothing more; the events as text.
    fn serve(&mut self, id: u64) -> Vec<String> {
        let mut events = Vec::new();
        while let Some(event) = self.poll(id) {
            events.push(text(&event));
            self.state.acknowledge(id);
        }
        events
    }
}

fn text(event: &GroupEvent) -> String {
    let (sign, partitions) = match event {
        GroupEvent::Assigned(p) => ("+", p),
        GroupEvent::Revoked(p) => ("-", p),
        GroupEvent::Lost(p) => ("!", p),
    };
    let names: Vec<String> = partitions.iter().map(|p| format!("{}{}", p.topic, p.partition)).collect();
    format!("{sign}{}", names.join(" "))
}

#[test]
fn a_partition_is_handed_over_only_when_it_was_given_up() {
    let mut group = Group::new(4, 0);
    let first = group.join();
    assert_eq!(group.serve(first), ["+a0 a1 a2 a3"]);
    let second = group.join();
    assert_eq!(group.serve(second), ["+"]);
    assert_eq!(text(&group.poll(first).unwrap()), "-a2 a3");
    // Told, and not done yet.
    assert_eq!(group.serve(second), Vec::<String>::new());
    assert!(group.poll(first).is_none());
    assert!(group.state.is_anothers(&TopicPartition::new("a", 3), second));
    assert!(group.state.acknowledge(first));
    assert_eq!(group.serve(second), ["+a2 a3"]);
    assert_eq!(group.serve(first), ["+"]);
    assert_eq!((group.serve(first), group.serve(second)), (vec![], vec![]));
}

#[test]
fn each_event_makes_older_tokens_stale() {
    let mut group = Group::new(2, 0);
    let first = group.join();
    let mut seen = vec![group.state.generation(first).unwrap()];
    group.serve(first);
    seen.push(group.state.generation(first).unwrap());
    group.join();
    // The rebalance alone does not: the member has not heard of it.
    group.tick();
    assert_eq!(group.state.generation(first), seen.last().copied());
    group.poll(first).unwrap();
    // Nor does the revocation before it is done: the offsets of what goes are committed with this generation.
    assert_eq!(group.state.generation(first), seen.last().copied());
    group.state.acknowledge(first);
    seen.push(group.state.generation(first).unwrap());
    group.poll(first).unwrap();
    seen.push(group.state.generation(first).unwrap());
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

#[test]
fn a_silent_member_loses_everything_to_the_others() {
    let mut group = Group::new(4, 0);
    let (first, second) = (group.join(), group.join());
    group.serve(first);
    group.serve(second);
    group.serve(first);
    group.now += 9 * SECOND;
    assert_eq!(group.serve(second), Vec::<String>::new());
    group.now += 2 * SECOND;
    assert_eq!(group.serve(second), ["+a0 a1"]);
    assert!(!group.state.has(first));
    assert_eq!(group.state.generation(first), None);
    // What it still says does not count.
    assert!(!group.state.acknowledge(first));
    assert!(group.poll(first).is_none());
}

#[test]
fn calls_keep_the_session_and_only_polls_keep_the_poll_interval() {
    let mut group = Group::new(1, 0);
    let member = group.join();
    group.serve(member);
    for _ in 0..5 {
        group.now += 6 * SECOND;
        group.state.touch(member, group.now, false, false);
        group.tick();
        assert!(group.state.has(member));
    }
    group.now += SECOND;
    group.tick();
    assert!(!group.state.has(member));
}

#[test]
fn a_member_asleep_in_a_poll_is_alive() {
    let mut group = Group::new(1, 0);
    let member = group.join();
    group.state.touch(member, group.now, true, true);
    group.now += 100 * SECOND;
    group.tick();
    assert!(group.state.has(member));
}

#[test]
fn one_who_does_not_give_up_in_time_is_thrown_out() {
    let mut group = Group::new(2, 0);
    let first = group.join();
    group.serve(first);
    let second = group.join();
    group.serve(second);
    assert_eq!(text(&group.poll(first).unwrap()), "-a1");
    group.now += 6 * SECOND;
    assert_eq!(group.serve(second), Vec::<String>::new());
    group.now += 6 * SECOND;
    assert_eq!(group.serve(second), ["+a0 a1"]);
}

#[test]
fn a_rebalance_in_the_middle_of_a_revocation_gives_the_rest_back() {
    let mut group = Group::new(2, 0);
    let first = group.join();
    group.serve(first);
    let second = group.join();
    assert_eq!(text(&group.poll(first).unwrap()), "-a1");
    group.state.remove(second);
    group.tick();
    group.state.acknowledge(first);
    assert_eq!(group.serve(first), ["+a1"]);
}

#[test]
fn a_newcomer_that_leaves_before_anyone_noticed_costs_nothing() {
    let mut group = Group::new(2, 0);
    let first = group.join();
    group.serve(first);
    let second = group.join();
    group.state.remove(second);
    group.tick();
    assert_eq!(group.serve(first), ["+"]);
}

#[test]
fn the_first_of_a_group_waits_for_others() {
    let mut group = Group::new(4, 0);
    group.delay = 3 * SECOND;
    let first = group.join();
    assert!(group.poll(first).is_none());
    group.now += SECOND;
    let second = group.join();
    assert!(group.poll(second).is_none());
    assert_eq!(group.state.next_deadline(), Some(4 * SECOND));
    group.now += 2 * SECOND;
    assert_eq!((group.serve(first), group.serve(second)), (vec!["+a0 a2".to_string()], vec!["+a1 a3".to_string()]));
    // Later ones do not wait.
    let third = group.join();
    assert_eq!(group.serve(third), ["+"]);
}

#[test]
fn topics_may_come_and_go() {
    let mut group = Group::new(2, 0);
    let (first, second) = (group.join(), group.join());
    for member in [first, second, first, second] {
        group.serve(member);
    }
    group.counts.insert("b", 2);
    group.version += 1;
    assert_eq!((group.serve(first), group.serve(second)), (vec!["+b0".to_string()], vec!["+b1".to_string()]));
    group.counts.insert("a", 0);
    group.version += 1;
    assert_eq!(group.serve(first), ["-a0", "+"]);
    assert_eq!(group.serve(second), ["-a1", "+"]);
    // A topic that nobody asked for changes nothing.
    group.version += 1;
    assert_eq!((group.serve(first), group.serve(second)), (vec![], vec![]));
}
