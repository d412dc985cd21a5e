//! `cargo xtask bench`: this library beside Java Kafka Streams and the bare client, on one broker, with one prepared input.

mod engines;
mod figures;
mod json;
mod limits;
mod plan;
mod real_time;
mod report;
mod session;

use test_broker::{Broker, KAFKA_VERSION, Options};

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::{build, machine};
use engines::Programs;
use plan::{Comparison, Plan};
use report::Table;
use session::Session;

/// What `--help` prints.
pub const USAGE: &str = "\
usage: cargo xtask bench [WORKLOAD.. | all | eos | restore | failover | memory] [--records N] [--runs N] [--engines LIST]
                         [--table equal|stock|both] [--minutes N] [--commit-interval-ms N] [--cache-bytes N] [--linger-ms N] [--json FILE] [--strict] [--yes]

Runs the same programs in several engines, one after the other on one broker with one prepared input, and prints CPU-seconds per million records,
records per second, peak memory and the ratios. The output of every run is compared with the right answer.

WORKLOAD      pipe          filter (half of the records pass), map_values to upper case, to
              count         group_by_key, count, to: 100,000 keys
              count-large   the same over keys that each come once
              word-count    lines of 10 words, group_by, count, to: with a repartition topic
              window        group_by_key, tumbling windows of 10 s, count, to: 100,000 keys
              tumbling      the same with windows of 60 s: 1,000 keys
              hopping       the same with a window every 5 s
              session       group_by_key, sessions with a gap of 5 s, count, to: 100,000 keys
              suppress      tumbling windows of 2 s, count, suppress until the window closes, to: 100,000 keys
              stream-join   two topics, join within 10 s, to: each record has one partner
              stream-table-join   a stream joined with a table of 100,000 rows
              fk-join       a table of 100,000 rows that change, joined by foreign key with one of 6,554 rows, of which one changes for 50 of the others
              all           all of them (default)
eos           count at least once and exactly once, commits every 100 ms: how much throughput exactly-once loses; a first round warms the broker
restore       the state of count-large, its directory deleted: the time from the start of the process until it runs
failover      how long output stands still, exactly once: one of two instances closed, one killed (10,000 rows of state), and one killed and started
              again with as many rows as --records says, beside Java; fails when a limit is missed
memory        the memory of an application with 64 stores whose budgets add up to 256 MiB, under load for --minutes (default 10); fails when the
              limit is missed
--records N   records of the input (default 5000000; in word-count: lines)
--runs N      runs of each engine, in turns; the median counts (default 3)
--engines     of ours, java, floor (the bare client, pipe only); default: all
--table       equal: both engines with the same commit interval, cache and linger, Java with -Xmx512m; stock: each with its defaults; default: both
--commit-interval-ms, --cache-bytes, --linger-ms   the equal settings (default 1000, 10485760, 100)
--json FILE   writes the figures of every run
--strict      fails when a ratio or a memory limit of the table of equal settings is missed
--yes         install what is missing on this machine through sudo, where sudo asks for no password
";

/// Runs the command.
pub fn run(mut args: Args) -> Outcome {
    if args.flag("failover") {
        return real_time::failover(args);
    }
    if args.flag("memory") {
        return real_time::memory(args);
    }
    let yes = args.flag("--yes");
    let strict = args.flag("--strict");
    let json_file = args.value("--json")?;
    let plan = Plan::parse(args)?;

    machine::prepare(machine::TO_TEST, yes)?;
    build::announce_first()?;
    let programs = Programs::build(&plan)?;
    eprintln!("Starting Apache Kafka {KAFKA_VERSION} ...");
    let broker = Broker::start(&Options { heap_mib: 1024, ..Options::default() })?;
    let session = Session::prepare(&plan, &programs, broker)?;
    let mut tables = Vec::new();
    for settings in plan.settings() {
        let rows = match plan.comparison {
            Comparison::Workloads | Comparison::Guarantees => session.run_all(&settings),
            Comparison::Restore => session.run_restores(&settings),
        }?;
        let table = Table::new(plan.comparison, settings, rows);
        print!("\n{}", table.text(plan.records, plan.runs));
        tables.push(table);
    }
    if let Some(file) = json_file {
        std::fs::write(&file, json::text(&plan, &tables)).map_err(|e| Failure::failed(format!("cannot write {file}: {e}")))?;
    }
    let missed: Vec<String> = tables.iter().flat_map(Table::missed).collect();
    if strict && !missed.is_empty() {
        return Err(Failure::failed(format!("missed: {}", missed.join("; "))));
    }
    Ok(())
}
