//! The records that come too late, as a stream of their own.

use super::TimeWindowedKStream;
use crate::dsl::late_by_store::Taking;
use crate::dsl::stream::{late_only, processor};
use crate::dsl::windows::{Cut, SlidingWindows};
use crate::dsl::{KStream, KTable};
use crate::plan::{Named, Role};
use crate::{Data, Result};
use std::ops::ControlFlow;
use std::sync::Arc;
use streams_state::WindowStore;
use streams_state::serde::Windowed;

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    /// The records that come too late for all of their windows, unchanged: to be kept, or to be added elsewhere. They are counted as dropped
    /// beside that. A record that is late for some of its windows only is not among them; neither is one that comes just in time for a sliding
    /// window that would begin with it, but finds no window that is still open: [`late_records_of`](Self::late_records_of) gives that, too. Java
    /// has no such operator.
    ///
    /// The late records of a stream with a new key lie behind its repartition topic: give the grouping a name, so that the aggregation uses
    /// the same one.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = TimeWindows::tumbling(Duration::from_secs(10)).grace(Duration::from_secs(2));
    /// let windowed = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
    /// let _counts = windowed.count_with("counts");
    /// windowed.late_records().to("too-late");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, String>("in");
    /// for (value, at) in [("a", 1_000), ("b", 12_000), ("c", 9_000)] {
    ///     input.pipe_at("key".to_string(), value.to_string(), at)?;
    /// }
    /// let late = driver.output::<String, String>("too-late").read_all()?;
    /// assert_eq!(late, [("key".to_string(), "c".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn late_records(&self) -> KStream<K, V> {
        self.late_records_with(Named::default())
    }

    /// [`late_records`](Self::late_records) with a name for its node.
    pub fn late_records_with(&self, named: impl Into<Named>) -> KStream<K, V> {
        let grouped = &self.grouped;
        let mut plan = grouped.stream.plan.lock();
        let name = plan.processor_name(&named.into(), "KSTREAM-LATE-");
        if let Err(reason) = self.windows.check() {
            plan.error(format!("{name}: {reason}"));
        }
        let mut late = grouped.beside(&mut plan, &name);
        let (windows, grace_ms) = (self.windows.clone(), self.windows.grace_ms());
        let write = processor(late_only::<K, V>(move |at, now| windows.is_late(at, now.saturating_sub(grace_ms))));
        late.node = plan.add(name.clone(), &[late.node], Role::Other, write);
        late.name = name;
        drop(plan);
        late
    }

    /// All records that come too late for `table`, which aggregates this stream: [`late_records`](Self::late_records), and of sliding windows also
    /// those that come in time for windows of neighbours and find none, which the table's store knows.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SlidingWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = SlidingWindows::within(Duration::from_secs(10)).no_grace();
    /// let windowed = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
    /// windowed.late_records_of(&windowed.count()).to("too-late");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, String>("in");
    /// // "c" finds the window of "a" and "b", "d" finds none of its key
    /// for (key, value, at) in [("x", "a", 28_000), ("x", "b", 30_000), ("x", "c", 29_000), ("y", "d", 29_000)] {
    ///     input.pipe_at(key.to_string(), value.to_string(), at)?;
    /// }
    /// let late = driver.output::<String, String>("too-late").read_all()?;
    /// assert_eq!(late, [("y".to_string(), "d".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn late_records_of<A: Data>(&self, table: &KTable<Windowed<K>, A>) -> KStream<K, V> {
        self.late_records_of_with(table, Named::default())
    }

    /// [`late_records_of`](Self::late_records_of) with a name for its node.
    pub fn late_records_of_with<A: Data>(&self, table: &KTable<Windowed<K>, A>, named: impl Into<Named>) -> KStream<K, V> {
        let Cut::Sliding(windows) = self.windows else { return self.late_records_with(named) };
        let is_taken = move |store: &mut WindowStore<K, A>, key: &[u8], at, open_from| is_taken(windows, store, key, at, open_from);
        let taking = Taking { what: "sliding windows", behind_ms: windows.grace_ms, is_taken: Arc::new(is_taken) };
        self.grouped.late_by_store(table, taking, named.into())
    }
}

/// Whether a record before `closed` is in a window that ends at that time or later: in one that is there, or in the one right behind its
/// predecessor. As the aggregation looks for them, which has had the record already, but may have left it out for another reason.
fn is_taken<K: Data, A: Data>(windows: SlidingWindows, store: &mut WindowStore<K, A>, key: &[u8], at: i64, closed: i64) -> Result<bool> {
    let difference = windows.difference_ms;
    let open = |start: i64| start.saturating_add(difference) >= closed;
    // all records so early share a window
    let early = at < difference;
    if !open(at) || (early && open(0)) {
        return Ok(early && open(0));
    }
    let from = if early { 0 } else { at.saturating_sub(difference.saturating_mul(2)).max(0) };
    let (mut previous, mut taken) = (None, false);
    store.fetch_open(key, from, at, true, &mut |start, _, largest| {
        let (end, shared) = (start.saturating_add(difference), early && start == 0);
        taken = open(start);
        // another record of that time has made all the windows there are
        let nothing_new = largest == at && (end == at || shared);
        if !taken && !nothing_new && (end <= at || shared) {
            previous = Some(largest);
        }
        Ok(if taken || nothing_new || end < at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(taken || previous.is_some_and(|previous| previous < at && open(previous + 1)))
}
