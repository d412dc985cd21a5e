//! `cargo xtask demo`: an example on the embedded cluster.

use std::process::Command;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::{build, machine, process, workspace};

/// What `--help` prints.
pub const USAGE: &str = "\
usage: cargo xtask demo [NAME] [--input FILE] [--yes]

Builds an example and runs it on the embedded cluster; nothing else has to be installed or started.

NAME          the example, word-count by default; a wrong NAME lists them
--input FILE  the text to work on; default: one that ships with the example
--yes         install what the build needs through sudo, where sudo asks for no password
";

/// Runs the command.
pub fn run(mut args: Args) -> Outcome {
    let yes = args.flag("--yes");
    let input = args.value("--input")?;
    let name = args.positional()?.unwrap_or_else(|| "word-count".to_owned());
    args.finish()?;
    let names = names()?;
    if !names.contains(&name) {
        return Err(Failure::usage(format!("there is no example {name}; there are: {}", names.join(", "))));
    }
    // Rather now than after the build.
    if let Some(input) = &input {
        std::fs::File::open(input).map_err(|e| Failure::failed(format!("cannot read the input {input}: {e}")))?;
    }
    machine::prepare(machine::TO_BUILD, yes)?;
    build::announce_first()?;
    process::run(build::cargo("build").args(["--bin", &name]))?;
    let mut example = Command::new(workspace::target_dir()?.join("debug").join(&name));
    example.arg("--demo");
    if let Some(input) = input {
        example.arg("--input").arg(input);
    }
    process::run(&mut example)
}

/// The examples that have a program.
fn names() -> Outcome<Vec<String>> {
    let dir = workspace::root().join("streams-examples/src/bin");
    let entries = std::fs::read_dir(&dir).map_err(|e| Failure::failed(format!("cannot read {}: {e}", dir.display())))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let is_program = path.extension().is_some_and(|e| e == "rs") || path.join("main.rs").is_file();
            is_program.then(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))?
        })
        .collect();
    names.sort();
    Ok(names)
}
