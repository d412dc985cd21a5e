//! The Processor API: user code as a node.

use super::context::Context;
use super::fixed_key::{FixedKeyContext, FixedKeyRecord};
use crate::exec::TimerId;
use crate::{BoxError, Record};

/// User code that takes records and forwards any number of others.
///
/// It is made by a supplier, on the thread that runs it, once per task: it may hold what is not `Send`. There is no `init`: the supplier gets
/// the stores, and schedules punctuations through [`Setup`](super::Setup). An error goes to the processing exception handler, which fails
/// the task (the default) or skips the record; errors of [`Context::forward`] must be passed on with `?`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not process records of `{KI}`, `{VI}` into `{KO}`, `{VO}`",
    note = "the supplier passed to `.process(..)` must return a type that implements `Processor<{KI}, {VI}, _, _>`"
)]
pub trait Processor<KI, VI, KO, VO>: 'static {
    /// Takes one record.
    fn process(&mut self, ctx: &mut Context<'_, KO, VO>, record: Record<KI, VI>) -> Result<(), BoxError>;

    /// A scheduled punctuation is due. `time` is stream time or wall clock, as scheduled, in milliseconds.
    fn punctuate(&mut self, _ctx: &mut Context<'_, KO, VO>, _timer: TimerId, _time: i64) -> Result<(), BoxError> {
        Ok(())
    }

    /// The task has been committed and is closed, or moves away; or it has failed, and is made anew on what it committed last. Should it panic,
    /// all others are closed all the same, and the error, which names task and node, is logged.
    fn close(&mut self) {}
}

/// A [`Processor`] that cannot change keys: nothing behind it needs to be repartitioned.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not process records of `{K}`, `{VI}` into values of `{VO}`",
    note = "the supplier passed to `.process_values(..)` must return a type that implements `FixedKeyProcessor<{K}, {VI}, _>`"
)]
pub trait FixedKeyProcessor<K, VI, VO>: 'static {
    /// Takes one record.
    fn process(&mut self, ctx: &mut FixedKeyContext<'_, K, VO>, record: FixedKeyRecord<'_, K, VI>) -> Result<(), BoxError>;

    /// A scheduled punctuation is due; there is no record whose key could be kept, so nothing can be forwarded.
    fn punctuate(&mut self, _ctx: &mut FixedKeyContext<'_, K, VO>, _timer: TimerId, _time: i64) -> Result<(), BoxError> {
        Ok(())
    }

    /// The task has been committed and is closed, or moves away; or it has failed, and is made anew on what it committed last. Should it panic,
    /// all others are closed all the same, and the error, which names task and node, is logged.
    fn close(&mut self) {}
}
