//! Records that cannot be read.

use super::{ErrorContext, Response};
use crate::Error;
use crate::config::DeserializationPolicy;
use crate::metrics::{LogLimiter, NotLogged};
use std::sync::Arc;

/// Decides about a record whose key or value its serde cannot read. `context.source` is always there, with the bytes.
///
/// A closure of the same signature is a handler. It must not block for long: it runs on the stream thread. A handler that panics fails the
/// thread.
pub trait DeserializationExceptionHandler: Send + Sync {
    /// What to do.
    #[doc(alias = "handleError")]
    fn handle(&self, context: &ErrorContext<'_>, error: &Error) -> Response;
}

impl<F: Fn(&ErrorContext<'_>, &Error) -> Response + Send + Sync> DeserializationExceptionHandler for F {
    fn handle(&self, context: &ErrorContext<'_>, error: &Error) -> Response {
        self(context, error)
    }
}

/// Logs the record's place and fails. The default.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "LogAndFailExceptionHandler")]
pub struct LogAndFail;

impl DeserializationExceptionHandler for LogAndFail {
    fn handle(&self, context: &ErrorContext<'_>, error: &Error) -> Response {
        tracing::error!(target: "streams::task", "a record cannot be read: {context}: {error}");
        Response::Fail
    }
}

/// Logs the record's place, at a limited rate, and goes on without it.
#[derive(Debug, Default)]
#[doc(alias = "LogAndContinueExceptionHandler")]
pub struct LogAndContinue(LogLimiter);

impl DeserializationExceptionHandler for LogAndContinue {
    fn handle(&self, context: &ErrorContext<'_>, error: &Error) -> Response {
        self.0.log(|n| {
            let more = NotLogged(n);
            tracing::warn!(target: "streams::task", "a record cannot be read and is left out: {context}: {error}{more}");
        });
        Response::Resume
    }
}

impl From<DeserializationPolicy> for Arc<dyn DeserializationExceptionHandler> {
    fn from(policy: DeserializationPolicy) -> Self {
        match policy {
            DeserializationPolicy::LogAndFail => Arc::new(LogAndFail),
            DeserializationPolicy::LogAndContinue => Arc::new(LogAndContinue::default()),
        }
    }
}
