//! One ordered walk over cache, uncommitted buffer and engine.

use super::cache::RecordCache;
use super::codec::Codec;
use super::pending::Pending;
use crate::Result;
use crate::engine::Cursor;
use std::cmp::Ordering;
use std::ops::ControlFlow;

/// The three places a row can stand in, the first hiding the later ones.
pub(super) struct Sources<'a, V, C, P> {
    pub cache: &'a RecordCache<V>,
    pub pending: &'a Pending,
    pub codec: &'a Codec<V>,
    /// Cached keys in the order of the walk.
    pub cached: C,
    /// Buffered keys in the order of the walk.
    pub buffered: P,
    /// Committed rows in the order of the walk.
    pub committed: Box<dyn Cursor + 'a>,
}

impl<'a, V, C, P> Sources<'a, V, C, P>
where
    V: 'static,
    C: Iterator<Item = (&'a [u8], u32)>,
    P: Iterator<Item = (&'a [u8], u32)>,
{
    /// Visits every row that is there, each once. `order` is the order of the walk; committed rows that `accept` refuses are passed over.
    pub fn walk(
        self,
        order: impl Fn(&[u8], &[u8]) -> Ordering,
        accept: impl Fn(&[u8]) -> bool,
        visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let (mut cached, mut buffered, mut committed) = (self.cached.peekable(), self.buffered.peekable(), self.committed);
        loop {
            while committed.row().is_some_and(|(key, _)| !accept(key)) {
                committed.advance()?;
            }
            let engine_key = committed.row().map(|(key, _)| key);
            let least = [cached.peek().map(|&(key, _)| key), buffered.peek().map(|&(key, _)| key), engine_key];
            let Some(key) = least.into_iter().flatten().min_by(|a, b| order(a, b)) else { return Ok(()) };
            let (in_cache, in_buffer) =
                (cached.peek().filter(|at| at.0 == key).copied(), buffered.peek().filter(|at| at.0 == key).copied());
            let in_engine = committed.row().filter(|at| at.0 == key);
            let flow = match (in_cache, in_buffer, in_engine) {
                (Some((key, i)), _, _) => {
                    let slot = &self.cache.get(i).slot;
                    slot.value.as_ref().map(|value| visit(key, value, slot.timestamp)).transpose()?
                }
                (None, Some((key, i)), _) => match self.pending.row(i).1 {
                    Some(row) => show(self.codec, key, row, visit)?,
                    None => None,
                },
                (None, None, Some((key, row))) => show(self.codec, key, row, visit)?,
                (None, None, None) => None,
            };
            if flow.is_some_and(|flow| flow.is_break()) {
                return Ok(());
            }
            let engine_too = in_engine.is_some();
            if in_cache.is_some() {
                cached.next();
            }
            if in_buffer.is_some() {
                buffered.next();
            }
            if engine_too {
                committed.advance()?;
            }
        }
    }
}

fn show<V: 'static>(
    codec: &Codec<V>,
    key: &[u8],
    row: &[u8],
    visit: &mut dyn FnMut(&[u8], &V, i64) -> Result<ControlFlow<()>>,
) -> Result<Option<ControlFlow<()>>> {
    let slot = codec.decode(key, row)?;
    slot.value.as_ref().map(|value| visit(key, value, slot.timestamp)).transpose()
}

/// An iterator from either end.
pub(super) enum Either<I: DoubleEndedIterator> {
    Forward(I),
    Backward(std::iter::Rev<I>),
}

impl<I: DoubleEndedIterator> Either<I> {
    pub fn new(iter: I, reverse: bool) -> Self {
        if reverse { Either::Backward(iter.rev()) } else { Either::Forward(iter) }
    }
}

impl<I: DoubleEndedIterator> Iterator for Either<I> {
    type Item = I::Item;
    fn next(&mut self) -> Option<I::Item> {
        match self {
            Either::Forward(iter) => iter.next(),
            Either::Backward(iter) => iter.next(),
        }
    }
}
