//! Code around a processor, and what it may do.

use super::context::{Context, ProcessingContext, check_time, common_context, punctuations};
use super::record_context::RecordMetadata;
use crate::exec::{AnyOutlets, AnyProcessor, Cx, Meta, PunctuationType, TimerId};
use crate::metrics::UserMetrics;
use crate::{BoxError, Data, Headers, Record, TaskId};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What goes around one processor of one task. It may leave its records and punctuations out, change them, keep them for later, or do the
/// processor's work itself. An error goes to the processing exception handler, as one of the processor does.
pub trait AroundProcessor: 'static {
    /// A record has come for the processor: [`WrappedRecord::proceed`] has it processed. Without it the record goes no further.
    ///
    /// # Errors
    /// Those of `proceed`, to be passed on; and your own.
    fn process(&mut self, ctx: &mut AroundContext<'_>, record: WrappedRecord<'_>) -> Result<(), BoxError>;

    /// A punctuation of the processor is due.
    ///
    /// # Errors
    /// As [`process`](Self::process).
    fn around_punctuation(&mut self, ctx: &mut AroundContext<'_>, punctuation: WrappedPunctuation<'_>) -> Result<(), BoxError> {
        punctuation.proceed(ctx)
    }

    /// A punctuation that this has scheduled itself is due, at this time of its clock in milliseconds.
    ///
    /// # Errors
    /// As [`process`](Self::process).
    fn punctuate(&mut self, _ctx: &mut AroundContext<'_>, _timer: TimerId, _time: i64) -> Result<(), BoxError> {
        Ok(())
    }

    /// The task is closed, or moves away. The processor has been closed.
    fn close(&mut self) {}
}

/// What an [`AroundProcessor`] may do. It is also the context for its stores.
pub struct AroundContext<'a> {
    pub(crate) cx: &'a mut Cx,
    pub(crate) inner: &'a mut AnyProcessor,
    pub(crate) next: &'a mut AnyOutlets,
    /// The index of the code around the processor among the maintained nodes.
    pub(crate) index: usize,
    /// The node's name.
    pub(crate) node: &'a str,
}

impl AroundContext<'_> {
    /// Has the processor process a record, which may be another one than has come, or come at another time.
    ///
    /// # Errors
    /// When the processor takes other types, or the record's time is negative; and those of the processor and of the nodes that follow, already
    /// decided about: pass them on with `?`.
    pub fn process<K: Data, V: Data>(&mut self, record: Record<K, V>) -> Result<(), BoxError> {
        check_time("a record was processed with", record.timestamp)?;
        let meta = Meta { timestamp: record.timestamp, headers: &record.headers, key_bytes: None };
        Ok(self.inner.typed(self.node)?.process(self.cx, record.key, record.value, &meta)?)
    }

    /// Sends a record to the nodes that follow the processor, in its place; returns when all of them have processed it. Where the processor is one
    /// that keeps keys (`map_values`, `process_values` and the like), so must this: nothing is repartitioned behind it.
    ///
    /// # Errors
    /// When the processor forwards other types, or the record's time is negative; and those of the nodes that follow, already decided about: pass them
    /// on with `?`.
    pub fn forward<K: Data, V: Data>(&mut self, record: Record<K, V>) -> Result<(), BoxError> {
        self.outlets()?.forward(record)
    }

    /// Sends a record to one of the nodes that follow, by its name.
    ///
    /// # Errors
    /// As [`forward`](Self::forward); and when no node of that name follows.
    pub fn forward_to<K: Data, V: Data>(&mut self, child: &str, record: Record<K, V>) -> Result<(), BoxError> {
        self.outlets()?.forward_to(child, record)
    }

    /// The processor's own context, for records of these types.
    fn outlets<K: Data, V: Data>(&mut self) -> Result<Context<'_, K, V>, BoxError> {
        Ok(Context { next: self.next.typed(self.node)?, cx: self.cx, index: self.index, node: self.node })
    }

    common_context!();
    punctuations!();
}

impl ProcessingContext for AroundContext<'_> {
    fn cx(&mut self) -> &mut Cx {
        self.cx
    }
}

impl fmt::Debug for AroundContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AroundContext({}, task {})", self.node, self.cx.task_id)
    }
}

/// A record on its way into a processor, its types forgotten.
pub(crate) trait Waiting {
    fn key(&self) -> Option<&dyn Any>;
    fn value(&self) -> Option<&dyn Any>;
    fn value_mut(&mut self) -> Option<&mut dyn Any>;
    fn meta(&self) -> &Meta<'_>;
    /// A `Record` of it; nothing where its types are others.
    fn take(&mut self) -> Option<Box<dyn Any>>;
    fn run(&mut self, cx: &mut Cx, inner: &mut AnyProcessor, node: &str) -> Result<(), BoxError>;
}

/// A record on its way into a processor.
#[must_use = "a record that does not proceed is left out"]
pub struct WrappedRecord<'a>(pub(crate) &'a mut dyn Waiting);

impl WrappedRecord<'_> {
    /// The key, if it is of this type.
    pub fn key<K: 'static>(&self) -> Option<&K> {
        self.0.key()?.downcast_ref()
    }

    /// The value, if it is of this type. Behind tables it is a [`Change`](crate::Change).
    pub fn value<V: 'static>(&self) -> Option<&V> {
        self.0.value()?.downcast_ref()
    }

    /// The value, if it is of this type, to be changed before it is processed. Only the processor sees the change: other nodes behind the same
    /// parent have the value as it was.
    pub fn value_mut<V: 'static>(&mut self) -> Option<&mut V> {
        self.0.value_mut()?.downcast_mut()
    }

    /// Event time in milliseconds.
    pub fn timestamp(&self) -> i64 {
        self.0.meta().timestamp
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        self.0.meta().headers
    }

    /// The record itself, to be kept, or changed and processed by [`AroundContext::process`].
    ///
    /// # Errors
    /// When it is of other types: gives it back.
    pub fn into_record<K: 'static, V: 'static>(self) -> Result<Record<K, V>, Self> {
        if self.key::<K>().is_none() || self.value::<V>().is_none() {
            return Err(self);
        }
        match self.0.take().map(<Box<dyn Any>>::downcast) {
            Some(Ok(record)) => Ok(*record),
            _ => Err(self),
        }
    }

    /// Has it processed.
    ///
    /// # Errors
    /// Those of the processor and of the nodes that follow, already decided about.
    pub fn proceed(self, ctx: &mut AroundContext<'_>) -> Result<(), BoxError> {
        self.0.run(ctx.cx, ctx.inner, ctx.node)
    }
}

impl fmt::Debug for WrappedRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedRecord(at {})", self.timestamp())
    }
}

/// A punctuation that is due.
#[must_use = "a punctuation that does not proceed is left out"]
pub struct WrappedPunctuation<'a> {
    pub(crate) time: i64,
    pub(crate) run: &'a mut dyn FnMut(&mut Cx) -> crate::Result<()>,
}

impl WrappedPunctuation<'_> {
    /// Stream time or wall clock, in milliseconds.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Calls it.
    ///
    /// # Errors
    /// Those of the processor and of the nodes that follow, already decided about.
    pub fn proceed(self, ctx: &mut AroundContext<'_>) -> Result<(), BoxError> {
        Ok((self.run)(ctx.cx)?)
    }
}

impl fmt::Debug for WrappedPunctuation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedPunctuation(at {})", self.time)
    }
}
