//! User code that fails.

use super::{ErrorContext, Response};
use crate::Error;
use crate::config::ProcessingPolicy;
use crate::metrics::{LogLimiter, NotLogged};
use std::sync::Arc;

/// Decides about a record on which a closure or processor of the application returned an error or panicked (KIP-1033). After a panic the
/// task is rebuilt from its last commit and processes again what came after it, without this record if the answer is to resume.
///
/// A closure of the same signature is a handler. It must not block for long: it runs on the stream thread. A handler that panics fails the
/// thread.
pub trait ProcessingExceptionHandler: Send + Sync {
    /// What to do.
    #[doc(alias = "handleError")]
    fn handle(&self, context: &ErrorContext<'_>, error: &Error) -> Response;
}

impl<F: Fn(&ErrorContext<'_>, &Error) -> Response + Send + Sync> ProcessingExceptionHandler for F {
    fn handle(&self, context: &ErrorContext<'_>, error: &Error) -> Response {
        self(context, error)
    }
}

/// Logs the record's place and fails. The default.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "LogAndFailProcessingExceptionHandler")]
pub struct LogAndFailProcessing;

impl ProcessingExceptionHandler for LogAndFailProcessing {
    fn handle(&self, context: &ErrorContext<'_>, error: &Error) -> Response {
        tracing::error!(target: "streams::task", "processing failed: {context}: {error}");
        Response::Fail
    }
}

/// Logs the record's place, at a limited rate, and goes on without it.
#[derive(Debug, Default)]
#[doc(alias = "LogAndContinueProcessingExceptionHandler")]
pub struct LogAndContinueProcessing(LogLimiter);

impl ProcessingExceptionHandler for LogAndContinueProcessing {
    fn handle(&self, context: &ErrorContext<'_>, error: &Error) -> Response {
        self.0.log(|n| {
            let more = NotLogged(n);
            tracing::warn!(target: "streams::task", "processing failed and the record is left out: {context}: {error}{more}");
        });
        Response::Resume
    }
}

impl From<ProcessingPolicy> for Arc<dyn ProcessingExceptionHandler> {
    fn from(policy: ProcessingPolicy) -> Self {
        match policy {
            ProcessingPolicy::LogAndFail => Arc::new(LogAndFailProcessing),
            ProcessingPolicy::LogAndContinue => Arc::new(LogAndContinueProcessing::default()),
        }
    }
}
