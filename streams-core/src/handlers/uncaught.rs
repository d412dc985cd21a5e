//! Errors that nothing else handled.

use crate::Error;

/// What the application does when a stream thread fails (KIP-671).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[doc(alias = "StreamThreadExceptionResponse")]
pub enum UncaughtErrorResponse {
    /// Start another thread in place of the failed one.
    ReplaceThread,
    /// Close this instance; the others of the application take over its tasks. The default.
    #[default]
    ShutdownClient,
    /// Close every instance of the application.
    ShutdownApplication,
}

/// Decides what follows when a stream thread fails. A closure from the error to the answer is a handler, and so is an answer that never
/// depends on the error. It runs on the failed thread; one that panics counts as [`UncaughtErrorResponse::ShutdownClient`].
#[doc(alias = "StreamsUncaughtExceptionHandler")]
pub trait UncaughtErrorHandler: Send + Sync {
    /// What to do.
    fn handle(&self, error: &Error) -> UncaughtErrorResponse;
}

impl<F: Fn(&Error) -> UncaughtErrorResponse + Send + Sync> UncaughtErrorHandler for F {
    fn handle(&self, error: &Error) -> UncaughtErrorResponse {
        self(error)
    }
}

impl UncaughtErrorHandler for UncaughtErrorResponse {
    fn handle(&self, _: &Error) -> UncaughtErrorResponse {
        *self
    }
}
