//! What an application costs that has nothing to do. To be run alone in its process, so that the process's CPU time is its own.

use super::AppFixture;
use super::bench::{Bench, close};
use std::time::{Duration, Instant};

/// CPU time of this process so far.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<u64> = stat.rsplit(')').next().unwrap_or_default().split(' ').filter_map(|f| f.parse().ok()).collect();
    // after the command's name come state (no number), ppid, pgrp ...; utime and stime are the 11th and 12th number, in ticks of 10 ms
    Duration::from_millis(fields.get(10).zip(fields.get(11)).map_or(0, |(user, system)| (user + system) * 10))
}

/// The share of one core that this process takes.
pub fn cpu_share(time: Duration) -> f64 {
    let (before, begun) = (cpu(), Instant::now());
    std::thread::sleep(time);
    (cpu() - before).as_secs_f64() / begun.elapsed().as_secs_f64()
}

/// On stock settings, with open stores and members in the group.
pub fn an_idle_application_takes_no_cpu(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(10);
    // as it comes: nothing is made quicker than by default
    let config = bench.config("a").set("commit.interval.ms", "30000").set("poll.ms", "100");
    let app = bench.start(bench.word_count(), config);
    bench.await_output("some output", |bench| {
        bench.read();
        app.metrics().sum("streams_process_records_total", &[]).is_some_and(|n| n >= 10.0)
    });
    let share = cpu_share(Duration::from_secs(6));
    close(&app);
    assert!(share < 0.01, "an idle application takes {:.2} % of a core", share * 100.0);
}
