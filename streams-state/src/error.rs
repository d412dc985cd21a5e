//! One error type: what to do is in the kind, what happened is in the message.

use crate::store::Origin;
use std::fmt;

/// Any error of user code, a serde or a library below.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of a store operation.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// What the reader of an error can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Bytes could not be turned into a value or back: fix the serde, or the data.
    Serde,
    /// The disk or the directory refused: free space, fix permissions, or stop the other process that holds it.
    Io,
    /// What is on disk cannot be right: the store must be rebuilt from its changelog.
    Corrupted,
    /// The changelog did not take a change; the cause says why.
    Changelog,
    /// A store of the user's own kind failed or panicked.
    UserCode,
    /// The call cannot be answered as asked (unknown store, wrong type, store closed).
    Invalid,
}

/// A failed store operation. One pointer wide, so that results travel in registers.
pub struct Error(Box<Repr>);

struct Repr {
    kind: ErrorKind,
    message: String,
    source: Option<BoxError>,
    origin: Option<Origin>,
}

impl Error {
    /// `message` names the store, directory or key concerned and says what to do.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Repr { kind, message: message.into(), source: None, origin: None }))
    }

    /// The same with the error that caused it.
    #[cold]
    pub fn caused(kind: ErrorKind, message: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Error(Box::new(Repr { kind, message: message.into(), source: Some(source.into()), origin: None }))
    }

    /// Names the input record whose change failed; one that is already named stays.
    #[cold]
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.0.origin.get_or_insert(origin);
        self
    }

    /// The input record whose change failed, which may lie before the record in hand: changes are serialized late.
    pub fn origin(&self) -> Option<Origin> {
        self.0.origin
    }

    /// The error that caused it, if any.
    pub fn into_cause(self) -> Option<BoxError> {
        self.0.source
    }

    /// What can be done about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
}

/// What a caught panic said.
#[cold]
#[doc(hidden)]
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "(no message)".to_owned())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|s| s as _)
    }
}
