//! `cargo xtask oracle`: records what Java Kafka Streams answers.

use std::path::PathBuf;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::maven::JavaProgram;
use crate::{process, workspace};

const PROJECT: &str = "integration-tests/oracle";

/// What `--help` prints.
pub const USAGE: &str = "\
usage: cargo xtask oracle describe [--out DIR]

Builds the Maven project integration-tests/oracle and has Java Kafka Streams record:

describe   Topology.describe() and the internal topics of every topology of the project, and an INDEX.md with their Java code

--out DIR  where to; default: integration-tests/golden/describe
";

/// Runs the command.
pub fn run(mut args: Args) -> Outcome {
    let what = args.positional()?;
    let out = args.value("--out")?;
    args.finish()?;
    match what.as_deref() {
        Some("describe") => {}
        Some(other) => return Err(Failure::usage(format!("oracle {other}: no such recording; there is `describe`"))),
        None => return Err(Failure::usage("oracle describe")),
    }
    let out = out.map_or_else(|| workspace::root().join("integration-tests/golden/describe"), PathBuf::from);
    let java = JavaProgram::build(PROJECT)?;
    let sources = workspace::root().join(PROJECT).join("src/main/java");
    process::run(java.command(&[], "oracle.Main").args(["describe", "--out"]).arg(out).arg("--sources").arg(sources))
}
