//! The kill loop of `cargo xtask ledger`: `ledger KILLS MINUTES GUARANTEE BROKERS STAGES AWAY`.

use integration_tests::kafka::Kafka;
use integration_tests::ledger::{Fault, Guarantee, Plan, run};
use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use test_broker::{Broker, Options};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [kills, minutes, guarantee, brokers, stages, away] = args.as_slice() else {
        return Err("usage: ledger KILLS MINUTES GUARANTEE BROKERS STAGES AWAY; see `cargo xtask ledger --help`".into());
    };
    let (kills, minutes, away): (usize, u64, u64) = (kills.parse()?, minutes.parse()?, away.parse()?);
    let guarantee = if guarantee == "at_least_once" { Guarantee::AtLeastOnce } else { Guarantee::ExactlyOnce };
    let hits_broker = |n: usize| brokers == "1" && n % 4 == 3;
    let faults = (0..kills).map(|n| if hits_broker(n) { Fault::KillBroker } else { Fault::KillOne });
    let away = (away > 0).then(|| Fault::BrokerAway(Duration::from_secs(away)));
    let mut plan = Plan::new(guarantee, faults.chain(away));
    // a killed instance starts again after 2.5 s on average
    let calm = (minutes * 60_000 / (kills as u64 + 1)).saturating_sub(2_500).max(500);
    plan.calm_ms = calm / 2..calm + calm / 2 + 1;
    plan.stages = stages == "1";
    plan.seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
    println!("seed {}, {kills} kills in about {minutes} minutes, {guarantee:?}", plan.seed);
    let mut broker = Broker::start(&Options::default())?;
    let report = run(&Kafka::at(broker.bootstrap()), Some(&mut broker), &plan).map_err(|spoilt| spoilt.to_string())?;
    println!("{} entries", report.entries);
    println!("{}", report.findings);
    Ok(if report.findings.holds(guarantee) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
