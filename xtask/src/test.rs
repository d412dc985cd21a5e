//! `cargo xtask test`: every test of the workspace, with a real broker beside them.

use std::ffi::OsString;

use test_broker::{Broker, KAFKA_VERSION, Options};

use crate::args::Args;
use crate::failure::Outcome;
use crate::{build, machine, process};

/// What `--help` prints.
pub const USAGE: &str = "\
usage: cargo xtask test [--yes] [ARGS..]

Checks this machine (see `cargo xtask setup`), builds the workspace, starts Apache Kafka on free ports with a fresh log folder, runs `cargo test --workspace`
and stops the broker, also when a test fails or the command is interrupted. The tests find the broker in the environment:
STREAMS_TEST_BOOTSTRAP (plain), STREAMS_TEST_SASL_SSL_BOOTSTRAP and STREAMS_TEST_CA (a PEM file).

ARGS     go to cargo test: `cargo xtask test --test apps_kafka`, `cargo xtask test -- --nocapture`
--yes    install what is missing on this machine through sudo, where sudo asks for no password
";

/// Runs the command.
pub fn run(mut args: Args) -> Outcome {
    let yes = args.flag_before_dashes("--yes");
    let args: Vec<OsString> = args.rest();
    machine::prepare(machine::TO_TEST, yes)?;
    build::announce_first()?;
    // The tests run binaries of other crates, which `cargo test` does not build.
    process::run(build::cargo("build").arg("--bins"))?;
    eprintln!("Starting Apache Kafka {KAFKA_VERSION} ...");
    let broker = Broker::start(&Options::default())?;
    let selected = args.iter().take_while(|a| *a != "--").any(|a| a == "-p" || a.to_string_lossy().starts_with("--package"));
    let mut tests = process::cargo();
    tests
        .arg("test")
        .args((!selected).then_some("--workspace"))
        .args(args)
        .env("STREAMS_TEST_BOOTSTRAP", broker.bootstrap())
        .env("STREAMS_TEST_SASL_SSL_BOOTSTRAP", broker.sasl_ssl_bootstrap())
        .env("STREAMS_TEST_CA", broker.ca_path());
    process::run(&mut tests)
}
