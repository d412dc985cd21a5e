//! Judges card payments: see `streams_examples::fraud_detection`.

use anyhow::{Result, anyhow};
use serde::Deserialize;
use std::io::{BufRead, Cursor};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use streams_examples::cli::{self, Common, Finished, Input, Names};
use streams_examples::fraud_detection::{Alert, Customer, Evaluation, Labelled, Options, generate, topology};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const NAMES: Names = Names { application_id: "fraud-detection", input: "transactions", output: "fraud-alerts" };
/// Payments of several partitions are read side by side, some partitions ahead of others: in one, old payments keep their order.
const PARTITIONS: i32 = 1;
const SHOWN: usize = 5;
/// Earlier than any payment: a profile is known from its own time on.
const EARLY_MS: i64 = 1;

/// Judges the card payments of a topic and writes an alert, with its reasons, for each that looks wrong.
///
/// Payments and profiles of customers are JSON:
/// {"id": "p-1", "card": "card-1", "customer": "c-1", "amount": 12.5, "country": "DE", "ts": 1700000000000},
/// and, by the customer's id as key, {"name": "Ada", "country": "DE", "limit": 500}.
/// Without --input-file, the embedded cluster is fed with made-up payments whose frauds are known.
#[derive(Debug, clap::Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    common: Common,
    /// Topic of the customers' profiles; it must exist on Kafka
    #[arg(long, value_name = "TOPIC", default_value = "customers")]
    customers: String,
    /// On the embedded cluster, with --input-file: profiles, one a line, each with its "id"
    #[arg(long, value_name = "FILE", requires = "input_file")]
    customers_file: Option<PathBuf>,
    /// On the embedded cluster, without --input-file: makes up other payments
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    cli::main(&NAMES, run)
}

fn run(args: Args) -> Result<()> {
    let common = &args.common;
    let (payments, alerts) = (common.input(&NAMES), common.output(&NAMES));
    let options = Options { payments, alerts, customers: args.customers.clone(), ..Options::default() };
    let (config, topology) = (common.config(&NAMES)?, topology(&options)?);
    if !cli::is_embedded(&config) {
        let inputs = [(options.payments.as_str(), "--input"), (options.customers.as_str(), "--customers")];
        return cli::run_on_kafka(config, &topology, &inputs, &options.alerts);
    }
    let (customers, payments, truth): (_, Box<dyn BufRead>, _) = match common.input_file() {
        Some(path) => (profiles(args.customers_file.as_deref())?, Box::new(cli::open(path)?), None),
        None => {
            let made_up = generate(args.seed);
            let (customers, payments) = as_json(&made_up)?;
            (customers, Box::new(Cursor::new(payments)), Some(made_up))
        }
    };
    let inputs =
        vec![Input::keyed(&options.customers, PARTITIONS, customers, EARLY_MS), Input::lines(&options.payments, PARTITIONS, payments)];
    let done = cli::run_embedded(config, &topology, inputs, &options.alerts)?;
    println!("{}", topology.describe().trim_end());
    report(&done, truth.as_ref())
}

/// A profile with the id that is its key.
#[derive(Deserialize)]
struct Profile {
    id: String,
    #[serde(flatten)]
    profile: Customer,
}

fn profiles(path: Option<&Path>) -> Result<Vec<(String, String)>> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let mut profiles = Vec::new();
    for (number, line) in cli::open(path)?.lines().enumerate() {
        let line = line?;
        let bad = |e| anyhow!("{}, line {}: {e}", path.display(), number + 1);
        let Profile { id, profile } = serde_json::from_str(&line).map_err(bad)?;
        profiles.push((id, serde_json::to_string(&profile)?));
    }
    Ok(profiles)
}

fn as_json(data: &Labelled) -> Result<(Vec<(String, String)>, String)> {
    let customers = data.customers.iter().map(|(id, profile)| Ok((id.clone(), serde_json::to_string(profile)?)));
    let mut payments = String::new();
    for payment in &data.payments {
        payments += &serde_json::to_string(payment)?;
        payments.push('\n');
    }
    Ok((customers.collect::<Result<_>>()?, payments))
}

fn report(done: &Finished, truth: Option<&Labelled>) -> Result<()> {
    let alerts = done.output.iter().map(|record| Ok(serde_json::from_slice(record.value.as_deref().unwrap_or_default())?));
    let alerts: Vec<Alert> = alerts.collect::<Result<_>>()?;
    println!("\nSome of {} alerts:\n", alerts.len());
    for alert in alerts.iter().step_by((alerts.len() / SHOWN).max(1)).take(SHOWN) {
        println!("{}", serde_json::to_string(alert)?);
    }
    if let Some(truth) = truth {
        println!("\nHeld against the truth about {} payments, {} of them frauds:\n", truth.payments.len(), truth.frauds.len());
        print!("{}", Evaluation::of(&alerts, truth));
    }
    println!("\n{done}");
    Ok(())
}
