//! One broker with its prepared input, and the runs on it.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use test_broker::Broker;

use super::engines::{Programs, Run};
use super::figures::{Figures, Row};
use super::json::{number, word};
use super::plan::{Engine, Plan, Settings};
use crate::failure::{Failure, Outcome};
use crate::{process, workspace};

/// No run takes longer.
const LIMIT: Duration = Duration::from_secs(1800);

/// A workload's input, and what must come out.
struct Prepared {
    workload: &'static str,
    input: String,
    processed: u64,
    digest: String,
}

/// A broker with the input of a plan.
pub struct Session<'a> {
    plan: &'a Plan,
    programs: &'a Programs,
    prepared: Vec<Prepared>,
    bootstrap: String,
    state_dir: PathBuf,
    _broker: Broker,
    /// How many runs there were.
    runs: Cell<u32>,
}

impl<'a> Session<'a> {
    /// Fills the topics.
    pub fn prepare(plan: &'a Plan, programs: &'a Programs, broker: Broker) -> Outcome<Self> {
        let bootstrap = broker.bootstrap();
        eprintln!("Preparing {} records of input ...", plan.records);
        let mut load = programs.tool(&bootstrap);
        load.args(["load", "--records", &plan.records.to_string(), "--partitions", &plan.partitions.to_string()]).args(&plan.workloads);
        let (printed, _) = process::measure(&mut load, LIMIT)?;
        let prepared = plan.workloads.iter().map(|workload| Prepared::find(workload, &printed)).collect::<Outcome<_>>()?;
        let state_dir = workspace::target_dir()?.join("bench-state");
        Ok(Session { plan, programs, prepared, bootstrap, state_dir, _broker: broker, runs: Cell::new(0) })
    }

    /// Every workload in every engine, the engines in turns.
    pub fn run_all(&self, settings: &Settings) -> Outcome<Vec<Row>> {
        let mut rows = Vec::new();
        for prepared in &self.prepared {
            let engines: Vec<Engine> = self.plan.engines.iter().copied().filter(|e| e.runs(prepared.workload)).collect();
            let mut of_workload: Vec<Row> =
                engines.into_iter().map(|engine| Row { workload: prepared.workload, engine, runs: Vec::new() }).collect();
            let mut placed = None;
            for round in 1..=self.plan.runs {
                for row in &mut of_workload {
                    eprint!("{} settings, {}, {}, run {round} of {}: ", settings.name(), row.workload, row.engine.name(), self.plan.runs);
                    let (figures, where_placed) = self.run(row.engine, prepared, *settings)?;
                    eprintln!("{figures}");
                    row.runs.push(figures);
                    if *placed.get_or_insert_with(|| where_placed.clone()) != where_placed {
                        return Err(Failure::failed(format!("{}: the engines put records into different partitions", row.workload)));
                    }
                }
            }
            rows.append(&mut of_workload);
        }
        Ok(rows)
    }

    /// One run, its output checked; also says which records lie in which partitions.
    fn run(&self, engine: Engine, prepared: &Prepared, settings: Settings) -> Outcome<(Figures, String)> {
        // Every run has a group and topics of its own, so that none finds what another has left.
        self.runs.set(self.runs.get() + 1);
        let id = format!("bench-run-{}-{}-{}", self.runs.get(), prepared.workload, engine.name());
        let output = format!("{id}-output");
        let state_dir = self.state_dir.join(&id);
        let create = ["create", "--partitions", &self.plan.partitions.to_string(), &output];
        process::measure(self.programs.tool(&self.bootstrap).args(create), LIMIT)?;
        // A run that was killed may have left one.
        let _ = std::fs::remove_dir_all(&state_dir);
        std::fs::create_dir_all(&state_dir).map_err(|e| Failure::failed(format!("cannot create {}: {e}", state_dir.display())))?;

        let run = Run {
            engine,
            bootstrap: &self.bootstrap,
            workload: prepared.workload,
            input: &prepared.input,
            output: &output,
            application_id: &id,
            state_dir: &state_dir.to_string_lossy(),
            expect_processed: prepared.processed,
            settings,
        };
        let (answer, usage) = process::measure(&mut self.programs.engine(&run), LIMIT)?;
        let figures = Figures::new(self.plan.records, usage, number(&answer, "run_seconds")?, number(&answer, "seconds_to_first_record")?);

        let mut check = self.programs.tool(&self.bootstrap);
        check.arg("check").args((prepared.workload == "pipe").then_some("--all")).arg(&output);
        let (checked, _) = process::measure(&mut check, LIMIT)?;
        let digest = word(&checked, "digest")?;
        if digest != prepared.digest {
            let (workload, name, right) = (prepared.workload, engine.name(), &prepared.digest);
            return Err(Failure::failed(format!("{workload}: the output of {name} is wrong (entries-checksum {digest}, must be {right})")));
        }
        process::measure(self.programs.tool(&self.bootstrap).args(["delete", &id]), LIMIT)?;
        let _ = std::fs::remove_dir_all(&state_dir);
        Ok((figures, word(&checked, "placed")?))
    }
}

impl Prepared {
    fn find(workload: &'static str, printed: &str) -> Outcome<Self> {
        let line = printed.lines().find(|line| word(line, "workload").is_ok_and(|w| w == workload));
        let line = line.ok_or_else(|| Failure::failed(format!("the loader says nothing of {workload}")))?;
        Ok(Prepared {
            workload,
            input: word(line, "input")?,
            // A count of records: exact in an f64 far beyond any bench.
            processed: number(line, "processed")? as u64,
            digest: word(line, "digest")?,
        })
    }
}
