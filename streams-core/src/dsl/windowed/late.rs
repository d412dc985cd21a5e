//! The records that come too late, as a stream of their own.

use super::TimeWindowedKStream;
use crate::dsl::KStream;
use crate::dsl::stream::processor;
use crate::dsl::windows::Cut;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process, StreamTime};
use crate::plan::{Named, Role};
use crate::{Data, Result};

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
        let (grouped, stream) = (&self.grouped, &self.grouped.stream);
        let mut plan = stream.plan.lock();
        let name = plan.processor_name(&named.into(), "KSTREAM-LATE-");
        if let Err(reason) = self.windows.check() {
            plan.error(format!("{name}: {reason}"));
        }
        let mut late = stream.clone();
        late.value_serde = grouped.value_choice().given_or(&stream.value_serde);
        if stream.repartition_required {
            if !grouped.is_named() {
                plan.error(format!(
                    "{name}: late records of a stream with a new key lie behind its repartition topic: name the grouping, so that the aggregation shares it"
                ));
            }
            let key_serde = grouped.key.clone().resolve(&stream.key_serde, &mut plan, &name, "key");
            let input = grouped.partitioned(&mut plan, &name, &key_serde);
            (late.node, late.key_bytes, late.sources) = (input.node, input.key_bytes, input.sources);
            (late.key_serde, late.repartition_required) = (Some(key_serde), false);
        }
        let windows = self.windows.clone();
        let make = move |env: &mut GraphEnv<'_>, next| {
            let (windows, stream_time) = (windows.clone(), StreamTime::of_node(env));
            Ok(Box::new(LateOnly { grace_ms: windows.grace_ms(), windows, stream_time, next }) as Edge<K, V>)
        };
        late.node = plan.add(name.clone(), &[late.node], Role::Other, processor(Box::new(make)));
        late.name = name;
        drop(plan);
        late
    }
}

struct LateOnly<K, V> {
    windows: Cut,
    grace_ms: i64,
    /// As the aggregation beside it sees it: the same records come there.
    stream_time: StreamTime,
    next: Edge<K, V>,
}

impl<K, V> Process<K, V> for LateOnly<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let closed = self.stream_time.observe(cx, meta.timestamp).saturating_sub(self.grace_ms);
        match self.windows.is_late(meta.timestamp, closed) {
            true => self.next.process(cx, key, value, meta),
            false => Ok(()),
        }
    }
}
