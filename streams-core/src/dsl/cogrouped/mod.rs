//! Cogrouped streams: several grouped streams that fill one table (KIP-150).

mod aggregate;
mod fold;
mod input;
mod sessions;
mod windowed;

pub use sessions::SessionWindowedCogroupedKStream;
pub use windowed::TimeWindowedCogroupedKStream;

use crate::dsl::folder::Folder;
use crate::dsl::grouped::{GroupedInput, KGroupedStream};
use crate::dsl::options::SerdeChoice;
use crate::dsl::windows::WindowKind;
use crate::exec::{NodeFactory, operator};
use crate::plan::{Named, Plan, PlanId, Role, SharedPlan, Target};
use crate::{BoxError, Data};
use input::{CogroupInput, Init, Input};
use std::any::TypeId;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use streams_state::StoreSupplier;
use streams_state::serde::Serde;

/// Grouped streams that fill one table together, each with an aggregator of its own: begun by [`KGroupedStream::cogroup`].
#[must_use = "cogrouped streams do nothing until they are aggregated"]
pub struct CogroupedKStream<K, A> {
    plan: SharedPlan,
    /// The key's serde as the first grouping was told it.
    key: SerdeChoice<K>,
    inputs: Vec<Arc<dyn CogroupInput<K, A>>>,
}

impl<K, A> Clone for CogroupedKStream<K, A> {
    fn clone(&self) -> Self {
        CogroupedKStream { plan: self.plan.clone(), key: self.key.clone(), inputs: self.inputs.clone() }
    }
}

impl<K, A> fmt::Debug for CogroupedKStream<K, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CogroupedKStream({} inputs)", self.inputs.len())
    }
}

impl<K: Data, V: Data> KGroupedStream<K, V> {
    /// Begins a table that several grouped streams fill: `add` changes the aggregate for a record of this one. One store and one repartition
    /// topic for each stream that needs it, where joining the streams' own aggregates would take a store for each.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let orders = builder.stream::<String, i64>("orders").group_by_key();
    /// let returns = builder.stream::<String, String>("returns").group_by_key();
    /// orders
    ///     .cogroup(|_customer, amount, balance: &mut i64| *balance += amount)
    ///     .cogroup(&returns, |_customer, _reason, balance| *balance -= 1)
    ///     .aggregate(|| 0)
    ///     .to_stream()
    ///     .to("balances");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("orders").pipe("ann".to_string(), 10)?;
    /// driver.input::<String, String>("returns").pipe("ann".to_string(), "broken".to_string())?;
    /// let balances = driver.output::<String, Option<i64>>("balances").read_all()?;
    /// assert_eq!(balances, [("ann".to_string(), Some(10)), ("ann".to_string(), Some(9))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cogroup<A: Data>(&self, add: impl Fn(&K, V, &mut A) + Send + Sync + 'static) -> CogroupedKStream<K, A> {
        CogroupedKStream::empty(self).cogroup(self, add)
    }

    /// [`cogroup`](Self::cogroup) whose `add` may fail: an error goes to the processing exception handler, which fails the task (the default) or
    /// leaves the record out, counted as `processing`. The aggregate is then as it was before the record (of windows all are, sessions are not
    /// merged): `add` works on a clone of it.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let orders = builder.stream::<String, String>("orders").group_by_key();
    /// let returns = builder.stream::<String, String>("returns").group_by_key();
    /// orders
    ///     .try_cogroup(|_customer, amount, balance: &mut i64| Ok(*balance += amount.parse::<i64>()?))
    ///     .cogroup(&returns, |_customer, _reason, balance| *balance -= 1)
    ///     .aggregate(|| 0)
    ///     .to_stream()
    ///     .to("balances");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("orders").pipe("ann".to_string(), "10".to_string())?;
    /// assert_eq!(driver.output::<String, i64>("balances").read_all()?, [("ann".to_string(), 10)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_cogroup<A: Data>(
        &self,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> CogroupedKStream<K, A> {
        CogroupedKStream::empty(self).try_cogroup(self, add)
    }
}

