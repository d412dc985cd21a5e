//! `to_stream`: a table's changes as records.

use super::KTable;
use crate::dsl::KStream;
use crate::dsl::stream::processor;
use crate::exec::{Cx, Edge, Meta, Process};
use crate::plan::{Named, Role};
use crate::{BoxError, Change, Data, Result};

impl<K: Data, V: Data> KTable<K, V> {
    /// Every change of the table as a record: the new value, or `None` for a deletion. To drop deletions, follow it with
    /// [`skip_null_values`](KStream::skip_null_values).
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.group_by_key().count().to_stream());
    /// assert_eq!(out, [("a".to_string(), Some(1_u64))]);
    /// ```
    #[doc(alias = "toStream")]
    pub fn to_stream(&self) -> KStream<K, Option<V>> {
        self.to_stream_with(Named::default())
    }

    /// [`to_stream`](Self::to_stream) under another key: `f` is told key and value, `None` for a deletion. A later grouping or join writes the
    /// records to a repartition topic first.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("a", 1_i64)], |stream| stream.group_by_key().count().to_stream_keyed(|key, count| format!("{key}{count:?}")));
    /// assert_eq!(out, [("aSome(1)".to_string(), Some(1_u64))]);
    /// ```
    #[doc(alias = "toStream")]
    pub fn to_stream_keyed<KO: Data>(&self, f: impl Fn(&K, Option<&V>) -> KO + Send + Sync + 'static) -> KStream<KO, Option<V>> {
        self.to_stream_keyed_with(f, Named::default())
    }

    /// [`to_stream_keyed`](Self::to_stream_keyed) with a name for the node that gives the changes; that of the new key has a generated one, as in
    /// Java.
    pub fn to_stream_keyed_with<KO: Data>(
        &self,
        f: impl Fn(&K, Option<&V>) -> KO + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<KO, Option<V>> {
        self.to_stream_with(named).select_key(move |key, value| f(key, value.as_ref()))
    }

    /// [`to_stream_keyed`](Self::to_stream_keyed) whose closure may fail: an error goes to the processing exception handler, with the name of the
    /// node that gives the new key. It fails the task (the default) or leaves the change out, counted as `processing`.
    ///
    /// ```
    /// # use streams_core::testing::through;
    /// let out = through([("7", 1_i64)], |stream| stream.group_by_key().count().try_to_stream_keyed(|key, _| Ok(key.parse::<i64>()?)));
    /// assert_eq!(out, [(7, Some(1_u64))]);
    /// ```
    pub fn try_to_stream_keyed<KO: Data>(
        &self,
        f: impl Fn(&K, Option<&V>) -> Result<KO, BoxError> + Send + Sync + 'static,
    ) -> KStream<KO, Option<V>> {
        self.try_to_stream_keyed_with(f, Named::default())
    }

    /// [`try_to_stream_keyed`](Self::try_to_stream_keyed) with a name, as in [`to_stream_keyed_with`](Self::to_stream_keyed_with).
    pub fn try_to_stream_keyed_with<KO: Data>(
        &self,
        f: impl Fn(&K, Option<&V>) -> Result<KO, BoxError> + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<KO, Option<V>> {
        self.to_stream_with(named).try_select_key(move |key, value| f(key, value.as_ref()))
    }

    /// [`to_stream`](Self::to_stream) with a name for its node.
    pub fn to_stream_with(&self, named: impl Into<Named>) -> KStream<K, Option<V>> {
        let mut plan = self.plan.lock();
        let name = plan.processor_name(&named.into(), "KTABLE-TOSTREAM-");
        let write = processor::<K, Change<V>, K, Option<V>>(Box::new(|_, next| Ok(Box::new(ToStream(next)))));
        let node = plan.add(name.clone(), &[self.plan_node], Role::Other, write);
        drop(plan);
        KStream {
            plan: self.plan.clone(),
            node,
            name,
            key_serde: self.key_serde.clone(),
            value_serde: self.value_serde.clone().map(|serde| {
                std::sync::Arc::new(streams_state::serde::OptionSerde::new(serde))
                    as std::sync::Arc<dyn streams_state::serde::Serde<Option<V>>>
            }),
            key_bytes: self.key_bytes,
            sources: self.sources.clone(),
            repartition_required: false,
        }
    }
}

struct ToStream<K, V>(Edge<K, Option<V>>);

impl<K, V> Process<K, Change<V>> for ToStream<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: Change<V>, meta: &Meta<'_>) -> Result<()> {
        self.0.process(cx, key, value.new, meta)
    }
}
