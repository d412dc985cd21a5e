//! The nodes of a join of two tables, and how a row of it is looked up where it is not kept.

use super::TableWriter;
use super::getter::{GetterSupplier, ValueGetter};
use crate::dsl::folder::Made;
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Maintain, Meta, Process};
use crate::{BoxError, Change, Data, Result};
use std::sync::Arc;

/// The joined row of two rows; `None` where the form of the join has none.
pub(super) type RowJoiner<K, V1, V2, VO> = Arc<dyn Fn(&K, Option<&V1>, Option<&V2>) -> Made<VO> + Send + Sync>;

/// Joins the changes of one table with the rows of the other.
pub(super) struct JoinSide<K, V1, V2, VO> {
    pub name: Arc<str>,
    /// Changes that came out of order are left out.
    pub versioned: bool,
    pub joiner: RowJoiner<K, V1, V2, VO>,
    pub other: Box<dyn ValueGetter<K, V2>>,
    /// Nothing is joined where the other table has no row.
    pub needs_other: bool,
    /// Nothing is joined where either table has no row.
    pub inner: bool,
    /// The old row is computed.
    pub old_values: bool,
    /// The other table's row as it was last passed on, changes that wait in its cache left out: they come by themselves, and what was passed
    /// on before is the old row of this change.
    pub forwarded: bool,
    pub pass_key: bool,
    pub next: Edge<K, Change<VO>>,
}

impl<K: Data, V1: Data, V2: Data, VO: Data> Process<K, Change<V1>> for JoinSide<K, V1, V2, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<V1>, meta: &Meta<'_>) -> Result<()> {
        if self.versioned && !change.is_latest {
            cx.dropped(&self.name, DropReason::OutOfOrder);
            return Ok(());
        }
        let (joiner, old_values) = (&self.joiner, self.old_values);
        let join = |other: Option<(&V2, i64)>| -> Result<_, BoxError> {
            let row = other.map(|(value, _)| value);
            let new = joiner(&key, change.new.as_ref(), row).transpose()?;
            let old = if old_values { joiner(&key, change.old.as_ref(), row).transpose()? } else { None };
            let timestamp = other.map_or(meta.timestamp, |(_, timestamp)| timestamp.max(meta.timestamp));
            Ok((Change { old, new, is_latest: change.is_latest }, timestamp))
        };
        let key_bytes = meta.key_bytes.filter(|_| self.pass_key);
        let idle = self.needs_other || (change.new.is_none() && change.old.is_none());
        let (mut looked, mut joined) = (false, None);
        let mut look = |row: Option<(&V2, i64)>| {
            looked = true;
            joined = (row.is_some() || !idle).then(|| join(row));
        };
        match self.forwarded {
            true => self.other.get_forwarded(cx, &key, key_bytes, &mut look)?,
            false => self.other.get(cx, &key, key_bytes, &mut look)?,
        }
        let last_chance = self.inner && !self.forwarded && looked && joined.is_none() && change.new.is_none();
        if last_chance && self.other.waits(&key, key_bytes)? {
            // where the other row's deletion still waits in its cache, it will not find this row any more: this is the last chance to delete
            // what was joined of both
            self.other.get_forwarded(cx, &key, key_bytes, &mut |row| joined = row.map(|row| join(Some(row))))?;
        }
        match joined {
            Some(Ok((change, timestamp))) => self.next.process(cx, key, change, &Meta { timestamp, ..*meta }),
            Some(Err(error)) => cx.user_error(&self.name, error),
            None => Ok(()),
        }
    }
}

/// The joined rows where they are kept.
pub(super) struct KeptJoin<K, VO> {
    pub writer: TableWriter<K, VO>,
}

impl<K: Data, VO: Data> Process<K, Change<VO>> for KeptJoin<K, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, change: Change<VO>, meta: &Meta<'_>) -> Result<()> {
        self.writer.take(cx, &key, change, meta)
    }
}

impl<K: Data, VO: Data> Maintain for KeptJoin<K, VO> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.writer.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.writer.evict(cx)
    }
}

