//! The error of the whole library: the kind says what to do, the message names the thing.

use std::fmt;
pub use streams_state::BoxError;
pub(crate) use streams_state::panic_text;

/// The result of anything in this library.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// What the reader of an error can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A config key or value is wrong: change it and start again.
    Config,
    /// The topology, or the topics it names, cannot work as they are: change one of them.
    Topology,
    /// The cluster did not answer in time: trying again may succeed.
    Unavailable,
    /// Another member owns the task by now: drop the task and join the group again.
    Fenced,
    /// Local state cannot be used: it must be wiped and restored from the changelog.
    Corrupted,
    /// A closure, processor or handler of the application failed or panicked.
    UserCode,
    /// Bytes could not be turned into a value, or a value into bytes.
    Serde,
    /// The cluster refused a record or a request for good (too large, not authorised, invalid topic).
    Rejected,
    /// The disk or the state directory refused.
    Io,
    /// The object was closed, or is not in a state that allows the call.
    Closed,
    /// A fault of this library; please report it.
    Internal,
}

/// A failed operation. One pointer wide, so that a `Result` on the way of a record is one register.
pub struct Error(Box<Repr>);

struct Repr {
    kind: ErrorKind,
    message: String,
    context: Vec<String>,
    source: Option<BoxError>,
}

impl Error {
    /// `message` names the thing concerned, says what happened and what to do.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Repr { kind, message: message.into(), context: Vec::new(), source: None }))
    }

    /// The same with the error that caused it.
    #[cold]
    pub fn caused(kind: ErrorKind, message: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Error(Box::new(Repr { kind, message: message.into(), context: Vec::new(), source: Some(source.into()) }))
    }

    /// Adds where it happened, such as `task 0_1` or `topic orders, partition 3, offset 42`; printed in front of the message.
    #[cold]
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.0.context.push(place.into());
        self
    }

    /// What can be done about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, without place and cause.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in self.0.context.iter().rev() {
            write!(f, "{place}: ")?;
        }
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

impl From<streams_state::Error> for Error {
    #[cold]
    fn from(e: streams_state::Error) -> Self {
        let kind = match e.kind() {
            streams_state::ErrorKind::Serde => ErrorKind::Serde,
            streams_state::ErrorKind::Io => ErrorKind::Io,
            streams_state::ErrorKind::Corrupted => ErrorKind::Corrupted,
            streams_state::ErrorKind::UserCode => ErrorKind::UserCode,
            streams_state::ErrorKind::Changelog => {
                // the store only passed on what this library said
                let text = e.to_string();
                return match e.into_cause().map(<dyn std::error::Error + Send + Sync>::downcast::<Error>) {
                    Some(Ok(ours)) => *ours,
                    _ => Error::new(ErrorKind::Internal, text),
                };
            }
            _ => ErrorKind::Internal,
        };
        Error::caused(kind, "state store", e)
    }
}
