//! `group_by` of tables.

use super::KTable;
use crate::dsl::grouped_table::{KGroupedTable, Selector, select_factory};
use crate::dsl::options::Grouped;
use crate::plan::{Role, Target};
use crate::{BoxError, Data};
use std::sync::Arc;
use streams_state::serde::DefaultSerde;

impl<K: Data, V: Data> KTable<K, V> {
    /// Groups the rows by a new key: `select` gives the key of a row's group and the value that it has there. When a row changes, its group is
    /// told the old value to take out and the new one to take in, through a repartition topic. `select` must give the same for the same row.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// // who is where -> how many are where
    /// let places = builder.table::<String, String>("places");
    /// places.group_by(|name, place| (place.clone(), name.clone())).count().to_stream().to("counts");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, String>("places");
    /// for (name, place) in [("Ann", "home"), ("Bob", "home"), ("Ann", "work")] {
    ///     input.pipe(name.to_string(), place.to_string())?;
    /// }
    /// let counts = driver.output::<String, Option<u64>>("counts").read_map()?;
    /// assert_eq!(counts, [("home".to_string(), Some(1)), ("work".to_string(), Some(1))].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "groupBy")]
    pub fn group_by<KO: Data + DefaultSerde, VO: Data + DefaultSerde>(
        &self,
        select: impl Fn(&K, &V) -> (KO, VO) + Send + Sync + 'static,
    ) -> KGroupedTable<KO, VO> {
        self.group_by_with(select, Grouped::default())
    }

    /// [`group_by`](Self::group_by) with serdes, or a name for the repartition topic.
    pub fn group_by_with<KO: Data, VO: Data>(
        &self,
        select: impl Fn(&K, &V) -> (KO, VO) + Send + Sync + 'static,
        grouped: impl Into<Grouped<KO, VO>>,
    ) -> KGroupedTable<KO, VO> {
        self.grouped(Arc::new(move |key: &K, value: &V| Ok(select(key, value))), grouped.into())
    }

    /// [`group_by`](Self::group_by) whose closure may fail: an error goes to the processing exception handler, which fails the task (the
    /// default) or goes on, counted as `processing`: the row leaves the group that it was in, and is in none until it changes again.
    pub fn try_group_by<KO: Data + DefaultSerde, VO: Data + DefaultSerde>(
        &self,
        select: impl Fn(&K, &V) -> Result<(KO, VO), BoxError> + Send + Sync + 'static,
    ) -> KGroupedTable<KO, VO> {
        self.try_group_by_with(select, Grouped::default())
    }

    /// [`try_group_by`](Self::try_group_by) with serdes, or a name for the repartition topic.
    pub fn try_group_by_with<KO: Data, VO: Data>(
        &self,
        select: impl Fn(&K, &V) -> Result<(KO, VO), BoxError> + Send + Sync + 'static,
        grouped: impl Into<Grouped<KO, VO>>,
    ) -> KGroupedTable<KO, VO> {
        self.grouped(Arc::new(select), grouped.into())
    }

    fn grouped<KO: Data, VO: Data>(&self, select: Selector<K, V, KO, VO>, grouped: Grouped<KO, VO>) -> KGroupedTable<KO, VO> {
        let mut plan = self.plan.lock();
        let name = plan.processor_name(&grouped.named, "KTABLE-SELECT-");
        let factory = select_factory::<KO, VO, K, V>(select, self.table.history_ms().is_some());
        let write = move |target: &mut Target<'_>| target.builder.add_processor(&target.name, &target.parents, factory.clone());
        let node = plan.add(name.clone(), &[self.plan_node], Role::Other, Arc::new(write));
        self.require_old_values(&mut plan, &name);
        KGroupedTable::new(&self.plan, &mut plan, node, name, grouped)
    }
}
