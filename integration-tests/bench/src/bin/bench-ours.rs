//! This library under the bench: runs one workload until it has processed what it was told to expect, closes (which flushes and commits), and
//! prints one line of JSON.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;
use streams_bench::engine::{EngineOptions, QUIET, Until, print_answer};
use streams_bench::programs::topology;
use streams_core::config::StreamsConfig;
use streams_core::runtime::{KafkaStreams, State};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Ours as an engine of the bench.
#[derive(Parser)]
struct Ours {
    #[command(flatten)]
    options: EngineOptions,
}

fn main() -> Result<()> {
    let start = Instant::now();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let options = Ours::parse().options;
    let mut config = StreamsConfig::new(&options.application_id, &options.bootstrap_servers).state_dir(&options.state_dir);
    if let Some(ms) = options.commit_interval_ms {
        config = config.set("commit.interval.ms", ms.to_string());
    }
    if let Some(bytes) = options.cache_bytes {
        config = config.set("statestore.cache.max.bytes", bytes.to_string());
    }
    if let Some(ms) = options.linger_ms {
        config = config.set("producer.linger.ms", ms.to_string());
    }
    if let Some(guarantee) = &options.guarantee {
        config = config.set("processing.guarantee", guarantee);
    }
    let streams = KafkaStreams::start(topology(&options)?, config)?;
    let metrics = streams.metrics();
    let (mut processed, mut first, mut news) = (0, None, Instant::now());
    let goes_on = |processed: u64, news: Instant| match options.until {
        Until::Processed => processed < options.expect_processed,
        Until::Quiet => processed < options.expect_processed || news.elapsed() < QUIET,
        Until::Running => streams.state() != State::Running,
    };
    while goes_on(processed, news) {
        std::thread::sleep(POLL);
        let now = metrics.sum("streams_records_processed_total", &[]).unwrap_or(0.0) as u64;
        if now > processed {
            (processed, news) = (now, Instant::now());
        }
        if processed > 0 {
            first.get_or_insert_with(Instant::now);
        }
        if matches!(streams.state(), State::Error | State::NotRunning | State::PendingError) {
            bail!("the application stopped after {processed} records: {}", streams.error().map_or_else(String::new, |e| e.to_string()));
        }
    }
    let running = start.elapsed().as_secs_f64();
    streams.close(LIMIT)?;
    if options.until == Until::Running {
        print_answer(processed, running, running);
        return Ok(());
    }
    let first = first.unwrap_or(start);
    let waited = if options.until == Until::Quiet { QUIET } else { Duration::ZERO };
    print_answer(processed, (first - start).as_secs_f64(), (first.elapsed() - waited).as_secs_f64());
    Ok(())
}
