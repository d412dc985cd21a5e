//! Inputs of cogroups that may delete the row.

use super::CogroupedKStream;
use crate::dsl::folder::Folder;
use crate::dsl::grouped::KGroupedStream;
use crate::{BoxError, Data};

impl<K: Data, V: Data> KGroupedStream<K, V> {
    /// The general form of [`cogroup`](Self::cogroup): `f` finds an empty slot where there is no row yet, also by window and by session, and may
    /// empty it, which deletes the row as in [`fold`](Self::fold). Nothing begins with `init()` for the records of this input, other than for
    /// those of an input that is added by `cogroup`.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let orders = builder.stream::<String, i64>("orders").group_by_key();
    /// let closed = builder.stream::<String, String>("closed").group_by_key();
    /// orders
    ///     .cogroup(|_customer, amount, balance: &mut i64| *balance += amount)
    ///     .cogroup_fold(&closed, |_customer, _reason, balance| *balance = None)
    ///     .aggregate(|| 0)
    ///     .to_stream()
    ///     .to("balances");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("orders").pipe("ann".to_string(), 10)?;
    /// driver.input::<String, String>("closed").pipe("ann".to_string(), "moved".to_string())?;
    /// let balances = driver.output::<String, Option<i64>>("balances").read_all()?;
    /// assert_eq!(balances, [("ann".to_string(), Some(10)), ("ann".to_string(), None)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cogroup_fold<A: Data>(&self, f: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static) -> CogroupedKStream<K, A> {
        CogroupedKStream::empty(self).cogroup_fold(self, f)
    }

    /// [`cogroup_fold`](Self::cogroup_fold) whose closure may fail, as in [`try_cogroup`](Self::try_cogroup).
    pub fn try_cogroup_fold<A: Data>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> CogroupedKStream<K, A> {
        CogroupedKStream::empty(self).try_cogroup_fold(self, f)
    }
}

impl<K: Data, A: Data> CogroupedKStream<K, A> {
    /// Adds a grouped stream whose records may delete the row, as in [`KGroupedStream::cogroup_fold`].
    pub fn cogroup_fold<V: Data>(self, grouped: &KGroupedStream<K, V>, f: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static) -> Self {
        let folder = Folder::sure(f);
        self.with(grouped, move |_| folder.clone())
    }

    /// Adds a grouped stream whose records may delete the row, by a closure that may fail, as in [`KGroupedStream::try_cogroup`].
    pub fn try_cogroup_fold<V: Data>(
        self,
        grouped: &KGroupedStream<K, V>,
        f: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Self {
        let folder = Folder::fallible(f);
        self.with(grouped, move |_| folder.clone())
    }
}
