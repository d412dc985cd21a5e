//! One broker with its prepared input, and the runs on it.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use test_broker::Broker;

use super::engines::{Programs, Run};
use super::figures::{Figures, Row};
use super::json::{number, word};
use super::limits::{EXACTLY_ONCE, RESTORE};
use super::plan::{Comparison, Engine, Guarantee, Plan, Settings};
use crate::failure::{Failure, Outcome};
use crate::{process, workspace};

/// No run takes longer.
const LIMIT: Duration = Duration::from_secs(1800);

/// A workload's input, and what must come out.
struct Prepared {
    workload: &'static str,
    input: String,
    processed: u64,
    /// When a run is over, in the word of an engine's command line.
    until: String,
    /// Every record of the output counts, not only the last of each key.
    all_counts: bool,
    digest: String,
}

/// What runs: an engine with a group, topics and state of its own.
struct Application {
    engine: Engine,
    id: String,
    output: String,
    state_dir: PathBuf,
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

    /// Every workload in every engine, the engines in turns; where the guarantees are compared, under both, after a round that does not count.
    pub fn run_all(&self, settings: &Settings) -> Outcome<Vec<Row>> {
        let guarantees: &[Guarantee] = match self.plan.comparison {
            Comparison::Guarantees => &[Guarantee::AtLeastOnce, Guarantee::ExactlyOnce],
            _ => &[Guarantee::AtLeastOnce],
        };
        let mut rows = Vec::new();
        for prepared in &self.prepared {
            let mut of_workload = Vec::new();
            for engine in self.plan.engines.iter().copied().filter(|e| e.runs(prepared.workload)) {
                of_workload.extend(guarantees.iter().map(|guarantee| {
                    let workload = if *guarantee == Guarantee::ExactlyOnce { EXACTLY_ONCE } else { prepared.workload };
                    (*guarantee, Row { workload, engine, runs: Vec::new() })
                }));
            }
            let mut placed = None;
            // A broker compiles its code of transactions while they run, which takes longer than a run.
            let first = if guarantees.len() > 1 { 0 } else { 1 };
            for round in first..=self.plan.runs {
                for (guarantee, row) in &mut of_workload {
                    let run = if round == 0 { "to warm the broker".to_owned() } else { format!("run {round} of {}", self.plan.runs) };
                    eprint!("{} settings, {}, {}, {run}: ", settings.name(), row.workload, row.engine.name());
                    let (figures, where_placed) = self.run(row.engine, prepared, *settings, *guarantee)?;
                    eprintln!("{figures}");
                    if round > 0 {
                        row.runs.push(figures);
                    }
                    if *placed.get_or_insert_with(|| where_placed.clone()) != where_placed {
                        return Err(Failure::failed(format!("{}: the engines put records into different partitions", row.workload)));
                    }
                }
                // What comes later finds a warmer broker: each is first as often as last.
                if guarantees.len() > 1 {
                    of_workload.reverse();
                }
            }
            of_workload.sort_by_key(|(guarantee, row)| (self.plan.engines.iter().position(|e| *e == row.engine), *guarantee));
            rows.extend(of_workload.into_iter().map(|(_, row)| row));
        }
        Ok(rows)
    }

