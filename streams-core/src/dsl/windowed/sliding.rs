//! The node behind aggregations in sliding windows.
//!
//! A row's time is the largest of its window's records, which says enough to find the neighbours of a record without keeping the records
//! themselves: its predecessor is the largest record of the newest window that ends before it, and later records there are if the newest
//! window that holds it has a larger time.

use super::finals::Finals;
use super::writer::WindowWriter;
use crate::dsl::folder::Folder;
use crate::dsl::windows::SlidingWindows;
use crate::exec::{Cx, DropReason, Maintain, Meta, Process, StreamTime};
use crate::{Data, Result};
use std::marker::PhantomData;
use std::ops::ControlFlow;
use streams_state::Slot;

pub(super) struct SlidingAggregate<K, V, A> {
    f: Folder<K, V, A>,
    windows: SlidingWindows,
    /// Of the records that came here: Java's rule, per node.
    stream_time: StreamTime,
    writer: WindowWriter<K, A>,
    finals: Option<Finals>,
    /// Windows that the record changes, kept for its capacity.
    writes: Vec<(i64, Base)>,
    values: PhantomData<fn(V)>,
}

/// What a window has before the record is added.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    /// What is stored.
    Stored,
    /// Nothing.
    Empty,
    /// The predecessors of the record.
    Earlier,
    /// The successors of the record, and it gets no more than them.
    Later,
}

/// What the stored windows tell of a record's neighbours.
struct Neighbours<A> {
    /// Time of the predecessor, where it is known and matters.
    previous: Option<i64>,
    /// Aggregate of the predecessors that lie in the record's own window.
    earlier: Option<A>,
    /// Aggregate of the successors and their largest time, where they have no window of their own yet.
    later: Option<(A, i64)>,
}

impl<K: Data, V: Data, A: Data> SlidingAggregate<K, V, A> {
    pub fn new(
        f: Folder<K, V, A>,
        windows: SlidingWindows,
        stream_time: StreamTime,
        writer: WindowWriter<K, A>,
        finals: Option<Finals>,
    ) -> Self {
        SlidingAggregate { f, windows, stream_time, writer, finals, writes: Vec::new(), values: PhantomData }
    }

