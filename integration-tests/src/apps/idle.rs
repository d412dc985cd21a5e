//! What an application costs that has nothing to do. To be run alone in its process, so that the process's CPU time is its own.

use super::AppFixture;
use super::bench::{Bench, close};
use crate::process::cpu_share;
use std::time::Duration;

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
    let share = cpu_share(std::process::id(), Duration::from_secs(6));
    close(&app);
    assert!(share < 0.01, "an idle application takes {:.2} % of a core", share * 100.0);
}
