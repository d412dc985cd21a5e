//! How a command ends other than well.

use std::process::{ExitCode, ExitStatus};

/// The result of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Wrong usage: exit status 2, with the usage text.
    Usage(String),
    /// Something failed: exit status 1.
    Failed(String),
    /// A program that the command ran has failed and said why itself: its own exit status.
    Child(u8),
}

impl Failure {
    /// Wrong usage.
    pub fn usage(text: impl Into<String>) -> Self {
        Failure::Usage(text.into())
    }

    /// Something failed.
    pub fn failed(text: impl Into<String>) -> Self {
        Failure::Failed(text.into())
    }

    /// Passes on how a program ended, in the manner of a shell: 128 + the signal's number where a signal ended it.
    pub fn from_status(status: ExitStatus) -> Outcome {
        use std::os::unix::process::ExitStatusExt as _;
        match status.code().or_else(|| status.signal().map(|signal| 128 + signal)) {
            Some(0) => Ok(()),
            code => Err(Failure::Child(code.and_then(|c| u8::try_from(c).ok()).unwrap_or(1))),
        }
    }
}

impl From<test_broker::Error> for Failure {
    fn from(error: test_broker::Error) -> Self {
        Failure::Failed(error.to_string())
    }
}

/// Says on the standard error what went wrong, and gives the exit status.
pub fn report(outcome: Outcome, usage: &str) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(text)) => {
            eprint!("xtask: {text}\n\n{usage}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(text)) => {
            eprintln!("xtask: {text}");
            ExitCode::FAILURE
        }
        Err(Failure::Child(status)) => ExitCode::from(status),
    }
}