    /// Finds the windows that the record belongs to, and makes those that it calls for: the one that ends with it, the one that begins
    /// right after its predecessor, and the one that begins right after itself.
    fn plan(&mut self, key: &[u8], at: i64) -> Result<Neighbours<A>> {
        let (difference, writes) = (self.windows.difference_ms, &mut self.writes);
        let own = at - difference;
        let mut found = Neighbours { previous: None, earlier: None, later: None };
        let (mut later_exists, mut own_exists, mut nothing_new) = (false, false, false);
        let range = (at.saturating_sub(difference.saturating_mul(2)).max(0), at.saturating_add(1));
        self.writer.walk_back(key, range, &mut |start, value, largest| {
            let end = start.saturating_add(difference);
            if start > at {
                later_exists = true;
            } else if end > at {
                if writes.is_empty() && !later_exists && largest > at {
                    found.later = Some((value.clone(), largest));
                }
                writes.push((start, Base::Stored));
            } else if end == at {
                own_exists = true;
                writes.push((start, Base::Stored));
                if largest == at {
                    // another record of the same time made all the windows there are to make
                    nothing_new = true;
                    return ControlFlow::Break(());
                }
                found.previous = Some(largest);
            } else {
                found.previous = Some(largest);
                if !own_exists && largest >= own {
                    found.earlier = Some(value.clone());
                }
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        if nothing_new {
            found.later = None;
            return Ok(found);
        }
        if let Some(after_previous) = found.previous.map(|previous| previous + 1)
            && after_previous >= own
            && !writes.iter().any(|&(start, _)| start == after_previous)
        {
            writes.push((after_previous, Base::Empty));
        }
        if !own_exists {
            writes.push((own, if found.earlier.is_some() { Base::Earlier } else { Base::Empty }));
        }
        if found.later.is_some() {
            writes.push((at.saturating_add(1), Base::Later));
        }
        Ok(found)
    }

    /// The same for a record whose own window would begin before time 0: all such records share the window `[0, difference]`.
    fn plan_early(&mut self, key: &[u8], at: i64) -> Result<Neighbours<A>> {
        let writes = &mut self.writes;
        let mut found = Neighbours { previous: None, earlier: None, later: None };
        let (mut later_exists, mut shared_exists) = (false, false);
        self.writer.walk_back(key, (0, at.saturating_add(1)), &mut |start, value, largest| {
            if start > at {
                later_exists = true;
                return ControlFlow::Continue(());
            }
            if writes.is_empty() && !later_exists && largest > at {
                found.later = Some((value.clone(), largest));
            }
            if start > 0 {
                writes.push((start, Base::Stored));
            } else {
                shared_exists = true;
                found.previous = Some(largest).filter(|&largest| largest < at);
            }
            ControlFlow::Continue(())
        })?;
        writes.reverse();
        let after_previous = found.previous.map(|previous| previous + 1);
        let missing = after_previous.filter(|after| !writes.iter().any(|(start, _)| start == after));
        if found.later.is_some() {
            writes.push((at.saturating_add(1), Base::Later));
        }
        writes.extend(missing.map(|start| (start, Base::Empty)));
        writes.push((0, if shared_exists { Base::Stored } else { Base::Empty }));
        Ok(found)
    }

    /// Forwards the windows that have closed since the last time.
    fn tell(&mut self, cx: &mut Cx, closed: i64, meta: &Meta<'_>) -> Result<()> {
        let Some(finals) = &mut self.finals else { return Ok(()) };
        let Some(told) = finals.told_before(closed) else { return Ok(()) };
        let difference = self.windows.difference_ms;
        // the end belongs to the window
        let to = closed.saturating_sub(difference).saturating_sub(1);
        if to < 0 {
            return Ok(());
        }
        let from = if told == -1 { 0 } else { (told - difference).max(0) };
        finals.tell(cx, &mut self.writer, (from, to), closed, meta)
    }

    fn write(&mut self, cx: &mut Cx, bytes: &[u8], key: &K, value: V, (at, closed): (i64, i64), found: Neighbours<A>) -> Result<()> {
        let f = &self.f;
        let Neighbours { mut earlier, mut later, .. } = found;
        let difference = self.windows.difference_ms;
        let takes = |&&(start, base): &&(i64, Base)| base != Base::Later && start.saturating_add(difference) >= closed;
        let taking = self.writes.iter().filter(takes);
        let (mut value, mut left) = (Some(value), taking.clone().count());
        let mut add = |base, slot: &mut Slot<A>| {
            match base {
                Base::Earlier => *slot = Slot { value: earlier.take(), timestamp: at },
                Base::Empty => *slot = Slot { value: None, timestamp: at },
                Base::Stored | Base::Later => {}
            }
            left -= 1;
            // every window but the last gets a copy
            if let Some(value) = if left == 0 { value.take() } else { value.clone() } {
                f.call_on_row(key, value, slot, at)?;
            }
            Ok(())
        };
        let mut rehearsed = None;
        if f.may_fail {
            let mut bases = taking.clone().map(|write| write.1);
            let starts = taking.map(|write| write.0);
            match self.writer.rehearse(bytes, starts, |slot| bases.next().map_or(Ok(()), |base| add(base, slot)))? {
                Ok(slots) => rehearsed = Some(slots.into_iter()),
                Err(error) => return cx.user_error(&self.writer.name, error),
            }
        }
        for write in &self.writes {
            let &(start, base) = write;
            if let Some(finals) = &mut self.finals {
                finals.changed(start);
            }
            if base == Base::Later {
                if let Some((aggregate, largest)) = later.take() {
                    self.writer.put(cx, bytes, start, |slot| {
                        *slot = Slot { value: Some(aggregate), timestamp: largest };
                        Ok(())
                    })?;
                }
                continue;
            }
            if !takes(&write) {
                cx.dropped(&self.writer.name, DropReason::Late);
                continue;
            }
            let done = rehearsed.as_mut().and_then(Iterator::next);
            self.writer.put(cx, bytes, start, |slot| match done {
                Some(done) => {
                    *slot = done;
                    Ok(())
                }
                None => add(base, slot),
            })?;
        }
        Ok(())
    }
}

impl<K: Data, V: Data, A: Data> Process<K, V> for SlidingAggregate<K, V, A> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let (at, difference) = (meta.timestamp, self.windows.difference_ms);
        let closed = self.stream_time.observe(cx, at).saturating_sub(self.windows.grace_ms);
        if at.saturating_add(difference) < closed {
            cx.dropped(&self.writer.name, DropReason::Late);
            return Ok(());
        }
        // Java does not look for closed windows at such early records
        if at >= difference {
            self.tell(cx, closed, meta)?;
        }
        let Some(bytes) = self.writer.take_key(cx, &key, meta)? else { return Ok(()) };
        self.writes.clear();
        let found = if at < difference { self.plan_early(&bytes, at) } else { self.plan(&bytes, at) };
        let result = found.and_then(|found| self.write(cx, &bytes, &key, value, (at, closed), found));
        self.writer.give_back(bytes);
        result
    }
}

impl<K: Data, V: Data, A: Data> Maintain for SlidingAggregate<K, V, A> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.writer.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.writer.evict(cx)
    }
}
