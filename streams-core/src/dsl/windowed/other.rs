//! The node behind aggregations in windows of the user's making.

use super::writer::WindowWriter;
use crate::dsl::folder::Folder;
use crate::dsl::windows::{Windows, millis};
use crate::exec::{Cx, DropReason, Maintain, Meta, Process, StreamTime};
use crate::{Data, Error, ErrorKind, Result};
use std::marker::PhantomData;
use std::sync::Arc;
use streams_state::serde::Window;

pub(super) struct OtherAggregate<K, V, A> {
    f: Folder<K, V, A>,
    windows: Arc<dyn Windows>,
    grace_ms: i64,
    /// Of the records that came here: Java's rule, per node.
    stream_time: StreamTime,
    writer: WindowWriter<K, A>,
    /// Starts of the open windows of one record, kept for its capacity.
    open: Vec<i64>,
    values: PhantomData<fn(V)>,
}

impl<K: Data, V: Data, A: Data> OtherAggregate<K, V, A> {
    pub fn new(f: Folder<K, V, A>, windows: Arc<dyn Windows>, stream_time: StreamTime, writer: WindowWriter<K, A>) -> Self {
        let grace_ms = millis(windows.grace());
        OtherAggregate { f, windows, grace_ms, stream_time, writer, open: Vec::new(), values: PhantomData }
    }
}

impl<K: Data, V: Data, A: Data> Process<K, V> for OtherAggregate<K, V, A> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let closed = self.stream_time.observe(cx, meta.timestamp).saturating_sub(self.grace_ms);
        let (open, mut late, mut wrong) = (&mut self.open, 0, None);
        open.clear();
        self.windows.windows_for(meta.timestamp, &mut |window: Window| {
            if window.start < 0 || window.end <= window.start {
                wrong = Some(window);
            } else if window.end > closed {
                open.push(window.start);
            } else {
                late += 1;
            }
        });
        if let Some(Window { start, end }) = wrong {
            let at = meta.timestamp;
            return Err(Error::new(
                ErrorKind::UserCode,
                format!("windows_for({at}) told a window from {start} to {end}: begin at 0 or later, and end after that"),
            ));
        }
        for _ in 0..late {
            cx.dropped(&self.writer.name, DropReason::Late);
        }
        let mut left = open.len();
        if left == 0 {
            if late == 0 {
                cx.dropped(&self.writer.name, DropReason::NoWindow);
            }
            return Ok(());
        }
        // every window but the last gets a copy
        let (f, mut value) = (&self.f, Some(value));
        self.writer.update(cx, &key, meta, open.iter().copied(), f.may_fail, |slot| {
            left -= 1;
            let value = if left == 0 { value.take() } else { value.clone() };
            if let Some(value) = value {
                f.call_on_row(&key, value, slot, meta.timestamp)?;
            }
            Ok(())
        })
    }
}

impl<K: Data, V: Data, A: Data> Maintain for OtherAggregate<K, V, A> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.writer.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.writer.evict(cx)
    }
}