impl<K: Data, A: Data> CogroupedKStream<K, A> {
    fn empty<V: Data>(first: &KGroupedStream<K, V>) -> Self {
        CogroupedKStream { plan: first.stream.plan.clone(), key: first.key.clone(), inputs: Vec::new() }
    }

    /// Adds a grouped stream: `add` changes the aggregate for a record of it.
    pub fn cogroup<V: Data>(self, grouped: &KGroupedStream<K, V>, add: impl Fn(&K, V, &mut A) + Send + Sync + 'static) -> Self {
        let add = Arc::new(add);
        self.with(grouped, move |init| {
            let (add, init) = (add.clone(), init.clone());
            Folder::sure(move |key, value, slot: &mut Option<A>| add(key, value, slot.get_or_insert_with(|| init())))
        })
    }

    /// Adds a grouped stream whose `add` may fail, as in [`KGroupedStream::try_cogroup`].
    pub fn try_cogroup<V: Data>(
        self,
        grouped: &KGroupedStream<K, V>,
        add: impl Fn(&K, V, &mut A) -> Result<(), BoxError> + Send + Sync + 'static,
    ) -> Self {
        let add = Arc::new(add);
        self.with(grouped, move |init| {
            let (add, init) = (add.clone(), init.clone());
            Folder::fallible(move |key, value, slot: &mut Option<A>| add(key, value, slot.get_or_insert_with(|| init())))
        })
    }

    fn with<V: Data>(
        mut self,
        grouped: &KGroupedStream<K, V>,
        folder: impl Fn(&Init<A>) -> Folder<K, V, A> + Send + Sync + 'static,
    ) -> Self {
        let name = &grouped.stream.name;
        if !self.plan.is(&grouped.stream.plan) {
            self.plan.lock().error(format!("{name} is cogrouped with a stream of another builder: make all of them with one builder"));
        }
        if self.inputs.iter().any(|input| input.identity() == grouped.identity()) {
            self.plan.lock().error(format!("the grouping of {name} is cogrouped with itself: let one aggregator do what both do"));
        }
        self.inputs.push(Arc::new(Input::new(grouped.clone(), folder)));
        self
    }

    /// Cuts the streams into windows: tumbling or hopping ones ([`TimeWindows`](crate::TimeWindows)), such that slide with the records
    /// ([`SlidingWindows`](crate::SlidingWindows)), or sessions ([`SessionWindows`](crate::SessionWindows)). Each input has a stream time of its
    /// own, by which its records are late or not; all of them lose records that are older than the store keeps windows behind the newest window
    /// of any input, which are counted as late. Results are forwarded as windows change, there is no
    /// [`emit_strategy`](crate::TimeWindowedKStream::emit_strategy).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{StreamsBuilder, TimeWindows, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let clicks = builder.stream::<String, String>("clicks").group_by_key();
    /// let views = builder.stream::<String, String>("views").group_by_key();
    /// clicks
    ///     .cogroup(|_, _, seen: &mut String| seen.push('c'))
    ///     .cogroup(&views, |_, _, seen| seen.push('v'))
    ///     .windowed_by(TimeWindows::tumbling(Duration::from_secs(10)).no_grace())
    ///     .aggregate(String::new)
    ///     .to_stream()
    ///     .select_key(|windowed, _| windowed.window.start)
    ///     .to("out");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, String>("clicks").pipe_at("ann".to_string(), "/".to_string(), 3_000)?;
    /// driver.input::<String, String>("views").pipe_at("ann".to_string(), "/".to_string(), 4_000)?;
    /// driver.input::<String, String>("views").pipe_at("ann".to_string(), "/".to_string(), 12_000)?;
    /// let seen = driver.output::<i64, String>("out").read_map()?;
    /// assert_eq!(seen, [(0, "cv".to_string()), (10_000, "v".to_string())].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "windowedBy")]
    pub fn windowed_by<W: WindowKind>(&self, windows: W) -> W::Cogrouped<K, A> {
        windows.cut_cogrouped(self)
    }

