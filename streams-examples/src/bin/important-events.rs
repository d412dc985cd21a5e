//! Passes on important messages: see `streams_examples::important_events`.

use anyhow::Result;
use std::io::BufRead;
use std::process::ExitCode;
use streams_examples::cli::{self, Common, Input, Names};
use streams_examples::important_events::{Options, sample, topology};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const NAMES: Names = Names { application_id: "important-events", input: "messages", output: "important-messages" };
const PARTITIONS: i32 = 4;
const SHOWN: usize = 10;

/// Passes on the messages of a topic whose text contains `important`
#[derive(Debug, clap::Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    common: Common,
}

fn main() -> ExitCode {
    cli::main(&NAMES, |args: Args| run(&args.common))
}

fn run(common: &Common) -> Result<()> {
    let options = Options { input: common.input(&NAMES), output: common.output(&NAMES) };
    let (config, topology) = (common.config(&NAMES)?, topology(&options)?);
    if !cli::is_embedded(&config) {
        return cli::run_on_kafka(config, &topology, &[(&options.input, "--input")], &options.output);
    }
    let made_up = sample();
    let messages: Box<dyn BufRead> = match common.input_file() {
        Some(path) => Box::new(cli::open(path)?),
        None => Box::new(made_up.as_bytes()),
    };
    let done = cli::run_embedded(config, &topology, vec![Input::lines(&options.input, PARTITIONS, messages)], &options.output)?;
    println!("{}\n\nThe first of {} important messages:\n", topology.describe().trim_end(), done.output.len());
    for message in done.output.iter().take(SHOWN) {
        println!("{}", String::from_utf8_lossy(message.value.as_deref().unwrap_or_default()));
    }
    println!("\n{done}");
    Ok(())
}
