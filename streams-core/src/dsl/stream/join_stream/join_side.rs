//! The second node of each side: looks for the records of the other side.

use super::Joiner;
use super::keep_side::{JoinKey, KeyBytes};
use super::unmatched::{Unmatched, UnmatchedSpec};
use crate::exec::{Cx, Edge, GraphEnv, Meta, NodeFactory, Process, operator};
use crate::{Data, Result};
use std::any::TypeId;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::WindowStore;
use streams_state::serde::{LeftOrRight, Side};

/// One side of a join of streams whose values are `L` and `R`.
pub(super) trait JoinOf<L, R>: 'static {
    type Mine: Data;
    type Theirs: Data;
    const SIDE: Side;
    const OTHER: Side;
    fn wrap(mine: Self::Mine) -> LeftOrRight<L, R>;
    /// Left value first.
    fn order<'a>(mine: &'a Self::Mine, theirs: Option<&'a Self::Theirs>) -> (Option<&'a L>, Option<&'a R>);
}

pub(super) enum LeftSide {}
pub(super) enum RightSide {}

impl<L: Data, R: Data> JoinOf<L, R> for LeftSide {
    type Mine = L;
    type Theirs = R;
    const SIDE: Side = Side::Left;
    const OTHER: Side = Side::Right;
    fn wrap(mine: L) -> LeftOrRight<L, R> {
        LeftOrRight::Left(mine)
    }
    fn order<'a>(mine: &'a L, theirs: Option<&'a R>) -> (Option<&'a L>, Option<&'a R>) {
        (Some(mine), theirs)
    }
}

impl<L: Data, R: Data> JoinOf<L, R> for RightSide {
    type Mine = R;
    type Theirs = L;
    const SIDE: Side = Side::Right;
    const OTHER: Side = Side::Left;
    fn wrap(mine: R) -> LeftOrRight<L, R> {
        LeftOrRight::Right(mine)
    }
    fn order<'a>(mine: &'a R, theirs: Option<&'a L>) -> (Option<&'a L>, Option<&'a R>) {
        (theirs, Some(mine))
    }
}

/// What such a node is made from.
pub(super) struct SideSpec<K, L, R, VO> {
    pub other_store: Arc<str>,
    /// How much older the other side's records may be.
    pub before_ms: i64,
    /// How much younger.
    pub after_ms: i64,
    pub key_bytes: Option<TypeId>,
    /// Whether a record of this side gives a result without a partner.
    pub outer: bool,
    /// In left and outer joins, whichever side this is: a match may end the waiting of the other side's record.
    pub unmatched: Option<UnmatchedSpec>,
    pub joiner: Joiner<K, L, R, VO>,
}

pub(super) struct JoinSide<S: JoinOf<L, R>, K, L, R, VO> {
    other: Rc<RefCell<WindowStore<K, S::Theirs>>>,
    before_ms: i64,
    after_ms: i64,
    outer: bool,
    key: JoinKey,
    unmatched: Option<Unmatched<K, L, R>>,
    joiner: Joiner<K, L, R, VO>,
    /// Results of one record, and the times of its partners; kept for its capacity.
    found: Vec<(VO, i64)>,
    next: Edge<K, VO>,
}

impl<S: JoinOf<L, R>, K: Data, L: Data, R: Data, VO: Data> JoinSide<S, K, L, R, VO> {
    pub fn factory(spec: SideSpec<K, L, R, VO>) -> Arc<dyn NodeFactory> {
        operator::<K, S::Mine, K, VO>(Box::new(move |env: &mut GraphEnv<'_>, next| {
            let other = env.store::<WindowStore<K, S::Theirs>>(&spec.other_store)?;
            let key = JoinKey::new(env, &other, spec.key_bytes);
            let unmatched = spec.unmatched.as_ref().map(|unmatched| unmatched.open(env)).transpose()?;
            let (before_ms, after_ms, outer, joiner) = (spec.before_ms, spec.after_ms, spec.outer, spec.joiner.clone());
            let side = JoinSide::<S, K, L, R, VO> { other, before_ms, after_ms, outer, key, unmatched, joiner, found: Vec::new(), next };
            Ok(Box::new(side) as Edge<K, S::Mine>)
        }))
    }
}

impl<S: JoinOf<L, R>, K: Data, L: Data, R: Data, VO: Data> Process<K, S::Mine> for JoinSide<S, K, L, R, VO> {
    fn process(&mut self, cx: &mut Cx, key: K, value: S::Mine, meta: &Meta<'_>) -> Result<()> {
        let JoinSide { other, before_ms, after_ms, outer, key: join_key, unmatched, joiner, found, next } = self;
        if let Some(unmatched) = unmatched {
            unmatched.advance(cx, meta.timestamp);
        }
        let alone = |key: &K, value: &S::Mine| {
            let (left, right) = S::order(value, None);
            joiner(key, left, right)
        };
        let pass = join_key.pass;
        let bytes = match join_key.bytes(cx, &other.borrow(), &key, meta)? {
            KeyBytes::Key(bytes) => bytes,
            KeyBytes::Null if *outer => {
                return match alone(&key, &value) {
                    Some(Ok(joined)) => next.process(cx, key, joined, meta),
                    Some(Err(error)) => cx.user_error(&join_key.name, error),
                    None => Ok(()),
                };
            }
            KeyBytes::Null => return cx.drop_null_key(&join_key.name),
            KeyBytes::Refused => return Ok(()),
        };
        if let Some(unmatched) = unmatched.as_mut() {
            unmatched.emit_closed(cx, meta, *after_ms, pass, joiner, next)?;
        }

        let from = meta.timestamp.saturating_sub(*before_ms).max(0);
        let to = meta.timestamp.saturating_add(*after_ms).max(0);
        found.clear();
        let mut failed = None;
        other.borrow_mut().fetch_range(bytes, from, to, false, &mut |start, theirs, _| {
            let (left, right) = S::order(&value, Some(theirs));
            match joiner(&key, left, right) {
                Some(Ok(joined)) => found.push((joined, start)),
                Some(Err(error)) => {
                    failed = Some(error);
                    return Ok(ControlFlow::Break(()));
                }
                None => {}
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if let Some(error) = failed {
            // as if it had not come: none of its pairs goes on, and those that it would have met may still wait
            return cx.user_error(&join_key.name, error);
        }
        if !found.is_empty() || !*outer {
            if let Some(unmatched) = unmatched.as_mut() {
                for (_, start) in found.iter() {
                    unmatched.found_partner(S::OTHER, *start, bytes, meta.timestamp, &mut *cx.out)?;
                }
            }
            let mut result = Ok(());
            for (joined, start) in found.drain(..) {
                if result.is_ok() {
                    result = next.process(cx, key.clone(), joined, &Meta { timestamp: start.max(meta.timestamp), ..*meta });
                }
            }
            return result;
        }
        match unmatched {
            // the other side has been seen beyond its part of the window
            Some(unmatched) if to >= unmatched.stream_time() => unmatched.wait::<S>(cx, bytes, value, meta.timestamp),
            _ => match alone(&key, &value) {
                Some(Ok(joined)) => next.process(cx, key, joined, meta),
                Some(Err(error)) => cx.user_error(&join_key.name, error),
                None => Ok(()),
            },
        }
    }
}
