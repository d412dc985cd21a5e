//! `cargo xtask kafka`: the test broker for a person.

use test_broker::{Broker, KAFKA_VERSION, Options, PASSWORD, Running, USER};

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::machine;

/// What `--help` prints.
pub const USAGE: &str = "\
usage: cargo xtask kafka start [--port N]
       cargo xtask kafka stop [--port N]
       cargo xtask kafka status [--port N]

start    starts Apache Kafka (one KRaft node, a fresh log folder) on 127.0.0.1 and prints its bootstrap.servers;
         a broker that runs already is named instead. The first start fetches Kafka with Maven.
stop     stops the broker and deletes its log folder
status   says what runs; exits 1 when nothing does

--port N the port of the plain listener. Default for start: a free one. N = 0 starts one more on a free port.
         stop needs it only where several brokers run; status says only what runs there.
";

/// Runs the command.
pub fn run(mut args: Args) -> Outcome {
    let verb = args.positional()?;
    let port = args.number::<u16>("--port")?;
    args.finish()?;
    match verb.as_deref() {
        Some("start") => start(port),
        Some("stop") => stop(port),
        Some("status") => status(port),
        Some(other) => Err(Failure::usage(format!("kafka {other}: no such thing; start, stop or status"))),
        None => Err(Failure::usage("kafka start, kafka stop or kafka status")),
    }
}

fn start(port: Option<u16>) -> Outcome {
    let brokers = Running::all()?;
    let same = match port {
        None => brokers.first(),
        Some(port) => brokers.iter().find(|b| b.port == port),
    };
    if let Some(broker) = same {
        eprintln!("A broker runs already.");
        describe(broker);
        return Ok(());
    }
    machine::prepare(machine::FOR_KAFKA, false)?;
    eprintln!("Starting Apache Kafka {KAFKA_VERSION} ...");
    let broker = Broker::start(&Options { port: port.filter(|p| *p != 0), detached: true, ..Options::default() })?;
    describe(broker.state());
    Ok(())
}

fn stop(port: Option<u16>) -> Outcome {
    let brokers = Running::all()?;
    let broker = match (port, brokers.as_slice()) {
        (Some(port), all) => all.iter().find(|b| b.port == port),
        (None, []) => None,
        (None, [one]) => Some(one),
        (None, several) => {
            let ports: Vec<String> = several.iter().map(|b| b.port.to_string()).collect();
            return Err(Failure::usage(format!("several brokers run: say which with --port ({})", ports.join(", "))));
        }
    };
    match (broker, port) {
        (Some(broker), _) => {
            broker.stop()?;
            println!("stopped the broker on {}", broker.bootstrap());
            Ok(())
        }
        (None, None) => {
            println!("no broker runs");
            Ok(())
        }
        (None, Some(port)) => Err(none_on(port)),
    }
}

fn status(port: Option<u16>) -> Outcome {
    let mut brokers = Running::all()?;
    brokers.retain(|broker| port.is_none_or(|port| broker.port == port));
    brokers.iter().for_each(describe);
    match port {
        _ if !brokers.is_empty() => Ok(()),
        Some(port) => Err(none_on(port)),
        None => Err(Failure::failed("no broker runs; `cargo xtask kafka start` starts one")),
    }
}

fn none_on(port: u16) -> Failure {
    Failure::failed(format!("no broker of `cargo xtask kafka start` runs on port {port}"))
}

fn describe(broker: &Running) {
    println!("bootstrap.servers={}", broker.bootstrap());
    println!("  SASL_SSL: {} (PLAIN or SCRAM-SHA-512, user {USER}, password {PASSWORD})", broker.sasl_ssl_bootstrap());
    println!("  CA:       {}", broker.ca_path().display());
    println!("  process:  {}{}", broker.pid, if broker.ready { "" } else { " (starting)" });
    println!("  log:      {}", broker.log_path().display());
}
