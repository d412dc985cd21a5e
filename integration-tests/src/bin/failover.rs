//! What `cargo xtask bench failover` runs: `failover RUNS ROWS JAVA..`, the words of a command last.

use integration_tests::failover::{Engine, SESSION_MS, gaps, restart};
use integration_tests::kafka::Kafka;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use test_broker::{Broker, Options};

/// What must be reached.
const CLOSED: Duration = Duration::from_secs(1);
const KILLED: Duration = Duration::from_millis(SESSION_MS + 2_000);
const RESTARTED: Duration = Duration::from_secs(3);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [runs, rows, java @ ..] = args.as_slice() else {
        return Err("usage: failover RUNS ROWS JAVA..; see `cargo xtask bench --help`".into());
    };
    let (runs, rows): (usize, u64) = (runs.parse()?, rows.parse()?);
    // how soon a broker ends the transaction of a producer that is gone
    let cleanup = ("transaction.abort.timed.out.transaction.cleanup.interval.ms".to_owned(), "1000".to_owned());
    let broker = Broker::start(&Options { settings: vec![cleanup], heap_mib: 1024, ..Options::default() })?;
    let kafka = Kafka::at(broker.bootstrap());
    let (mut worst, mut shortest) = ([Duration::ZERO; 4], Duration::MAX);
    for run in 1..=runs {
        let gaps = gaps(&kafka);
        let restarted = restart(&kafka, rows, Engine::Ours);
        let java = restart(&kafka, rows, Engine::Java(java)).to_output;
        shortest = shortest.min(java);
        println!(
            "run {run} of {runs}: closed {:.2} s; killed {:.2} s, survivor's tasks {:.2} s; restarted with {rows} rows: output after {:.2} s, {} records \
             restored; Java {:.2} s",
            gaps.closed.as_secs_f64(),
            gaps.killed.as_secs_f64(),
            gaps.survivors.as_secs_f64(),
            restarted.to_output.as_secs_f64(),
            restarted.restored.unwrap_or_default(),
            java.as_secs_f64()
        );
        for (worst, this) in worst.iter_mut().zip([gaps.closed, gaps.killed, gaps.survivors, restarted.to_output]) {
            *worst = this.max(*worst);
        }
    }
    let names = [
        ("closed: longest gap", CLOSED),
        ("killed: longest gap", KILLED),
        ("killed: longest gap of the survivor's tasks", CLOSED),
        ("killed, started again: output after the assignment", RESTARTED),
    ];
    println!("\nThe worst of {runs} runs, in seconds:");
    let mut met = true;
    for ((name, limit), worst) in names.into_iter().zip(worst) {
        met &= worst <= limit;
        let verdict = if worst <= limit { "met" } else { "MISSED" };
        println!("{name:<55} {:>6.2}   at most {}   {verdict}", worst.as_secs_f64(), limit.as_secs_f64());
    }
    println!("{:<55} {:>6.2}   its best", "killed, started again: Java 4.3.1", shortest.as_secs_f64());
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
