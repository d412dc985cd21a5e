//! Counts words: see `streams_examples::word_count`.

use anyhow::{Context as _, Result};
use std::collections::HashMap;
use std::io::BufRead;
use std::process::ExitCode;
use streams_examples::cli::{self, Common, Finished, Input, Names};
use streams_examples::word_count::{Options, topology};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const NAMES: Names = Names { application_id: "word-count", input: "lines", output: "word-counts" };
/// Two books; see `data/README.md`.
const BOOKS: &str = include_str!("../../data/books.txt");
const PARTITIONS: i32 = 4;
const MOST_FREQUENT: usize = 20;

/// Counts the words of a topic of lines: each word as UTF-8 key, its count as 8 bytes, big-endian.
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
    let text: Box<dyn BufRead> = match common.input_file() {
        Some(path) => Box::new(cli::open(path)?),
        None => Box::new(BOOKS.as_bytes()),
    };
    let done = cli::run_embedded(config, &topology, vec![Input::lines(&options.input, PARTITIONS, text)], &options.output)?;
    println!("{}", topology.describe().trim_end());
    report(&done)
}

fn report(done: &Finished) -> Result<()> {
    let mut counts = HashMap::<&str, u64>::new();
    for record in &done.output {
        let word = std::str::from_utf8(record.key.as_deref().unwrap_or_default())?;
        let count = record.value.as_deref().unwrap_or_default().try_into().context("a count is not 8 bytes long")?;
        counts.insert(word, u64::from_be_bytes(count));
    }
    let mut ranking: Vec<(&str, u64)> = counts.into_iter().collect();
    ranking.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let words: u64 = ranking.iter().map(|(_, count)| count).sum();

    println!("\nThe {} most frequent of {} different words:\n", MOST_FREQUENT.min(ranking.len()), ranking.len());
    for (word, count) in ranking.iter().take(MOST_FREQUENT) {
        println!("{word} {count}");
    }
    println!("\nwords per second: {} ({words} words)", done.per_second(words));
    println!("{done}");
    Ok(())
}
