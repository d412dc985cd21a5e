//! `cargo xtask`: the project's one entry. Every command exits 0 when it passed, 1 when something failed, 2 on wrong usage.

mod args;
mod bench;
mod build;
mod demo;
mod failure;
mod kafka;
mod ledger;
mod machine;
mod maven;
mod oracle;
mod process;
mod test;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use args::Args;
use failure::{Failure, Outcome};

const USAGE: &str = "\
usage: cargo xtask COMMAND [ARGS..]

commands:
  demo [NAME] [--input F]   builds an example and runs it on the embedded cluster (word-count by default)
  test [ARGS..]             every test, those on a real Apache Kafka included
  kafka start|stop|status   a real Apache Kafka broker on this machine
  bench [WORKLOAD..]        CPU, memory and speed beside Java Kafka Streams and the bare client
  ledger [--kills N]        kills processes at random, and counts what was lost or counted twice
  setup [--yes]             checks this machine for what build and tests need, and installs it where it may
  oracle describe           records what Java Kafka Streams answers (for the developers of this project)

`cargo xtask COMMAND --help` says more. Exit status: 0 passed, 1 something failed, 2 wrong usage.
";

/// A command: its name, its usage text, and what it does.
struct Command {
    name: &'static str,
    usage: &'static str,
    run: fn(Args) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command { name: "demo", usage: demo::USAGE, run: demo::run },
    Command { name: "test", usage: test::USAGE, run: test::run },
    Command { name: "kafka", usage: kafka::USAGE, run: kafka::run },
    Command { name: "ledger", usage: ledger::USAGE, run: ledger::run },
    Command { name: "setup", usage: machine::USAGE, run: machine::run },
    Command { name: "bench", usage: bench::USAGE, run: bench::run },
    Command { name: "oracle", usage: oracle::USAGE, run: oracle::run },
];

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let outcome = match words.next() {
        None => Err(Failure::usage("no command given")),
        Some(word) if is_help(&word) || word == "help" => {
            print!("{USAGE}");
            Ok(())
        }
        Some(word) => match COMMANDS.iter().find(|c| word == c.name) {
            Some(command) => return run(command, words.collect()),
            None => Err(Failure::usage(format!("there is no command {}", word.display()))),
        },
    };
    failure::report(outcome, USAGE)
}

fn run(command: &Command, words: Vec<OsString>) -> ExitCode {
    // What stands behind `--` is not ours.
    if words.iter().take_while(|w| *w != "--").any(is_help) {
        print!("{}", command.usage);
        return ExitCode::SUCCESS;
    }
    failure::report((command.run)(Args::new(words)), command.usage)
}

fn is_help(word: &OsString) -> bool {
    word == "--help" || word == "-h"
}
