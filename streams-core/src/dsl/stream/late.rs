//! The records that come too late, as a stream of their own.

use super::{KStream, processor};
use crate::dsl::windows::{JoinWindows, millis};
use crate::exec::{Cx, Edge, GraphEnv, Maker, Meta, Process, StreamTime};
use crate::plan::{Named, Role};
use crate::{Data, Result};
use std::time::Duration;

/// Which records are late for an operator: what [`KStream::late_records`] takes.
///
/// A [`Duration`] is how far behind stream time a record may be and still be taken, such as the grace of
/// [`deduplicate_by_key`](KStream::deduplicate_by_key). [`JoinWindows`] are those of a join of streams: late is what it does not keep any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness {
    taken_ms: i64,
}

impl From<Duration> for Lateness {
    fn from(taken: Duration) -> Self {
        Lateness { taken_ms: millis(taken) }
    }
}

impl From<JoinWindows> for Lateness {
    fn from(windows: JoinWindows) -> Self {
        // the store hides the last millisecond of its retention
        Lateness { taken_ms: windows.size_ms().saturating_add(windows.grace_ms) - 1 }
    }
}

impl<K: Data, V: Data> KStream<K, V> {
    /// The records that come too late for an operator beside, unchanged: to be kept, or to be added elsewhere. The operator counts them as
    /// dropped beside that. Java has no such operator.
    ///
    /// Of a join of streams, give its windows: late records of this side are those that the join does not keep. What they meet on the other
    /// side they are joined with all the same, as in Java. Of `deduplicate`, give its grace (by default as long as the time within which
    /// repetitions are left out); a record without an id is never late there, but may be among these. Windowed aggregations have
    /// [`late_records`](crate::TimeWindowedKStream::late_records) of their own.
    ///
    /// A stream with a new key comes to its operators through a repartition topic of theirs, in another order: call
    /// [`repartition`](Self::repartition) first, and let both read that; [`build`](crate::StreamsBuilder::build) refuses it otherwise.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{JoinWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let (views, clicks) = (builder.stream::<String, i64>("views"), builder.stream::<String, i64>("clicks"));
    /// let windows = JoinWindows::within(Duration::from_secs(5)).grace(Duration::from_secs(10));
    /// views.join(&clicks, |view, click| view + click, windows).to("out");
    /// views.late_records(windows).to("late-views");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("views");
    /// for (value, at) in [(1, 40_000), (2, 20_001), (3, 20_000)] {
    ///     input.pipe_at("a".to_string(), value, at)?;
    /// }
    /// assert_eq!(driver.output::<String, i64>("late-views").read_all()?, [("a".to_string(), 3)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn late_records(&self, late: impl Into<Lateness>) -> KStream<K, V> {
        self.late_records_with(late, Named::default())
    }

    /// [`late_records`](Self::late_records) with a name for its node.
    pub fn late_records_with(&self, late: impl Into<Lateness>, named: impl Into<Named>) -> KStream<K, V> {
        let Lateness { taken_ms } = late.into();
        let mut plan = self.plan.lock();
        let name = plan.processor_name(&named.into(), "KSTREAM-LATE-");
        if self.repartition_required {
            plan.error(format!(
                "{name}: late records of {}, a stream with a new key, are told behind its repartition topic: call `repartition()` on it, and let \
                 the operator read that stream too",
                self.name
            ));
        }
        let write = processor(late_only::<K, V>(move |at, now| at < now.saturating_sub(taken_ms)));
        let node = plan.add(name.clone(), &[self.node], Role::Other, write);
        drop(plan);
        KStream { node, name, ..self.clone() }
    }
}

/// Passes the records that `is_late` says so of, told the record's time and the node's stream time.
pub(crate) fn late_only<K: Data, V: Data>(is_late: impl Fn(i64, i64) -> bool + Clone + Send + Sync + 'static) -> Maker<K, V, K, V> {
    Box::new(move |env: &mut GraphEnv<'_>, next| {
        let (is_late, stream_time) = (is_late.clone(), StreamTime::of_node(env));
        Ok(Box::new(LateOnly { is_late, stream_time, next }) as Edge<K, V>)
    })
}

struct LateOnly<K, V, F> {
    is_late: F,
    /// As the operator beside it sees it: the same records come there.
    stream_time: StreamTime,
    next: Edge<K, V>,
}

impl<K, V, F: Fn(i64, i64) -> bool> Process<K, V> for LateOnly<K, V, F> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let now = self.stream_time.observe(cx, meta.timestamp);
        match (self.is_late)(meta.timestamp, now) {
            true => self.next.process(cx, key, value, meta),
            false => Ok(()),
        }
    }
}
