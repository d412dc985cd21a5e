//! The ledger: first that it would notice, then what it notices.

#[cfg(feature = "kafka")]
mod kills;
mod sabotage;
mod stages;
#[cfg(feature = "kafka")]
mod state;

use integration_tests::ledger::{StageTopics, Topics, topology};

/// One after another: each is a load for the whole machine.
#[cfg(feature = "kafka")]
fn alone() -> std::sync::MutexGuard<'static, ()> {
    use std::sync::{Mutex, PoisonError};
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn the_application_can_be_built() {
    let name = str::to_owned;
    let mut topics = Topics { input: name("in"), chains: name("chains"), windows: name("windows"), stages: None };
    let text = topology(&topics, None).expect("the topology is right").describe();
    assert!(text.contains("entries-repartition") && !text.contains("by-group"), "{text}");
    topics.stages = Some(StageTopics::parse("finals,pairs,groups,joined,waited").expect("five topics"));
    let text = topology(&topics, None).expect("the topology is right").describe();
    // the dump of the chains' store goes by the number of its sub-topology
    let second = text.split("Sub-topology: ").nth(2).expect("there are several");
    assert!(second.starts_with('1') && second.contains("entries-repartition") && second.contains("[chains]"), "{text}");
    assert!(
        ["closing", "pairs-outer-shared-join-store", "by-group-subscription-store", "waiting-Buffer"]
            .iter()
            .all(|store| text.contains(store)),
        "{text}"
    );
}
