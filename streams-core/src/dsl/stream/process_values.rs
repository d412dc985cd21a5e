//! `process_values`: user code that cannot change keys.

use super::KStream;
use super::connected;
use crate::exec::{Cx, GraphEnv, Maintain, Meta, Outlets, Process, TimerId, branching};
use crate::plan::{Named, Role, Target};
use crate::topology::{FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, Setup, StoreSet};
use crate::{Data, Result};
use std::marker::PhantomData;
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Runs a [`FixedKeyProcessor`] on the stream; nothing is repartitioned behind it. `stores` as in [`process`](Self::process).
    ///
    /// ```
    /// # use streams_core::{BoxError, testing::through};
    /// # use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, FixedKeyRecord};
    /// struct Twice;
    ///
    /// impl FixedKeyProcessor<String, i64, i64> for Twice {
    ///     fn process(
    ///         &mut self,
    ///         ctx: &mut FixedKeyContext<'_, String, i64>,
    ///         record: FixedKeyRecord<'_, String, i64>,
    ///     ) -> Result<(), BoxError> {
    ///         ctx.forward(record.map_value(|value| value * 2))
    ///     }
    /// }
    ///
    /// let out = through([("a", 1_i64)], |stream| stream.process_values((), |_, ()| Twice));
    /// assert_eq!(out, [("a".to_string(), 2)]);
    /// ```
    #[doc(alias = "processValues")]
    pub fn process_values<S: StoreSet, VO: Data, P: FixedKeyProcessor<K, V, VO>>(
        &self,
        stores: S,
        supplier: impl Fn(&mut Setup<'_, '_>, S::Open) -> P + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.process_values_with(stores, supplier, Named::default())
    }

    /// [`process_values`](Self::process_values) with a name for its node.
    pub fn process_values_with<S: StoreSet, VO: Data, P: FixedKeyProcessor<K, V, VO>>(
        &self,
        stores: S,
        supplier: impl Fn(&mut Setup<'_, '_>, S::Open) -> P + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let mut plan = self.plan.lock();
        let name = plan.processor_name_lazy(&named.into(), "KSTREAM-PROCESSVALUES-");
        let names = connected(&mut plan, &self.plan, &name, &stores);
        let factory = branching::<K, V, K, VO>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let opened = stores.open(env)?;
            let processor = supplier(&mut Setup { env }, opened);
            let (name, index) = (env.node_name(), env.next_maintained());
            Ok(env.maintained(FixedNode { name, index, processor, next, inputs: PhantomData }))
        }));
        let write = move |target: &mut Target<'_>| {
            target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
            names.iter().try_for_each(|store| target.builder.connect_store(&target.name, store))
        };
        let node = plan.add(name.clone(), &[self.node], Role::Other, Arc::new(write));
        drop(plan);
        self.new_value(super::Added { node, name })
    }
}

struct FixedNode<P, K, VI, VO> {
    name: Arc<str>,
    index: usize,
    processor: P,
    next: Outlets<K, VO>,
    inputs: PhantomData<fn(VI)>,
}

impl<K: Data, VI: 'static, VO: Data, P: FixedKeyProcessor<K, VI, VO>> Process<K, VI> for FixedNode<P, K, VI, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: VI, meta: &Meta<'_>) -> Result<()> {
        let record = FixedKeyRecord { key, value, meta: *meta };
        let (processor, next, index, node) = (&mut self.processor, &mut self.next, self.index, &self.name);
        let result =
            cx.with_record(meta.timestamp, meta.headers, |cx| processor.process(&mut FixedKeyContext { cx, next, index, node }, record));
        result.or_else(|error| cx.user_error(&self.name, error))
    }
}

impl<K: Data, VI: 'static, VO: Data, P: FixedKeyProcessor<K, VI, VO>> Maintain for FixedNode<P, K, VI, VO> {
    fn punctuate(&mut self, cx: &mut Cx, timer: TimerId, time: i64) -> Result<()> {
        let result =
            self.processor.punctuate(&mut FixedKeyContext { cx, next: &mut self.next, index: self.index, node: &self.name }, timer, time);
        result.or_else(|error| cx.user_error(&self.name, error))
    }
    fn close(&mut self, _: &mut Cx) {
        self.processor.close();
    }
}
