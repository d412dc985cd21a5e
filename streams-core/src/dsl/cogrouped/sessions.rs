//! Cogrouped streams by session.

use super::{CogroupedKStream, Kind};
use crate::dsl::cogrouped::input::Init;
use crate::dsl::folder::Folder;
use crate::dsl::options::{Materialized, SerdeChoice};
use crate::dsl::session::{SessionTable, session_supplier};
use crate::dsl::table::TableNode;
use crate::dsl::windows::{EmitStrategy, SessionWindows};
use crate::dsl::{KGroupedStream, KStream, KTable, SessionWindowedKStream};
use crate::plan::Named;
use crate::{BoxError, Change, Data};
use std::fmt;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde, SessionWindowedSerde, Windowed};

/// Cogrouped streams cut into sessions, which go on with the records of any of them; the result is a table by key and session.
#[must_use = "sessions do nothing until they are aggregated"]
pub struct SessionWindowedCogroupedKStream<K, A> {
    pub(crate) cogrouped: CogroupedKStream<K, A>,
    pub(crate) windows: SessionWindows,
}

impl<K, A> fmt::Debug for SessionWindowedCogroupedKStream<K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionWindowedCogroupedKStream({:?}, {:?})", self.cogrouped, self.windows)
    }
}

impl<K: Data, A: Data> SessionWindowedCogroupedKStream<K, A> {
    /// The records of an input that come too late for a session of `sessions`, the result of [`aggregate`](Self::aggregate): see
    /// [`SessionWindowedKStream::late_records`](crate::SessionWindowedKStream::late_records). Each input has a stream time of its own, by which
    /// its records are late.
    pub fn late_records<V: Data>(&self, input: &KGroupedStream<K, V>, sessions: &KTable<Windowed<K>, A>) -> KStream<K, V> {
        self.late_records_with(input, sessions, Named::default())
    }

    /// [`late_records`](Self::late_records) with a name for its node.
    pub fn late_records_with<V: Data>(
        &self,
        input: &KGroupedStream<K, V>,
        sessions: &KTable<Windowed<K>, A>,
        named: impl Into<Named>,
    ) -> KStream<K, V> {
        self.cogrouped.check_input(input);
        SessionWindowedKStream::new(input.clone(), self.windows).late_records_with(sessions, named)
    }

