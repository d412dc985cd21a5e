//! The programs of the bench and how each is started.

use std::path::PathBuf;
use std::process::Command;

use super::plan::{Engine, Guarantee, Plan, Settings};
use crate::failure::Outcome;
use crate::maven::JavaProgram;
use crate::{build, process, workspace};

/// The programs, built.
pub struct Programs {
    bin: PathBuf,
    java: Option<JavaProgram>,
}

/// One run of an engine, as its command line says it.
pub struct Run<'a> {
    pub engine: Engine,
    pub bootstrap: &'a str,
    pub workload: &'a str,
    pub input: &'a str,
    pub output: &'a str,
    pub application_id: &'a str,
    pub state_dir: &'a str,
    pub expect_processed: u64,
    pub settings: Settings,
    pub guarantee: Guarantee,
    /// When it is over.
    pub until: &'a str,
}

impl Programs {
    /// Builds what the plan needs.
    pub fn build(plan: &Plan) -> Outcome<Self> {
        let mut cargo = build::cargo("build");
        cargo.args(["--bin", "bench-tool"]);
        for (engine, name) in [(Engine::Ours, "bench-ours"), (Engine::Floor, "bench-floor")] {
            if plan.engines.contains(&engine) {
                cargo.args(["--bin", name]);
            }
        }
        process::run(&mut cargo)?;
        let java = if plan.engines.contains(&Engine::Java) { Some(JavaProgram::build("integration-tests/bench/java")?) } else { None };
        Ok(Programs { bin: workspace::target_dir()?.join("debug"), java })
    }

    /// The tool that prepares and checks.
    pub fn tool(&self, bootstrap: &str) -> Command {
        let mut command = Command::new(self.bin.join("bench-tool"));
        command.args(["--bootstrap-servers", bootstrap]);
        command
    }

    /// A run of an engine.
    pub fn engine(&self, run: &Run<'_>) -> Command {
        let mut command = match (run.engine, &self.java) {
            (Engine::Java, Some(java)) => {
                let options: &[&str] = match run.settings {
                    Settings::Equal { .. } => &["-Xmx512m"],
                    Settings::Stock => &[],
                };
                java.command(options, "bench.Main")
            }
            (Engine::Floor, _) => Command::new(self.bin.join("bench-floor")),
            (Engine::Ours | Engine::Java, _) => Command::new(self.bin.join("bench-ours")),
        };
        command
            .args(["--bootstrap-servers", run.bootstrap, "--workload", run.workload, "--input", run.input, "--output", run.output])
            .args(["--application-id", run.application_id, "--state-dir", run.state_dir])
            .args(["--expect-processed", &run.expect_processed.to_string(), "--until", run.until]);
        if run.guarantee == Guarantee::ExactlyOnce {
            command.args(["--guarantee", run.guarantee.name()]);
        }
        if let Settings::Equal { commit_interval_ms, cache_bytes, linger_ms } = run.settings {
            command
                .args(["--commit-interval-ms", &commit_interval_ms.to_string()])
                .args(["--cache-bytes", &cache_bytes.to_string()])
                .args(["--linger-ms", &linger_ms.to_string()]);
        }
        command
    }
}
