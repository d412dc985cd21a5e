//! User code that computes the values of a table.

use super::context::{ProcessingContext, common_context, punctuations};
use super::record_context::RecordMetadata;
use crate::exec::{Cx, PunctuationType, TimerId};
use crate::metrics::UserMetrics;
use crate::{BoxError, Headers, TaskId};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// User code that makes a table's values of another one's: see [`KTable::transform_values`](crate::KTable::transform_values).
///
/// It is made by a supplier, on the thread that runs it: once per task for the node itself, and once more for each node that reads the table
/// where it is not kept. An error goes to the processing exception handler, which fails the task (the default) or skips the record that is
/// being processed.
#[doc(alias = "ValueTransformerWithKey")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not make `{VO}` of the values `{V}` of keys `{K}`",
    note = "the supplier passed to `.transform_values(..)` must return a type that implements `ValueTransformer<{K}, {V}, _>`"
)]
pub trait ValueTransformer<K, V, VO>: 'static {
    /// The value of a row; `None` for no row. It is asked about deletions too (`value` is `None` then), and about old values where a node
    /// downstream needs them: for each change first about the new value, then about the old one.
    ///
    /// # Errors
    /// Whatever it fails with: the processing exception handler decides.
    fn transform(&mut self, ctx: &mut TransformContext<'_>, key: &K, value: Option<&V>) -> Result<Option<VO>, BoxError>;

    /// A scheduled punctuation is due. `time` is stream time or wall clock, as scheduled, in milliseconds. Nothing can be forwarded.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    fn punctuate(&mut self, _ctx: &mut TransformContext<'_>, _timer: TimerId, _time: i64) -> Result<(), BoxError> {
        Ok(())
    }

    /// The task has been committed and is closed, or moves away; or it has failed, and is made anew on what it committed last. Should it panic,
    /// all others are closed all the same, and the error, which names task and node, is logged.
    fn close(&mut self) {}
}

/// What a [`ValueTransformer`] may do. Nothing can be forwarded: the framework does that, so that keys stay as they are.
pub struct TransformContext<'a> {
    pub(crate) cx: &'a mut Cx,
    /// The node's index among the maintained ones.
    pub(crate) index: usize,
    /// The name of the node that it runs in.
    pub(crate) node: &'a str,
    pub(crate) timestamp: i64,
    pub(crate) headers: &'a Headers,
}

impl TransformContext<'_> {
    /// The time of the row in milliseconds; -1 where another node reads a row that is not there, or whose time is not known.
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// The headers of the record that changes the row; none where another node reads it.
    pub fn headers(&self) -> &Headers {
        self.headers
    }

    common_context!();
    punctuations!();
}

impl ProcessingContext for TransformContext<'_> {
    fn cx(&mut self) -> &mut Cx {
        self.cx
    }
}

impl fmt::Debug for TransformContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransformContext(task {})", self.cx.task_id)
    }
}
