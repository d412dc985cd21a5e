//! The join of a stream with itself, which needs one store (KIP-862, `single.store.self.join`).

use super::join_stream::{JoinKey, Joiner, KeyBytes};
use crate::dsl::folder::Made;
use crate::dsl::windows::JoinWindows;
use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta, Process, StreamTime, operator};
use crate::plan::{Plan, PlanId, SelfJoin, Target};
use crate::{Data, Result};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::{StoreSupplier, WindowStore};

/// What the join would be built of if both sides were one stream.
pub(super) struct SelfJoinSpec<'a, K, V, V2, VO> {
    /// The join's node, and those that keep its sides.
    pub join: PlanId,
    pub this_window: PlanId,
    pub other_window: PlanId,
    pub this_windowed: &'a Arc<str>,
    pub store: &'a Arc<dyn StoreSupplier>,
    pub windows: JoinWindows,
    pub key_bytes: Option<TypeId>,
    pub joiner: Joiner<K, V, V2, VO>,
}

impl<K: Data, V: Data, V2: Data, VO: Data> SelfJoinSpec<'_, K, V, V2, VO> {
    /// Lets the optimiser know. Sides of different types are not one stream.
    pub fn offer(self, plan: &mut Plan) {
        if TypeId::of::<V>() != TypeId::of::<V2>() {
            return;
        }
        let SelfJoinSpec { join, this_window, other_window, this_windowed, store, windows, key_bytes, joiner } = self;
        let opened = store.name().clone();
        let keep = operator::<K, V, K, V>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let store = env.store::<WindowStore<K, V>>(&opened)?;
            let key = JoinKey::new(env, &store, key_bytes);
            Ok(Box::new(KeepBehind { store, key, next }) as Edge<K, V>)
        }));
        let kept = store.clone();
        let write_window = move |target: &mut Target<'_>| {
            target.builder.add_processor(&target.name, &target.parents, keep.clone())?;
            target.builder.add_store_of(&target.name, &kept)
        };
        let opened = store.name().clone();
        let pair = move |key: &K, left: &V, right: &V| {
            let right: &dyn Any = right;
            joiner(key, Some(left), Some(right.downcast_ref::<V2>().expect("both sides have one type, as checked above")))
        };
        let pair: Pair<K, V, VO> = Arc::new(pair);
        let both = operator::<K, V, K, VO>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let store = env.store::<WindowStore<K, V>>(&opened)?;
            let (key, stream_time) = (JoinKey::new(env, &store, key_bytes), StreamTime::of_node(env));
            Ok(Box::new(JoinItself { store, key, windows, stream_time, joiner: pair.clone(), found: Vec::new(), next }) as Edge<K, V>)
        }));
        let (behind, store) = (this_windowed.clone(), store.name().clone());
        let write_join = move |target: &mut Target<'_>| {
            target.builder.add_processor(&target.name, std::slice::from_ref(&behind), both.clone())?;
            target.builder.connect_store(&target.name, &store)
        };
        let (write_window, write_join) = (Arc::new(write_window), Arc::new(write_join));
        plan.self_joins.push(SelfJoin { join, this_window, other_window, write_window, write_join });
    }
}

/// Makes the result of two records of one key.
type Pair<K, V, VO> = Arc<dyn Fn(&K, &V, &V) -> Made<VO> + Send + Sync>;

/// Keeps records once they have met those before them.
struct KeepBehind<K, V> {
    store: Rc<RefCell<WindowStore<K, V>>>,
    key: JoinKey,
    next: Edge<K, V>,
}

impl<K: Data, V: Data> Process<K, V> for KeepBehind<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        self.next.process(cx, key.clone(), value.clone(), meta)?;
        let mut store = self.store.borrow_mut();
        let KeyBytes::Key(bytes) = self.key.bytes(cx, &store, &key, meta)? else { return Ok(()) };
        if !store.append(bytes, meta.timestamp, &value, meta.timestamp, cx.origin, meta.headers, &mut *cx.out)? {
            cx.dropped(&self.key.name, DropReason::Late);
        }
        Ok(())
    }
}

/// Joins a record with those before it, in both roles, and with itself: the results of two stores, in their order.
struct JoinItself<K, V, VO> {
    store: Rc<RefCell<WindowStore<K, V>>>,
    key: JoinKey,
    windows: JoinWindows,
    stream_time: StreamTime,
    joiner: Pair<K, V, VO>,
    /// Results of one record, kept for its capacity.
    found: Vec<(VO, i64)>,
    next: Edge<K, VO>,
}

impl<K: Data, V: Data, VO: Data> Process<K, V> for JoinItself<K, V, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let time = meta.timestamp;
        {
            let mut store = self.store.borrow_mut();
            let bytes = match self.key.bytes(cx, &store, &key, meta)? {
                KeyBytes::Key(bytes) => bytes,
                KeyBytes::Null => return cx.drop_null_key(&self.key.name),
                KeyBytes::Refused => return Ok(()),
            };
            let retention = self.windows.size_ms().saturating_add(self.windows.grace_ms);
            // where two stores are kept, an expired record is not found by its other half either
            let oldest = self.stream_time.observe(cx, time).saturating_sub(retention).saturating_add(1);
            let mut itself = self.windows.has_same_time() && time > oldest;
            let (found, joiner, mut failed) = (&mut self.found, &self.joiner, None);
            found.clear();
            let mut join = |left: &V, right: &V, at: i64| match joiner(&key, left, right) {
                Some(Ok(joined)) => {
                    found.push((joined, at));
                    ControlFlow::Continue(())
                }
                Some(Err(error)) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
                None => ControlFlow::Continue(()),
            };
            let span = |before: i64, after: i64| (time.saturating_sub(before).max(0), time.saturating_add(after).max(0));
            let (from, to) = span(self.windows.before_ms, self.windows.after_ms);
            let mut whole = ControlFlow::Continue(());
            store.fetch_range(bytes, from, to, false, &mut |start, theirs, _| {
                whole = join(&value, theirs, start.max(time));
                Ok(whole)
            })?;
            let (from, to) = span(self.windows.after_ms, self.windows.before_ms);
            if whole.is_continue() {
                store.fetch_range(bytes, from, to, false, &mut |start, theirs, _| {
                    if start > time && std::mem::take(&mut itself) {
                        whole = join(&value, &value, time);
                    }
                    if whole.is_continue() {
                        whole = join(theirs, &value, start.max(time));
                    }
                    Ok(whole)
                })?;
            }
            if itself && whole.is_continue() {
                let _ = join(&value, &value, time);
            }
            if let Some(error) = failed {
                return cx.user_error(&self.key.name, error);
            }
        }
        let mut result = Ok(());
        for (joined, timestamp) in self.found.drain(..) {
            if result.is_ok() {
                result = self.next.process(cx, key.clone(), joined, &Meta { timestamp, ..*meta });
            }
        }
        result
    }
}