/// Of a join that is not kept.
pub(super) struct JoinedGetterSupplier<K, V1, V2, VO> {
    pub this: Arc<dyn GetterSupplier<K, V1>>,
    pub other: Arc<dyn GetterSupplier<K, V2>>,
    pub joiner: RowJoiner<K, V1, V2, VO>,
    /// Without a row of the first table there is none of the join.
    pub needs_this: bool,
}

impl<K: Data, V1: Data, V2: Data, VO: Data> GetterSupplier<K, VO> for JoinedGetterSupplier<K, V1, V2, VO> {
    fn stores(&self) -> Vec<Arc<str>> {
        let mut stores = self.this.stores();
        stores.extend(self.other.stores());
        stores
    }
    fn make(&self, env: &mut GraphEnv<'_>) -> Result<Box<dyn ValueGetter<K, VO>>> {
        let (joiner, needs_this) = (self.joiner.clone(), self.needs_this);
        Ok(Box::new(JoinedGetter { name: env.node_name(), this: self.this.make(env)?, other: self.other.make(env)?, joiner, needs_this }))
    }
}

struct JoinedGetter<K, V1, V2, VO> {
    /// Of the node that reads.
    name: Arc<str>,
    this: Box<dyn ValueGetter<K, V1>>,
    other: Box<dyn ValueGetter<K, V2>>,
    joiner: RowJoiner<K, V1, V2, VO>,
    needs_this: bool,
}

type Get<K, V> = fn(&mut dyn ValueGetter<K, V>, &mut Cx, &K, Option<&[u8]>, &mut dyn FnMut(Option<(&V, i64)>)) -> Result<()>;

impl<K, V1: Data, V2: Data, VO> JoinedGetter<K, V1, V2, VO> {
    /// The row; nothing where a table's row was not told, or the joiner has failed and the processing handler goes on.
    fn row(
        &mut self,
        cx: &mut Cx,
        key: &K,
        key_bytes: Option<&[u8]>,
        one: Get<K, V1>,
        two: Get<K, V2>,
    ) -> Result<Option<Option<(VO, i64)>>> {
        // a copy: both tables may be computed of one store, which is borrowed while it is looked at
        let mut this = None;
        one(&mut *self.this, cx, key, key_bytes, &mut |row| this = Some(row.map(|(value, timestamp)| (value.clone(), timestamp))))?;
        let Some(this) = this else { return Ok(None) };
        if this.is_none() && self.needs_this {
            return Ok(Some(None));
        }
        let (joiner, mut joined) = (&self.joiner, Ok(None));
        two(&mut *self.other, cx, key, key_bytes, &mut |other| {
            let timestamp = this.as_ref().map(|(_, at)| *at).max(other.map(|(_, at)| at)).unwrap_or(-1);
            let row = joiner(key, this.as_ref().map(|(value, _)| value), other.map(|(value, _)| value));
            joined = row.transpose().map(|row| Some(row.map(|value| (value, timestamp))));
        })?;
        joined.or_else(|error| cx.user_error(&self.name, error).map(|()| None))
    }
}

impl<K, V1: Data, V2: Data, VO> ValueGetter<K, VO> for JoinedGetter<K, V1, V2, VO> {
    fn get(&mut self, cx: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&VO, i64)>)) -> Result<()> {
        let row = self.row(cx, key, key_bytes, |g, c, k, b, l| g.get(c, k, b, l), |g, c, k, b, l| g.get(c, k, b, l))?;
        tell(row, look);
        Ok(())
    }
    fn get_forwarded(&mut self, cx: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&VO, i64)>)) -> Result<()> {
        let row = self.row(cx, key, key_bytes, |g, c, k, b, l| g.get_forwarded(c, k, b, l), |g, c, k, b, l| g.get_forwarded(c, k, b, l))?;
        tell(row, look);
        Ok(())
    }
    fn waits(&mut self, key: &K, key_bytes: Option<&[u8]>) -> Result<bool> {
        Ok(self.this.waits(key, key_bytes)? || self.other.waits(key, key_bytes)?)
    }
    fn remember(&mut self) {
        self.this.remember();
        self.other.remember();
    }
}

fn tell<VO>(row: Option<Option<(VO, i64)>>, look: &mut dyn FnMut(Option<(&VO, i64)>)) {
    if let Some(row) = row {
        look(row.as_ref().map(|(value, timestamp)| (value, *timestamp)));
    }
}
