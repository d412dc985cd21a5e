//! The records that come too late, as a stream of their own.

use super::TimeWindowedKStream;
use crate::Data;
use crate::dsl::KStream;
use crate::dsl::stream::{late_only, processor};
use crate::plan::{Named, Role};

impl<K: Data, V: Data> TimeWindowedKStream<K, V> {
    /// The records that come too late for all of their windows, unchanged: to be kept, or to be added elsewhere. They are counted as dropped
    /// beside that. A record that is late for some of its windows only is not among them; neither is one that comes just in time for a sliding
    /// window that would begin with it, but finds no window that is still open. Java has no such operator.
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
}