    /// Every engine: once through the input, then again and again with an empty disk, until it runs.
    pub fn run_restores(&self, settings: &Settings) -> Outcome<Vec<Row>> {
        let mut rows = Vec::new();
        for prepared in &self.prepared {
            let mut applications = Vec::new();
            for engine in self.plan.engines.iter().copied().filter(|e| e.runs(prepared.workload)) {
                eprintln!("{}: {} makes the state ...", prepared.workload, engine.name());
                let application = self.application(engine, prepared)?;
                self.start(&application, prepared, *settings, Guarantee::AtLeastOnce, false)?;
                self.check(&application, prepared)?;
                applications.push((application, Row { workload: RESTORE, engine, runs: Vec::new() }));
            }
            for round in 1..=self.plan.runs {
                for (application, row) in &mut applications {
                    application.empty_state_dir()?;
                    eprint!("restore, {}, run {round} of {}: ", row.engine.name(), self.plan.runs);
                    let figures = self.start(application, prepared, *settings, Guarantee::AtLeastOnce, true)?;
                    eprintln!("{figures}");
                    row.runs.push(figures);
                }
            }
            for (application, row) in applications {
                self.remove(&application)?;
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// One run, its output checked; also says which records lie in which partitions.
    fn run(&self, engine: Engine, prepared: &Prepared, settings: Settings, guarantee: Guarantee) -> Outcome<(Figures, String)> {
        let application = self.application(engine, prepared)?;
        let figures = self.start(&application, prepared, settings, guarantee, false)?;
        let placed = self.check(&application, prepared)?;
        self.remove(&application)?;
        Ok((figures, placed))
    }

    /// A new application with an output topic. Every one has a group and topics of its own, so that none finds what another has left.
    fn application(&self, engine: Engine, prepared: &Prepared) -> Outcome<Application> {
        self.runs.set(self.runs.get() + 1);
        let id = format!("bench-run-{}-{}-{}", self.runs.get(), prepared.workload, engine.name());
        let application = Application { engine, output: format!("{id}-output"), state_dir: self.state_dir.join(&id), id };
        let create = ["create", "--partitions", &self.plan.partitions.to_string(), &application.output];
        process::measure(self.programs.tool(&self.bootstrap).args(create), LIMIT)?;
        application.empty_state_dir()?;
        Ok(application)
    }

    /// Runs it to the end of the input or, `until_running`, until its state is there.
    fn start(
        &self,
        application: &Application,
        prepared: &Prepared,
        settings: Settings,
        guarantee: Guarantee,
        until_running: bool,
    ) -> Outcome<Figures> {
        let run = Run {
            engine: application.engine,
            bootstrap: &self.bootstrap,
            workload: prepared.workload,
            input: &prepared.input,
            output: &application.output,
            application_id: &application.id,
            state_dir: &application.state_dir.to_string_lossy(),
            expect_processed: prepared.processed,
            settings,
            guarantee,
            until: if until_running { "running" } else { &prepared.until },
        };
        let (answer, usage) = process::measure(&mut self.programs.engine(&run), LIMIT)?;
        Ok(Figures::new(self.plan.records, usage, number(&answer, "run_seconds")?, number(&answer, "seconds_to_first_record")?))
    }

    /// Reads the output back; says which records lie in which partitions.
    fn check(&self, application: &Application, prepared: &Prepared) -> Outcome<String> {
        let mut check = self.programs.tool(&self.bootstrap);
        check.arg("check").args(prepared.all_counts.then_some("--all")).arg(&application.output);
        let (checked, _) = process::measure(&mut check, LIMIT)?;
        let digest = word(&checked, "digest")?;
        if digest != prepared.digest {
            let (workload, name, right) = (prepared.workload, application.engine.name(), &prepared.digest);
            return Err(Failure::failed(format!("{workload}: the output of {name} is wrong (entries-checksum {digest}, must be {right})")));
        }
        word(&checked, "placed")
    }

    /// Deletes its topics and its state.
    fn remove(&self, application: &Application) -> Outcome {
        process::measure(self.programs.tool(&self.bootstrap).args(["delete", &application.id]), LIMIT)?;
        let _ = std::fs::remove_dir_all(&application.state_dir);
        Ok(())
    }
}

impl Application {
    /// What a run that was killed may have left goes, too.
    fn empty_state_dir(&self) -> Outcome {
        let _ = std::fs::remove_dir_all(&self.state_dir);
        std::fs::create_dir_all(&self.state_dir).map_err(|e| Failure::failed(format!("cannot create {}: {e}", self.state_dir.display())))
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
            until: word(line, "until")?,
            all_counts: word(line, "checked")? == "all",
            digest: word(line, "digest")?,
        })
    }
}
