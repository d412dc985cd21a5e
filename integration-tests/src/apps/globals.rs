//! Tables that every instance has whole.

use super::AppFixture;
use super::bench::{Bench, PARTITIONS, TIME, await_running, close, durable, shared};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use streams_core::runtime::RestoreEvent;
use streams_core::{ErrorKind, StreamsBuilder, Topology};

/// Rows of the table.
const ROWS: usize = 200;

struct World<'a> {
    bench: Bench<'a>,
    names: String,
    fed: usize,
}

impl<'a> World<'a> {
    /// A table of another partition count than the input's, with all of its rows.
    fn new(fixture: &'a dyn AppFixture) -> Self {
        let bench = Bench::new(fixture);
        let names = bench.clients.topic(3);
        let mut world = World { bench, names, fed: 0 };
        for n in 0..ROWS {
            world.put_name(n, "before");
            world.put_name(n, &format!("name {n}"));
        }
        world.bench.flush();
        world
    }

    fn put_name(&mut self, n: usize, name: &str) {
        let names = self.names.clone();
        self.bench.put_to(&names, n as i32 % 3, Some(n.to_string().as_bytes()), Some(name.as_bytes()), TIME + n as i64);
    }

    fn topology(&self) -> Topology {
        let builder = StreamsBuilder::new();
        let names = builder.global_table_with::<String, String>(&self.names, Default::default(), "names");
        let ids = builder.stream::<(), String>(self.bench.input.as_str());
        let joined = ids.join_global(&names, |(), id| id.clone(), |id, name| format!("{id}={name}"));
        joined.select_key(|_, text| text.clone()).to(&self.bench.output);
        builder.build().expect("the topology is right")
    }

    /// Asks for every row, in partitions that have nothing to do with those of the rows.
    fn ask(&mut self) {
        for n in 0..ROWS {
            let partition = (self.fed % PARTITIONS as usize) as i32;
            self.bench.put(partition, None, Some(n.to_string().as_bytes()), TIME + self.fed as i64);
            self.fed += 1;
        }
        self.bench.flush();
    }

    /// Waits for the answers to all questions; those that are different.
    fn answers(&mut self, what: &str) -> BTreeSet<String> {
        let fed = self.fed;
        self.bench.await_output(what, |bench| {
            bench.read();
            bench.seen.len() >= fed
        });
        self.bench.texts().into_iter().collect()
    }
}

fn all_rows() -> BTreeSet<String> {
    (0..ROWS).map(|n| format!("{n}=name {n}")).collect()
}

pub fn a_global_table_is_whole_before_the_first_record_on_every_instance(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture);
    world.ask();
    let start = |world: &World<'_>, instance: &str| {
        let config = world.bench.config(instance).set("num.stream.threads", "2");
        world.bench.start(world.topology(), config)
    };
    let first = start(&world, "a");
    assert_eq!(world.answers("answers of the first instance"), all_rows());
    let second = start(&world, "b");
    world.ask();
    assert_eq!(world.answers("answers of both"), all_rows());
    close(&first);
    world.ask();
    assert_eq!(world.answers("answers of the second instance"), all_rows());
    close(&second);
}

pub fn a_global_table_goes_on_behind_what_it_has(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture);
    for round in 0..3 {
        world.ask();
        let (to_read, sink) = shared::<AtomicI64>();
        let listener = move |event: &RestoreEvent<'_>| {
            if let RestoreEvent::Start { store: "names", start, end, .. } = event {
                sink.fetch_add(end - start, Ordering::Relaxed);
            }
        };
        let builder = world.bench.builder(world.topology(), world.bench.config("a")).restore_listener(listener);
        let app = builder.start().expect("the application starts");
        await_running(&app);
        // where rows outlive the application, so does how far they reach
        let expected = if durable() && round > 0 { 1 } else { 2 * ROWS as i64 + round };
        assert_eq!(to_read.load(Ordering::Relaxed), expected, "round {round}");
        let mut expected = all_rows();
        expected.extend((0..round).map(|n| format!("7=round {n}")));
        assert_eq!(world.answers("answers"), expected, "round {round}");
        close(&app);
        world.put_name(7, &format!("round {round}"));
        world.bench.flush();
    }
}

pub fn a_missing_global_topic_is_named(fixture: &dyn AppFixture) {
    let mut world = World::new(fixture);
    world.names = world.bench.clients.name("nowhere");
    let error = world.bench.failure(world.topology(), world.bench.config("a"));
    assert_eq!(error.kind(), ErrorKind::Topology);
    assert!(error.to_string().contains(&format!("Missing topics [{}] of global tables", world.names)), "{error}");
}
