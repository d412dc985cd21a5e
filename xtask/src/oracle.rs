//! `cargo xtask oracle`: records what Java Kafka Streams answers, and holds this library against it.

use std::path::PathBuf;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::maven::JavaProgram;
use crate::{build, process, workspace};

const PROJECT: &str = "integration-tests/oracle";

/// What `--help` prints.
pub const USAGE: &str = "\
usage: cargo xtask oracle describe [--out DIR]
       cargo xtask oracle record [--seed N] [--cases M] [--topology ID] [--optimized] [--out DIR]
       cargo xtask oracle check DIR [--optimized]

Builds the Maven project integration-tests/oracle and has Java Kafka Streams record:

describe   Topology.describe() and the internal topics of every topology of the project, and an INDEX.md with their Java code; what differs of
           them with topology.optimization=all goes to a folder beside, whose name ends in -optimized
record     what every topology, or the one named, answers to random records: outputs, changelogs and repartition topics, step by step
check      no Java: feeds the records of a recorded folder to this library's test driver, and tells each topology's first difference

--out DIR      where to; default: integration-tests/golden/describe, and for record golden/behaviour beside it
--optimized    with topology.optimization=all, those topologies that it changes; default folder: golden/behaviour-optimized
--seed N       what the random records begin with (default 1)
--cases M      of each topology (default 2, as in the recordings that are tested with every change)
";

/// Runs the command.
pub fn run(mut args: Args) -> Outcome {
    let what = args.positional()?;
    match what.as_deref() {
        Some("describe") => describe(args),
        Some("record") => record(args),
        Some("check") => check(args),
        Some(other) => Err(Failure::usage(format!("oracle {other}: there are `describe`, `record` and `check`"))),
        None => Err(Failure::usage("oracle describe, record or check")),
    }
}

/// A folder of recordings, or the one that is part of the repository.
fn folder(given: Option<String>, name: &str) -> PathBuf {
    given.map_or_else(|| workspace::root().join("integration-tests/golden").join(name), PathBuf::from)
}

fn describe(mut args: Args) -> Outcome {
    let out = folder(args.value("--out")?, "describe");
    args.finish()?;
    let java = JavaProgram::build(PROJECT)?;
    let sources = workspace::root().join(PROJECT).join("src/main/java");
    let mut optimized = out.clone().into_os_string();
    optimized.push("-optimized");
    let mut command = java.command(&[], "oracle.Main");
    process::run(command.args(["describe", "--out"]).arg(out).arg("--sources").arg(sources).arg("--optimized").arg(optimized))
}

fn record(mut args: Args) -> Outcome {
    let seed = args.number::<i64>("--seed")?.unwrap_or(1);
    let cases = args.number::<u32>("--cases")?.unwrap_or(2);
    let topology = args.value("--topology")?;
    let optimized = args.flag("--optimized");
    let out = folder(args.value("--out")?, if optimized { "behaviour-optimized" } else { "behaviour" });
    args.finish()?;
    if cases == 0 {
        return Err(Failure::usage("--cases is at least 1"));
    }
    let java = JavaProgram::build(PROJECT)?;
    let mut command = java.command(&[], "oracle.Main");
    command.args(["record", "--out"]).arg(out).args(["--seed", &seed.to_string(), "--cases", &cases.to_string()]);
    command.args(["--optimization", if optimized { "all" } else { "none" }]);
    process::run(command.args(topology.iter().flat_map(|id| ["--topology", id])))
}

fn check(mut args: Args) -> Outcome {
    let optimized = args.flag("--optimized");
    let Some(dir) = args.positional()? else { return Err(Failure::usage("oracle check DIR")) };
    args.finish()?;
    let dir = std::path::absolute(&dir).map_err(|e| Failure::failed(format!("{dir}: {e}")))?;
    let (test, variable) = match optimized {
        true => ("every_optimized_recording_is_answered", "STREAMS_ORACLE_OPTIMIZED"),
        false => ("every_recording_is_answered", "STREAMS_ORACLE"),
    };
    let test = ["--test", "describe", test, "--", "--nocapture"];
    process::run(build::cargo("test").args(test).env(variable, dir))
}
