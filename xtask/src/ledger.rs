//! `cargo xtask ledger`: kills, and a checker that counts what was lost.

use std::process::Command;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::{build, machine, process, workspace};

/// What `--help` prints.
pub const USAGE: &str = "\
usage: cargo xtask ledger [--kills N] [--minutes M] [--guarantee at_least_once|exactly_once_v2] [--stages] [--brokers] [--away S] [--yes]

Runs the ledger on an Apache Kafka broker of its own: two instances of an application that re-keys, repartitions, chains and counts, a load of
2,000 entries a second, and kill -9 at random. Then everything is compared: entries, outputs, changelogs, stores, offsets. The last line is
`LOST=0 DUP=0 CHAIN=0 GHOST=0 ORDER=0 ...`; docs/RELIABILITY.md says what the measures are. Fails when the guarantee did not hold.

--kills N      how many times (default 20)
--minutes M    over how long (default 3)
--guarantee G  what to promise (default exactly_once_v2)
--stages       more of the application: one result per window, an outer join, a join by foreign key, one that waits for a versioned table
--brokers      every fourth kill hits the broker
--away S       after the kills, the broker is killed and stays away for S seconds
--yes          install what the build needs through sudo, where sudo asks for no password
";

/// Runs the command.
pub fn run(mut args: Args) -> Outcome {
    let yes = args.flag("--yes");
    let (brokers, stages) = (args.flag("--brokers"), args.flag("--stages"));
    let kills = args.number::<u32>("--kills")?.unwrap_or(20);
    let minutes = args.number::<u32>("--minutes")?.unwrap_or(3);
    let away = args.number::<u32>("--away")?.unwrap_or(0);
    let guarantee = args.value("--guarantee")?.unwrap_or_else(|| "exactly_once_v2".to_owned());
    args.finish()?;
    if !["at_least_once", "exactly_once_v2"].contains(&guarantee.as_str()) {
        return Err(Failure::usage(format!("--guarantee {guarantee}: at_least_once or exactly_once_v2")));
    }
    machine::prepare(machine::TO_TEST, yes)?;
    build::announce_first()?;
    process::run(build::cargo("build").arg("--bins"))?;
    let mut ledger = Command::new(workspace::target_dir()?.join("debug/ledger"));
    ledger.args([
        kills.to_string(),
        minutes.to_string(),
        guarantee,
        u32::from(brokers).to_string(),
        u32::from(stages).to_string(),
        away.to_string(),
    ]);
    process::run(&mut ledger)
}
