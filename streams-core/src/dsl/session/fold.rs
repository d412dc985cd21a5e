//! `fold` by session.

use super::SessionWindowedKStream;
use super::merge::Folders;
use crate::dsl::KTable;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::{BoxError, Data};
use streams_state::serde::{DefaultSerde, Windowed};

impl<K: Data, V: Data> SessionWindowedKStream<K, V> {
    /// The general form of [`aggregate`](Self::aggregate): `merge` takes the aggregate of each session that the record is near enough to into the
    /// slot, the oldest first, which is empty before the first; then `f` finds what they came to, or an empty slot. Where `f` leaves it empty
    /// there is no session: those that the record was near to are deleted, as by an aggregator of Java's that answers null, and the record is in
    /// none, so that those that come after it begin anew.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let visits = SessionWindows::with_gap(Duration::from_secs(5)).no_grace();
    /// let pages = builder.stream::<String, String>("in").group_by_key().windowed_by(visits);
    /// // who logs out has no visit any more
    /// let add = |_: &String, page: String, seen: &mut Option<u64>| *seen = (page != "logout").then(|| seen.unwrap_or(0) + 1);
    /// let merge = |_: &String, seen: &mut Option<u64>, other: u64| *seen = Some(seen.unwrap_or(0) + other);
    /// pages.fold(add, merge).to_stream().map(|windowed, seen| (windowed.to_string(), seen)).to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, String>("in");
    /// for (page, at) in [("/", 1_000), ("logout", 4_000), ("/", 5_000)] {
    ///     input.pipe_at("ann".to_string(), page.to_string(), at)?;
    /// }
    /// let seen = driver.output::<String, Option<u64>>("out").read_map()?;
    /// assert_eq!((seen["[ann@1000/1000]"], seen["[ann@5000/5000]"]), (None, Some(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fold<A: Data + DefaultSerde>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static,
        merge: impl Fn(&K, &mut Option<A>, A) + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A> {
        self.fold_with(f, merge, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`fold`](Self::fold) with a name for the store, serdes, retention, cache or changelog options.
    pub fn fold_with<A: Data>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static,
        merge: impl Fn(&K, &mut Option<A>, A) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let folders = Folders { add: Folder::sure(f), merge: Folder::sure(move |key, other, slot| merge(key, slot, other)) };
        self.aggregation("KSTREAM-AGGREGATE-", folders, materialized.into())
    }

    /// [`fold`](Self::fold) whose closures may fail, as in [`try_aggregate`](Self::try_aggregate).
    pub fn try_fold<A: Data + DefaultSerde>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
        merge: impl Fn(&K, &mut Option<A>, A) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A> {
        self.try_fold_with(f, merge, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_fold`](Self::try_fold) with a name for the store, serdes, retention, cache or changelog options.
    pub fn try_fold_with<A: Data>(
        &self,
        f: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static,
        merge: impl Fn(&K, &mut Option<A>, A) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let folders = Folders { add: Folder::fallible(f), merge: Folder::fallible(move |key, other, slot| merge(key, slot, other)) };
        self.aggregation("KSTREAM-AGGREGATE-", folders, materialized.into())
    }
}
