//! `cargo xtask bench failover`: how long output stands still when an instance goes. No other engine has a part in it, and no prepared input.

use std::process::Command;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::{build, machine, process, workspace};

/// Runs the command, whose name was taken.
pub fn run(mut args: Args) -> Outcome {
    let yes = args.flag("--yes");
    let runs = args.number::<u32>("--runs")?.unwrap_or(3);
    let rows = args.number::<u64>("--records")?.unwrap_or(5_000_000);
    args.finish()?;
    if runs == 0 || rows == 0 {
        return Err(Failure::usage("--records and --runs are at least 1"));
    }
    machine::prepare(machine::TO_TEST, yes)?;
    build::announce_first()?;
    process::run(process::cargo().args(["build", "-p", "integration-tests", "--bins"]))?;
    let mut failover = Command::new(workspace::target_dir()?.join("debug/failover"));
    process::run(failover.args([runs.to_string(), rows.to_string()]))
}
