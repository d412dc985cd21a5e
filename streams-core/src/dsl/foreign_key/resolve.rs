//! Back at the table that is joined: joins a row with its answer.

use super::receive::stale;
use super::wire::Answer;
use crate::dsl::folder::Made;
use crate::dsl::table::ValueGetter;
use crate::exec::{Cx, Edge, Meta, Process};
use crate::handlers::ProductionStage;
use crate::murmur3::{Hash, murmur3};
use crate::{BoxError, Data, Result};
use std::sync::Arc;
use streams_state::serde::{Serde, SerdeContext};

/// The row of the result; `None` where the form of the join has none.
pub(super) type AnswerJoiner<K, V, VO, R> = Arc<dyn Fn(&K, &V, Option<&VO>) -> Made<R> + Send + Sync>;

pub(super) struct Resolve<K, V, VO, R> {
    pub name: Arc<str>,
    pub rows: Box<dyn ValueGetter<K, V>>,
    pub joiner: AnswerJoiner<K, V, VO, R>,
    pub values: Arc<dyn Serde<V>>,
    pub value_topic: Arc<str>,
    pub pass_key: bool,
    pub buffer: Vec<u8>,
    pub next: Edge<K, Option<R>>,
}

impl<K: Data, V: Data, VO: Data, R: Data> Process<K, Answer<VO>> for Resolve<K, V, VO, R> {
    fn process(&mut self, cx: &mut Cx, key: K, answer: Answer<VO>, meta: &Meta<'_>) -> Result<()> {
        // a joined row (or the lack of one) if the answer is for the row as it is now
        let (mut looked, mut outcome): (_, Result<Option<Made<R>>, BoxError>) = (false, Ok(None));
        let (values, joiner, buffer) = (&self.values, &self.joiner, &mut self.buffer);
        let serde_cx = SerdeContext { topic: &self.value_topic, headers: meta.headers };
        self.rows.get_forwarded(cx, &key, meta.key_bytes.filter(|_| self.pass_key), &mut |row| {
            looked = true;
            outcome = row
                .map(|(value, _)| hash(&**values, &serde_cx, value, buffer))
                .transpose()
                .map(|hash| (hash == answer.hash).then(|| row.and_then(|(value, _)| joiner(&key, value, answer.value.as_ref()))));
        })?;
        match outcome {
            _ if !looked => Ok(()),
            Ok(Some(Some(Err(error)))) => cx.user_error(&self.name, error),
            Ok(Some(joined)) => self.next.process(cx, key, joined.and_then(Result::ok), meta),
            Ok(None) => {
                stale(cx);
                Ok(())
            }
            Err(error) => cx.serialization_error(&self.name, &self.value_topic, ProductionStage::Value, cx.origin, error),
        }
    }
}

fn hash<V: Data>(values: &dyn Serde<V>, cx: &SerdeContext<'_>, value: &V, buffer: &mut Vec<u8>) -> Result<Hash, BoxError> {
    buffer.clear();
    values.serialize(cx, value, buffer)?;
    Ok(murmur3(buffer))
}
