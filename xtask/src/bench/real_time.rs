//! Benches that take the time they take: a load at a steady rate, and no prepared input.

use std::process::Command;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::maven::JavaProgram;
use crate::{build, machine, process, workspace};

/// `failover`, whose name was taken: how long output stands still when an instance goes.
pub fn failover(mut args: Args) -> Outcome {
    let yes = args.flag("--yes");
    let runs = args.number::<u32>("--runs")?.unwrap_or(3);
    let rows = args.number::<u64>("--records")?.unwrap_or(5_000_000);
    args.finish()?;
    if runs == 0 || rows == 0 {
        return Err(Failure::usage("--records and --runs are at least 1"));
    }
    prepare(yes)?;
    let java = JavaProgram::build("integration-tests/bench/java")?.command(&["-Xmx512m"], "bench.Main");
    let words = [java.get_program()].into_iter().chain(java.get_args()).map(|word| word.to_string_lossy().into_owned());
    run("failover", [runs.to_string(), rows.to_string()].into_iter().chain(words))
}

/// `memory`, whose name was taken: how much an application with many stores takes.
pub fn memory(mut args: Args) -> Outcome {
    let yes = args.flag("--yes");
    let minutes = args.number::<u32>("--minutes")?.unwrap_or(10);
    args.finish()?;
    if minutes == 0 {
        return Err(Failure::usage("--minutes is at least 1"));
    }
    prepare(yes)?;
    run("memory", [minutes.to_string()])
}

fn prepare(yes: bool) -> Outcome {
    machine::prepare(machine::TO_TEST, yes)?;
    build::announce_first()
}

fn run(program: &str, args: impl IntoIterator<Item = String>) -> Outcome {
    process::run(build::cargo("build").arg("--bins"))?;
    let mut command = Command::new(workspace::target_dir()?.join("debug").join(program));
    process::run(command.args(args))
}
