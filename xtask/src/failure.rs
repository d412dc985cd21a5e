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
    /// A program that the command ran has said itself what is wrong: exit status 2 if it ended with that, else 1.
    Child(ExitStatus),
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

    /// How a program ended that the command ran.
    pub fn from_status(status: ExitStatus) -> Outcome {
        if status.success() { Ok(()) } else { Err(Failure::Child(status)) }
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
        Err(Failure::Child(status)) => ExitCode::from(if status.code() == Some(2) { 2 } else { 1 }),
    }
}
