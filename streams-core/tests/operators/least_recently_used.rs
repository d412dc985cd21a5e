//! A store of the keys that were used last, asked by others while it runs.

use crate::common::{close, config, eventually, start};
use crate::one_partition::{cluster, feed_values};
use streams_core::processor::{Context, KeyValueStore, Processor};
use streams_core::query::IsolationLevel::{self, ReadCommitted, ReadUncommitted};
use streams_core::state::Stores;
use streams_core::{BoxError, KafkaStreams, Record, StreamsBuilder, Topology};

struct Keep {
    last: KeyValueStore<String, String>,
}

impl Processor<String, String, String, String> for Keep {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        self.last.put(ctx, &record.key, record.value)
    }
}

fn topology() -> Topology {
    let builder = StreamsBuilder::new();
    let last = builder.add_state_store(Stores::lru_map::<String, String>("last", 3));
    builder.stream::<String, String>("in").process(last, |_, last| Keep { last }).to("out");
    builder.build().expect("the topology is right")
}

fn rows(app: &KafkaStreams, level: IsolationLevel) -> String {
    let store = app.key_value_store::<String, String>("last").expect("the store is there").isolation(level);
    let rows = store.all().expect("rows");
    rows.into_iter().map(|(key, value)| format!("{key}{value}")).collect::<Vec<_>>().join(" ")
}

/// A commit shows keys and takes away those that went for them, at once; asking for what is committed uses no key.
#[test]
fn who_asks_for_what_is_committed_sees_no_more_keys_than_there_may_be() {
    let (cluster, directory) = (cluster(), tempfile::tempdir().expect("a directory"));
    let app = start(&cluster, topology(), config(directory.path()));
    feed_values(&cluster, &[("a", "1", 0), ("b", "1", 1), ("c", "1", 2), ("d", "1", 3)]);
    eventually("all is committed", || rows(&app, ReadCommitted) == "b1 c1 d1");
    close(&app);
    drop(app);

    let app = start(&cluster, topology(), config(directory.path()).set("commit.interval.ms", "600000"));
    assert_eq!(rows(&app, ReadCommitted), "b1 c1 d1", "it was restored");
    let committed = app.key_value_store::<String, String>("last").expect("the store is there").isolation(ReadCommitted);
    let get = |key: &str| committed.get(&key.to_owned()).expect("an answer");
    assert_eq!(get("b"), Some("1".to_owned()));
    feed_values(&cluster, &[("c", "2", 4), ("e", "1", 5), ("f", "1", 6)]);
    eventually("the newest key", || rows(&app, ReadUncommitted) == "c2 e1 f1");
    assert_eq!(rows(&app, ReadCommitted), "b1 c1 d1");
    assert_eq!((get("c"), get("d"), get("e")), (Some("1".to_owned()), Some("1".to_owned()), None));
    close(&app);
    drop(app);

    let app = start(&cluster, topology(), config(directory.path()));
    assert_eq!(rows(&app, ReadCommitted), "c2 e1 f1", "closed, it has committed");
    close(&app);
}
