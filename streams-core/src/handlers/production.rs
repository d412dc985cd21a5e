//! Records that cannot be written.

use super::SourceRecord;
use crate::config::ProductionPolicy;
use crate::metrics::{LogLimiter, NotLogged};
use crate::{Error, TaskId};
use std::fmt;
use std::sync::Arc;

/// What failed about an output record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "SerializationExceptionOrigin")]
pub enum ProductionStage {
    /// Its key could not be serialized.
    Key,
    /// Its value could not be serialized.
    Value,
    /// The cluster refused it, or did not answer in time.
    Send,
}

/// Which output record failed. The cluster's answer comes later than the record, so what it was made from may not be known then.
#[derive(Clone, Copy, Debug)]
pub struct ProductionContext<'a> {
    /// The topic that it was to go to: an output, a repartition topic or a changelog.
    pub topic: &'a str,
    /// The partition, where it was chosen already.
    pub partition: Option<i32>,
    /// What failed.
    pub stage: ProductionStage,
    /// Whether trying again may succeed.
    pub retriable: bool,
    /// The task, where it is known.
    pub task: Option<TaskId>,
    /// The node that wrote it, where it is known.
    pub node: Option<&'a str>,
    /// The input record, where it is known.
    pub source: Option<SourceRecord<'a>>,
}

impl fmt::Display for ProductionContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "output topic {}", self.topic)?;
        if let Some(partition) = self.partition {
            write!(f, ", partition {partition}")?;
        }
        if let Some(task) = self.task {
            write!(f, ", task {task}")?;
        }
        if let Some(node) = self.node {
            write!(f, ", node {node}")?;
        }
        match &self.source {
            Some(source) => write!(f, ", made from {source}"),
            None => Ok(()),
        }
    }
}

/// What is to happen after a record could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProductionResponse {
    /// Leave it out and go on; it is counted as dropped. The library never leaves out a record of a changelog, whatever the answer,
    /// and under exactly-once none that a broker has refused: its transaction can only be aborted.
    #[doc(alias = "CONTINUE")]
    Resume,
    /// Fail the thread; its uncaught-error policy decides what follows.
    Fail,
    /// Go back to the last commit and process again. Only where `retriable`; elsewhere it is taken as `Fail`.
    Retry,
}

/// Decides about a record that could not be written.
///
/// A closure of the same signature is a handler. It must not block for long: it runs on the stream thread. A handler that panics fails the
/// thread. Being fenced, and missing rights, are no matter of a record: they never come here.
pub trait ProductionExceptionHandler: Send + Sync {
    /// What to do.
    #[doc(alias = "handleError", alias = "handleSerializationError")]
    fn handle(&self, context: &ProductionContext<'_>, error: &Error) -> ProductionResponse;
}

impl<F: Fn(&ProductionContext<'_>, &Error) -> ProductionResponse + Send + Sync> ProductionExceptionHandler for F {
    fn handle(&self, context: &ProductionContext<'_>, error: &Error) -> ProductionResponse {
        self(context, error)
    }
}

/// Tries again where that may help; otherwise logs and fails. The default.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "DefaultProductionExceptionHandler")]
pub struct RetryOrFail;

impl ProductionExceptionHandler for RetryOrFail {
    fn handle(&self, context: &ProductionContext<'_>, error: &Error) -> ProductionResponse {
        if context.stage == ProductionStage::Send && context.retriable {
            tracing::warn!(target: "streams::task", "a record could not be written, trying again: {context}: {error}");
            return ProductionResponse::Retry;
        }
        tracing::error!(target: "streams::task", "a record cannot be written: {context}: {error}");
        ProductionResponse::Fail
    }
}

/// Logs the record's place, at a limited rate, and goes on without it.
#[derive(Debug, Default)]
pub struct LogAndContinueProduction(LogLimiter);

impl ProductionExceptionHandler for LogAndContinueProduction {
    fn handle(&self, context: &ProductionContext<'_>, error: &Error) -> ProductionResponse {
        self.0.log(|n| {
            let more = NotLogged(n);
            tracing::warn!(target: "streams::task", "a record cannot be written and is left out: {context}: {error}{more}");
        });
        ProductionResponse::Resume
    }
}

impl From<ProductionPolicy> for Arc<dyn ProductionExceptionHandler> {
    fn from(policy: ProductionPolicy) -> Self {
        match policy {
            ProductionPolicy::RetryOrFail => Arc::new(RetryOrFail),
            ProductionPolicy::LogAndContinue => Arc::new(LogAndContinueProduction::default()),
        }
    }
}