    /// Keeps an aggregate per key and session: begun with `init()`, `merge`d in place with that of each session that a record is near enough to,
    /// the oldest first, and then changed in place by the aggregator of the record's input. Its time is the session's end.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, String>("clicks").group_by_key();
    /// let views = builder.stream::<String, String>("views").group_by_key();
    /// clicks
    ///     .cogroup(|_, _, seen: &mut String| seen.push('c'))
    ///     .cogroup(&views, |_, _, seen| seen.push('v'))
    ///     .windowed_by(SessionWindows::with_gap(Duration::from_secs(5)).grace(Duration::from_secs(60)))
    ///     .aggregate(String::new, |_key, one, other| one.push_str(&other))
    ///     .to_stream()
    ///     .map(|windowed, seen| (windowed.to_string(), seen))
    ///     .to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("clicks").pipe_at("ann".to_string(), "/".to_string(), 3_000)?;
    /// driver.input::<String, String>("views").pipe_at("ann".to_string(), "/".to_string(), 4_000)?;
    /// driver.input::<String, String>("views").pipe_at("ann".to_string(), "/".to_string(), 12_000)?;
    /// let seen = driver.output::<String, Option<String>>("out").read_map()?;
    /// assert_eq!((&seen["[ann@3000/4000]"], &seen["[ann@12000/12000]"]), (&Some("cv".to_string()), &Some("v".to_string())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn aggregate(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A>
    where
        A: DefaultSerde,
    {
        self.aggregate_with(init, merge, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`aggregate`](Self::aggregate) with a name for the store, serdes, retention, cache or changelog options. A name for the node names them
    /// all: `<name>-cogroup-agg-<input>` and `<name>-cogroup-merge`.
    pub fn aggregate_with(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let init: Init<A> = Arc::new(init);
        let begin = init.clone();
        self.fold_with(move || init(), move |key, slot, other| merge(key, slot.get_or_insert_with(|| begin()), other), materialized)
    }

    /// [`aggregate`](Self::aggregate) whose `merge` may fail: an error goes to the processing exception handler, which fails the task (the
    /// default) or leaves out the record that would have merged the sessions, counted as `processing`. They are then as they were before.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, String>("clicks").group_by_key();
    /// clicks
    ///     .cogroup(|_, _, seen: &mut u64| *seen += 1)
    ///     .windowed_by(SessionWindows::with_gap(Duration::from_secs(5)).no_grace())
    ///     .try_aggregate(|| 0, |_key, one, other| Ok(*one = one.checked_add(other).ok_or("too many")?))
    ///     .to_stream()
    ///     .map(|windowed, seen| (windowed.to_string(), seen))
    ///     .to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("clicks").pipe_at("ann".to_string(), "/".to_string(), 3_000)?;
    /// assert_eq!(driver.output::<String, u64>("out").read_all()?, [("[ann@3000/3000]".to_string(), 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_aggregate(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A>
    where
        A: DefaultSerde,
    {
        self.try_aggregate_with(init, merge, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_aggregate`](Self::try_aggregate) with options as [`aggregate_with`](Self::aggregate_with).
    pub fn try_aggregate_with(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        merge: impl Fn(&K, &mut A, A) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let init: Init<A> = Arc::new(init);
        let begin = init.clone();
        self.try_fold_with(move || init(), move |key, slot, other| merge(key, slot.get_or_insert_with(|| begin()), other), materialized)
    }

    /// The general form of [`aggregate`](Self::aggregate): the slot into which `merge` takes the sessions that a record is near to is empty before
    /// the first of them, and may be emptied. The aggregator of the record's input then finds `init()`, or an empty slot where it was added by
    /// [`cogroup_fold`](CogroupedKStream::cogroup_fold).
    pub fn fold(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        merge: impl Fn(&K, &mut Option<A>, A) + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A>
    where
        A: DefaultSerde,
    {
        self.fold_with(init, merge, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`fold`](Self::fold) with options as [`aggregate_with`](Self::aggregate_with).
    pub fn fold_with(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        merge: impl Fn(&K, &mut Option<A>, A) + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let init: Init<A> = Arc::new(init);
        self.aggregation(&init, &Folder::sure(move |key, other, slot| merge(key, slot, other)), &materialized.into())
    }

    /// [`fold`](Self::fold) whose `merge` may fail, as in [`try_aggregate`](Self::try_aggregate).
    pub fn try_fold(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        merge: impl Fn(&K, &mut Option<A>, A) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> KTable<Windowed<K>, A>
    where
        A: DefaultSerde,
    {
        self.try_fold_with(init, merge, Materialized::implied(SerdeChoice::default(), SerdeChoice::by_type()))
    }

    /// [`try_fold`](Self::try_fold) with options as [`aggregate_with`](Self::aggregate_with).
    pub fn try_fold_with(
        &self,
        init: impl Fn() -> A + Send + Sync + 'static,
        merge: impl Fn(&K, &mut Option<A>, A) -> Result<(), BoxError> + Send + Sync + 'static,
        materialized: impl Into<Materialized<K, A>>,
    ) -> KTable<Windowed<K>, A> {
        let init: Init<A> = Arc::new(init);
        self.aggregation(&init, &Folder::fallible(move |key, other, slot| merge(key, slot, other)), &materialized.into())
    }

    fn aggregation(&self, init: &Init<A>, merge: &Folder<K, A, A>, materialized: &Materialized<K, A>) -> KTable<Windowed<K>, A> {
        let (cogrouped, windows) = (&self.cogrouped, self.windows);
        let mut plan = cogrouped.plan.lock();
        let store_name = plan.store_name(materialized.name.as_ref(), "COGROUPKSTREAM-AGGREGATE-");
        let key_serde = cogrouped.key_serde(&mut plan, &materialized.key, &store_name);
        let placed = cogrouped.place(&mut plan, &materialized.node, &store_name, &key_serde);
        let value_serde = materialized.value.resolve(&None, &mut plan, &placed.name, "value");
        let supplier = session_supplier(
            &mut plan,
            (&placed.name, &store_name),
            materialized,
            (windows, EmitStrategy::default()),
            key_serde.clone(),
            value_serde.clone(),
        );
        let table = Arc::new(SessionTable { supplier: supplier.clone(), queryable: materialized.name.is_some(), old_values: false.into() });
        let factory = &|input: &dyn super::CogroupInput<K, A>, key_bytes| input.by_session(windows, &table, (init, merge), key_bytes);
        let kind = Kind { factory, closes_after_ms: Some(windows.closes_after_ms()) };
        let attached = cogrouped.attach::<Windowed<K>, Change<A>>(&mut plan, placed, std::slice::from_ref(&supplier), kind);
        drop(plan);
        let windowed_serde: Arc<dyn Serde<Windowed<K>>> = Arc::new(SessionWindowedSerde::new(key_serde));
        KTable {
            plan: cogrouped.plan.clone(),
            plan_node: attached.node,
            name: attached.name,
            key_serde: Some(windowed_serde),
            value_serde: Some(value_serde),
            key_bytes: None,
            sources: attached.sources,
            table: table as Arc<dyn TableNode<Windowed<K>, A>>,
        }
    }
}
