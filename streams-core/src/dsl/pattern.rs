//! Streams of every topic whose name matches a pattern.

use super::builder::{StreamsBuilder, source};
use super::options::Consumed;
use super::stream::KStream;
use super::topology_builder::{Node, TopologyBuilder};
use crate::Data;
use crate::plan::SharedPlan;
use crate::topology::{TopicName, TopicPattern};
use streams_state::serde::DefaultSerde;

impl StreamsBuilder {
    /// Reads every topic whose whole name matches a pattern, as one stream. The syntax is that of the crate `regex`: Java's, without back
    /// references and look-around. Two patterns with the same text are one source.
    ///
    /// The topics are looked up when the application starts, then every `metadata.max.age.ms` (5 min) and whenever the group is rebalanced.
    /// One that is made later is read from where [`Consumed`] or `auto.offset.reset` says, its first record by default; one that is deleted is
    /// read no more. The tasks concerned go on with their stores; their processors are closed and made again. Kafka's own topics, those of the
    /// application (repartition topics, changelogs) and those of global tables never match. While no topic matches, the source reads nothing.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// builder.stream_pattern::<String, i64>("orders-[a-z]+").to("all-orders");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("orders-eu").pipe("tea".to_string(), 1)?;
    /// driver.input::<String, i64>("orders-us").pipe("tea".to_string(), 2)?;
    /// let all = driver.output::<String, i64>("all-orders").read_all()?;
    /// assert_eq!(all, [("tea".to_string(), 1), ("tea".to_string(), 2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `build()` fails where the text is no pattern, or where it matches a topic that another source names. The start fails where a topic
    /// matches two patterns, where topics that are joined have different numbers of partitions, and where the number of partitions is another
    /// one than that of the application's internal topics. Where a topic that comes later has such a fault, a stream thread fails, and the
    /// uncaught-error handler says what follows.
    #[doc(alias = "stream")]
    pub fn stream_pattern<K: Data + DefaultSerde, V: Data + DefaultSerde>(&self, pattern: &str) -> KStream<K, V> {
        self.stream_pattern_with(pattern, Consumed::default())
    }

    /// [`stream_pattern`](Self::stream_pattern) with serdes, timestamps, or where to begin.
    pub fn stream_pattern_with<K: Data, V: Data>(&self, pattern: &str, consumed: Consumed<K, V>) -> KStream<K, V> {
        source(&self.plan, matching(&self.plan, pattern), consumed, true)
    }
}

impl TopologyBuilder {
    /// Reads every topic whose whole name matches a pattern: see [`StreamsBuilder::stream_pattern`] for which these are.
    ///
    /// ```
    /// # use streams_core::{processor::TopologyBuilder, testing::TopologyTestDriver};
    /// let builder = TopologyBuilder::new();
    /// let orders = builder.add_source_pattern::<String, i64>("orders", "orders-[a-z]+");
    /// builder.add_sink("all", "all-orders", &[&orders]);
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("orders-eu").pipe("tea".to_string(), 1)?;
    /// assert_eq!(driver.output::<String, i64>("all-orders").read_all()?, [("tea".to_string(), 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`StreamsBuilder::stream_pattern`].
    #[doc(alias = "addSource")]
    pub fn add_source_pattern<K: Data + DefaultSerde, V: Data + DefaultSerde>(&self, name: &str, pattern: &str) -> Node<K, V> {
        self.add_source_pattern_with(name, pattern, Consumed::default())
    }

    /// [`add_source_pattern`](Self::add_source_pattern) with serdes, timestamps, or where to begin. The name is the one given here.
    pub fn add_source_pattern_with<K: Data, V: Data>(&self, name: &str, pattern: &str, consumed: Consumed<K, V>) -> Node<K, V> {
        Node(source(&self.plan, matching(&self.plan, pattern), consumed.named(name), false))
    }
}

/// The topics whose names match, which are looked up when the application starts.
pub(super) fn matching(plan: &SharedPlan, pattern: &str) -> Vec<TopicName> {
    vec![match TopicPattern::new(pattern) {
        Ok(pattern) => TopicName::Matching(pattern),
        Err(error) => {
            plan.lock().error(error);
            TopicName::External(pattern.into())
        }
    }]
}
