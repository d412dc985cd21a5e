//! Where things are.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};

/// The root of the checkout.
pub fn root() -> PathBuf {
    // cargo sets it for what it runs; the value from build time serves a binary that is run by hand.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// cargo's target folder: this program lies in its `debug`.
pub fn target_dir() -> Outcome<PathBuf> {
    let exe = std::env::current_exe().map_err(|e| Failure::failed(format!("cannot tell where this program lies: {e}")))?;
    exe.ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .ok_or_else(|| Failure::failed(format!("{} does not lie in a target folder of cargo", exe.display())))
}

/// The cargo that runs this program, in the root of the checkout.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").as_deref().unwrap_or(OsStr::new("cargo")));
    command.current_dir(root());
    command
}

/// Runs a program to its end; its exit status is ours when it is not 0.
pub fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|e| cannot_run(command, &e))?;
    Failure::from_status(status)
}

/// The failure to start a program at all.
pub fn cannot_run(command: &Command, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot run {}: {error}", command.get_program().display()))
}
