//! The records that come too late for a session, as a stream of their own.

use super::SessionWindowedKStream;
use crate::Data;
use crate::dsl::late_by_store::Taking;
use crate::dsl::{KStream, KTable};
use crate::plan::Named;
use std::ops::ControlFlow;
use std::sync::Arc;
use streams_state::SessionStore;
use streams_state::serde::Windowed;

impl<K: Data, V: Data> SessionWindowedKStream<K, V> {
    /// The records that come too late for a session of `sessions`, the table that aggregates this stream, unchanged: to be kept, or to be added
    /// elsewhere. They are counted as dropped beside that. A record that is late itself, but near a session that still takes records, is not
    /// among them: whether there is one the table's store knows. Java has no such operator.
    ///
    /// The late records of a stream with a new key lie behind its repartition topic: give the grouping a name, so that the aggregation uses
    /// the same one.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = SessionWindows::with_gap(Duration::from_secs(10)).no_grace();
    /// let visits = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
    /// visits.late_records(&visits.count()).to("too-late");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, String>("in");
    /// for (value, at) in [("a", 20_000), ("b", 25_000), ("c", 16_000), ("d", 1_000)] {
    ///     input.pipe_at("key".to_string(), value.to_string(), at)?;
    /// }
    /// let late = driver.output::<String, String>("too-late").read_all()?;
    /// assert_eq!(late, [("key".to_string(), "d".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn late_records<A: Data>(&self, sessions: &KTable<Windowed<K>, A>) -> KStream<K, V> {
        self.late_records_with(sessions, Named::default())
    }

    /// [`late_records`](Self::late_records) with a name for its node.
    pub fn late_records_with<A: Data>(&self, sessions: &KTable<Windowed<K>, A>, named: impl Into<Named>) -> KStream<K, V> {
        let gap = self.windows.gap_ms;
        let is_taken = move |store: &mut SessionStore<K, A>, key: &[u8], at: i64, open_from: i64| {
            let mut taken = false;
            store.find_sessions(key, at.saturating_sub(gap).max(open_from), at.saturating_add(gap), false, &mut |_, _, _| {
                taken = true;
                Ok(ControlFlow::Break(()))
            })?;
            Ok(taken)
        };
        let taking = Taking { what: "sessions", behind_ms: self.windows.open_ms(), is_taken: Arc::new(is_taken) };
        self.grouped.late_by_store(sessions, taking, named.into())
    }
}
