//! The ledger: first that it would notice, then what it notices.

#[cfg(feature = "kafka")]
mod kills;
mod sabotage;

use integration_tests::ledger::{Topics, topology};

#[test]
fn the_application_can_be_built() {
    let name = str::to_owned;
    let topics = Topics { input: name("in"), chains: name("chains"), windows: name("windows") };
    let text = topology(&topics).expect("the topology is right").describe();
    assert!(text.contains("entries-repartition"), "{text}");
}