    /// Refuses late records of a grouping that is none of the inputs.
    fn check_input<V: Data>(&self, input: &KGroupedStream<K, V>) {
        if !self.inputs.iter().any(|known| known.identity() == input.identity()) {
            self.plan.lock().error(format!(
                "late records of the grouping of {} are asked for, which is not cogrouped here: give one of the inputs",
                input.stream.name
            ));
        }
    }

    /// The store's key serde: given with the store or the first grouping, or come with one of the streams.
    fn key_serde(&self, plan: &mut Plan, materialized: &SerdeChoice<K>, store: &str) -> Arc<dyn Serde<K>> {
        let carried = self.inputs.iter().find_map(|input| input.key_serde());
        materialized.clone().with_fallback(&self.key).resolve(&carried, plan, store, "key")
    }

    /// Partitions the inputs by their keys, and names the nodes.
    fn place(&self, plan: &mut Plan, node: &Named, store: &str, key_serde: &Arc<dyn Serde<K>>) -> Placed {
        let inputs: Vec<_> = self.inputs.iter().map(|input| input.partitioned(plan, store, key_serde)).collect();
        let sources: BTreeSet<Arc<str>> = inputs.iter().flat_map(|input| input.sources.iter().cloned()).collect();
        let mut name_of =
            |number: usize| plan.processor_name_suffixed(node, &format!("-cogroup-agg-{number}"), "COGROUPKSTREAM-AGGREGATE-");
        let inputs = inputs.into_iter().enumerate().map(|(number, input)| (name_of(number), input)).collect();
        let name = plan.processor_name_suffixed(node, "-cogroup-merge", "COGROUPKSTREAM-MERGE-");
        plan.copartition(&name, &sources);
        Placed { inputs, name, sources: Arc::new(sources) }
    }

    /// Adds a node for each input, and one behind them all that only has a name.
    fn attach<KO: Data, AO: Data>(
        &self,
        plan: &mut Plan,
        placed: Placed,
        suppliers: &[Arc<dyn StoreSupplier>],
        kind: Kind<'_, K, A>,
    ) -> Attached {
        let Placed { inputs, name, sources } = placed;
        let mut nodes = Vec::with_capacity(inputs.len());
        for (input, (name, from)) in self.inputs.iter().zip(inputs) {
            let factory = (kind.factory)(&**input, from.key_bytes);
            let suppliers = suppliers.to_vec();
            let write = move |target: &mut Target<'_>| {
                target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
                suppliers.iter().try_for_each(|supplier| target.builder.add_store_of(&target.name, supplier))
            };
            let node = plan.add(name, &[from.node], Role::Other, Arc::new(write));
            if let Some(closes_after_ms) = kind.closes_after_ms {
                plan.windows_close(node, closes_after_ms);
            }
            nodes.push(node);
        }
        let write = move |target: &mut Target<'_>| {
            let merge = operator::<KO, AO, KO, AO>(Box::new(|_, next| Ok(next)));
            target.builder.add_processor(&target.name, &target.parents, merge)
        };
        let node = plan.add(name.clone(), &nodes, Role::Other, Arc::new(write));
        Attached { node, name, sources }
    }
}

/// Makes the node of an input, told the canonical id of the serde whose bytes come with its keys.
type InputFactory<'a, K, A> = &'a dyn Fn(&dyn CogroupInput<K, A>, Option<TypeId>) -> Arc<dyn NodeFactory>;

/// What the nodes of a cogroup do.
struct Kind<'a, K, A> {
    factory: InputFactory<'a, K, A>,
    /// How long after its end a window may still change; `None` where nothing is windowed.
    closes_after_ms: Option<i64>,
}

/// The inputs of a cogroup, each with the name of the node that aggregates it, and the name of the one behind them.
struct Placed {
    inputs: Vec<(Arc<str>, GroupedInput)>,
    name: Arc<str>,
    sources: Arc<BTreeSet<Arc<str>>>,
}

/// The end of a cogroup in the plan.
struct Attached {
    node: PlanId,
    name: Arc<str>,
    sources: Arc<BTreeSet<Arc<str>>>,
}
