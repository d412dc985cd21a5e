//! State in which nothing was written for long, when an application starts (`state.cleanup.dir.max.age.ms`, KIP-1259).

use crate::common::{close, config, start};
use crate::one_partition::cluster;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};
use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, OwnStore, StoreChange};
use streams_core::state::Stores;
use streams_core::{BoxError, StreamsBuilder, Topology};

/// A store that has a directory, and nothing in it.
struct Empty;

impl OwnStore for Empty {
    fn apply(&mut self, _: &StoreChange<'_>) -> Result<(), BoxError> {
        Ok(())
    }
    fn num_entries(&self) -> u64 {
        0
    }
}

/// Has the store for its directory only.
struct Pass;

impl FixedKeyProcessor<String, String, String> for Pass {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, String, String>,
        record: FixedKeyRecord<'_, String, String>,
    ) -> Result<(), BoxError> {
        ctx.forward(record)
    }
}

fn topology() -> Topology {
    let builder = StreamsBuilder::new();
    let store = builder.add_state_store(Stores::own("empty", |_| Ok(Empty)).persistent());
    builder.stream::<String, String>("in").process_values(store, |_, _| Pass).to("out");
    builder.build().expect("the topology is right")
}

#[test]
fn an_application_that_is_told_an_age_deletes_what_is_older() {
    let hour = Duration::from_secs(3_600);
    let cases: [(_, &[&str]); 3] = [(None, &["7_0", "7_1"]), (Some(hour * 24), &["7_0", "7_1"]), (Some(hour), &["7_1"])];
    for (age, stays) in cases {
        let directory = tempfile::tempdir().expect("a directory");
        let of_app = directory.path().join("app");
        for (task, unused) in [("7_0", hour * 2), ("7_1", Duration::ZERO)] {
            fs::create_dir_all(of_app.join(task)).expect("a directory");
            let task = File::open(of_app.join(task)).expect("it is there");
            task.set_modified(SystemTime::now() - unused).expect("it is ours");
        }
        let app = start(&cluster(), topology(), config(directory.path()).state_cleanup_dir_max_age(age));
        let there: Vec<_> = ["7_0", "7_1"].into_iter().filter(|task| of_app.join(task).exists()).collect();
        close(&app);
        assert_eq!(there, stays, "{age:?}");
    }
}
