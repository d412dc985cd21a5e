//! The engine allocates nothing per record: what is allocated while records run through a task is what the user's own values need.

#![allow(unsafe_code, reason = "a global allocator can only be written with it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::processor::{Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, Processor};
use streams_core::testing::TaskLoop;
use streams_core::{BoxError, KStream, Record, StreamsBuilder, TimeWindows};

const RECORDS: usize = 10_000;

thread_local! {
    /// Tests run on threads of their own, each with its own count.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count_one() {
    // a thread that ends has no count any more
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed to the system's allocator as it came; counting touches a plain cell and never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: the caller keeps `alloc`'s contract, which is also that of `System`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_one();
        // SAFETY: as above; `pointer` came from `System`.
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; `pointer` came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Allocations of the second 10,000 records.
fn allocations(write: impl FnOnce(&KStream<u64, u64>)) -> u64 {
    let builder = StreamsBuilder::new();
    write(&builder.stream("in"));
    let topology = builder.build().expect("a valid topology");
    let records = (0..RECORDS as u64).map(|i| ((i % 100).to_be_bytes().to_vec(), i.to_be_bytes().to_vec())).collect();
    let mut task = TaskLoop::new(&topology, records).expect("a task");
    task.queue();
    assert_eq!(task.run().expect("no error"), RECORDS);
    task.queue();
    let before = ALLOCATIONS.get();
    let done = task.run();
    let after = ALLOCATIONS.get();
    assert_eq!(done.expect("no error"), RECORDS);
    after - before
}

#[test]
fn a_chain_of_six_nodes_allocates_nothing() {
    let chain = |stream: &KStream<u64, u64>| {
        stream
            .filter(|_, value| *value != 7)
            .map_values(|value| value + 1)
            .peek(|_, value| assert!(*value > 0))
            .filter_not(|key, _| *key == 200)
            .map(|key, value| (key ^ 1, value))
            .to("out");
    };
    assert_eq!(allocations(chain), 0);
}

#[test]
fn branches_merges_and_fan_outs_allocate_nothing() {
    let graph = |stream: &KStream<u64, u64>| {
        let branches = stream.split().branch_with(|_, value| value % 2 == 0, "-even").default_branch_with("-odd");
        let even = branches.get("-even").expect("declared above").map_values(|value| value / 2);
        let odd = branches.get("-odd").expect("declared above");
        let all = even.merge(odd).flat_map_values(|value| [value, value + 1]);
        all.to("all");
        all.to_with("again", streams_core::Produced::default());
        all.for_each(|_, _| {});
    };
    assert_eq!(allocations(graph), 0);
}

struct PassOn;

impl Processor<u64, u64, u64, u64> for PassOn {
    fn process(&mut self, ctx: &mut Context<'_, u64, u64>, record: Record<u64, u64>) -> Result<(), BoxError> {
        ctx.forward(record)
    }
}

impl FixedKeyProcessor<u64, u64, u64> for PassOn {
    fn process(&mut self, ctx: &mut FixedKeyContext<'_, u64, u64>, record: FixedKeyRecord<'_, u64, u64>) -> Result<(), BoxError> {
        ctx.forward(record.map_value(|value| value + 1))
    }
}

#[test]
fn processors_allocate_nothing() {
    let graph = |stream: &KStream<u64, u64>| stream.process_values((), |_, ()| PassOn).process((), |_, ()| PassOn).to("out");
    assert_eq!(allocations(graph), 0);
}

/// The second time all keys are known and wait in the record cache.
#[test]
fn a_count_of_known_keys_allocates_nothing() {
    let graph = |stream: &KStream<u64, u64>| {
        let _counts = stream.group_by_key().count_with("counts");
    };
    assert_eq!(allocations(graph), 0);
}

#[test]
fn a_count_in_known_windows_allocates_nothing() {
    let graph = |stream: &KStream<u64, u64>| {
        let hour = TimeWindows::tumbling(Duration::from_secs(3600)).no_grace();
        let _counts = stream.group_by_key().windowed_by(hour).count_with("counts");
    };
    assert_eq!(allocations(graph), 0);
}

#[test]
fn a_join_with_known_rows_allocates_nothing() {
    let graph = |stream: &KStream<u64, u64>| {
        let table = stream.to_table_with("rows");
        stream.join_table(&table, |value, row| value + row).to("out");
    };
    assert_eq!(allocations(graph), 0);
}

/// That the tests above can fail.
#[test]
fn what_the_user_allocates_is_counted() {
    let one = |stream: &KStream<u64, u64>| stream.map_values(|value| value.to_string()).to("out");
    let of_one = allocations(one);
    assert!(of_one >= RECORDS as u64, "{of_one} allocations");
    let tree = |stream: &KStream<u64, u64>| stream.map_values(|value| BTreeMap::from([(value, value)]).len() as u64).to("out");
    let of_tree = allocations(tree);
    assert!(of_tree >= RECORDS as u64, "{of_tree} allocations");
}
