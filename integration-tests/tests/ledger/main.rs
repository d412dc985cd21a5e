//! The ledger: first that it would notice, then what it notices.

#[cfg(feature = "kafka")]
mod kills;
mod sabotage;
#[cfg(feature = "kafka")]
mod state;

use integration_tests::ledger::{Topics, topology};

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
    let topics = Topics { input: name("in"), chains: name("chains"), windows: name("windows") };
    let text = topology(&topics, None).expect("the topology is right").describe();
    assert!(text.contains("entries-repartition"), "{text}");
}
