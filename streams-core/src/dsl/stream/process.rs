//! `process`: user code with stores and punctuation.

use super::KStream;
use crate::exec::{Cx, GraphEnv, Maintain, Meta, NodeFactory, Outlets, Process, TimerId, branching};
use crate::plan::{Named, Plan, Role, SharedPlan, Target};
use crate::topology::{Context, Processor, Setup, StoreSet};
use crate::{Data, Record, Result};
use std::marker::PhantomData;
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Runs a [`Processor`] on the stream. `stores` are those it is connected to: `()`, the handle of a store, or a tuple of handles.
    /// A later grouping or join writes the records to a repartition topic, because the processor may change keys; where it does not, use
    /// [`process_values`](Self::process_values).
    ///
    /// ```
    /// # use streams_core::{BoxError, Record, StreamsBuilder, testing::TopologyTestDriver};
    /// # use streams_core::processor::{Context, KeyValueStore, Processor};
    /// # use streams_core::state::Stores;
    /// struct FirstOnly { seen: KeyValueStore<String, i64> }
    ///
    /// impl Processor<String, i64, String, i64> for FirstOnly {
    ///     fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
    ///         if self.seen.put_if_absent(ctx, &record.key, record.value)?.is_none() {
    ///             ctx.forward(record)?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let builder = StreamsBuilder::new();
    /// let seen = builder.add_state_store(Stores::key_value::<String, i64>("seen"));
    /// builder.stream::<String, i64>("in").process(seen, |_, seen| FirstOnly { seen }).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, i64>("in");
    /// input.pipe("a".to_string(), 1)?;
    /// input.pipe("a".to_string(), 2)?;
    /// assert_eq!(driver.output::<String, i64>("out").read_all()?, [("a".to_string(), 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn process<S: StoreSet, KO: Data, VO: Data, P: Processor<K, V, KO, VO>>(
        &self,
        stores: S,
        supplier: impl Fn(&mut Setup<'_, '_>, S::Open) -> P + Send + Sync + 'static,
    ) -> KStream<KO, VO> {
        self.process_with(stores, supplier, Named::default())
    }

    /// [`process`](Self::process) with a name for its node.
    pub fn process_with<S: StoreSet, KO: Data, VO: Data, P: Processor<K, V, KO, VO>>(
        &self,
        stores: S,
        supplier: impl Fn(&mut Setup<'_, '_>, S::Open) -> P + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<KO, VO> {
        let mut plan = self.plan.lock();
        let name = plan.processor_name_lazy(&named.into(), "KSTREAM-PROCESSOR-");
        let names = connected(&mut plan, &self.plan, &name, &stores);
        let factory = user_node::<K, V, KO, VO, P>(move |env| {
            let opened = stores.open(env)?;
            Ok(supplier(&mut Setup { env }, opened))
        });
        let write = move |target: &mut Target<'_>| {
            target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
            names.iter().try_for_each(|store| target.builder.connect_store(&target.name, store))
        };
        let node = plan.add(name.clone(), &[self.node], Role::Other, Arc::new(write));
        drop(plan);
        self.new_key(super::Added { node, name })
    }
}

/// The node of a processor.
pub(crate) fn user_node<KI: Data, VI: Data, KO: Data, VO: Data, P: Processor<KI, VI, KO, VO>>(
    make: impl Fn(&mut GraphEnv<'_>) -> Result<P> + Send + Sync + 'static,
) -> Arc<dyn NodeFactory> {
    branching::<KI, VI, KO, VO>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        let processor = make(env)?;
        let (name, index) = (env.node_name(), env.next_maintained());
        Ok(env.maintained(UserNode { name, index, processor, next, inputs: PhantomData }))
    }))
}

/// The names of a processor's stores; a store of another builder is an error.
pub(crate) fn connected<S: StoreSet>(plan: &mut Plan, shared: &SharedPlan, node: &str, stores: &S) -> Vec<Arc<str>> {
    let mut tokens = Vec::new();
    stores.names(&mut tokens);
    for (store, of) in &tokens {
        if !of.is(shared) {
            plan.error(format!("node {node} uses store {store} of another builder: add the store to this one"));
        }
    }
    tokens.into_iter().map(|(name, _)| name).collect()
}

struct UserNode<P, KI, VI, KO, VO> {
    name: Arc<str>,
    index: usize,
    processor: P,
    next: Outlets<KO, VO>,
    inputs: PhantomData<fn(KI, VI)>,
}

impl<KI: 'static, VI: 'static, KO: Data, VO: Data, P: Processor<KI, VI, KO, VO>> Process<KI, VI> for UserNode<P, KI, VI, KO, VO> {
    fn process(&mut self, cx: &mut Cx, key: KI, value: VI, meta: &Meta<'_>) -> Result<()> {
        let record = Record { key, value, timestamp: meta.timestamp, headers: meta.headers.clone() };
        let (processor, next, index, node) = (&mut self.processor, &mut self.next, self.index, &self.name);
        let result = cx.with_record(meta.timestamp, meta.headers, |cx| processor.process(&mut Context { cx, next, index, node }, record));
        result.or_else(|error| cx.user_error(&self.name, error))
    }
}

impl<KI: 'static, VI: 'static, KO: Data, VO: Data, P: Processor<KI, VI, KO, VO>> Maintain for UserNode<P, KI, VI, KO, VO> {
    fn punctuate(&mut self, cx: &mut Cx, timer: TimerId, time: i64) -> Result<()> {
        let result = self.processor.punctuate(&mut Context { cx, next: &mut self.next, index: self.index, node: &self.name }, timer, time);
        result.or_else(|error| cx.user_error(&self.name, error))
    }
    fn close(&mut self, _: &mut Cx) {
        self.processor.close();
    }
}
