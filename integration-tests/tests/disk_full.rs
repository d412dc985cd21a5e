//! A disk that takes no more: the application ends with an error that says so, and nothing that was committed is lost.
#![cfg(feature = "rocksdb")]
#![allow(unsafe_code, reason = "a process can limit the size of its files only through the system's call")]

use integration_tests::apps::bench::{await_running, close, end_of};
use integration_tests::apps::{AppFixture, Bench};
use integration_tests::behaviour::Fixture;
use std::process::Command;
use std::sync::Arc;
use streams_core::ErrorKind;
use streams_core::cluster::Cluster;
use streams_core::cluster::embedded::EmbeddedCluster;

const CHILD: &str = "STREAMS_TEST_DISK_FULL";

struct Embedded(EmbeddedCluster);

impl Fixture for Embedded {
    fn cluster(&self) -> &dyn Cluster {
        &self.0
    }
}

impl AppFixture for Embedded {
    fn shared(&self) -> Arc<dyn Cluster> {
        Arc::new(self.0.clone())
    }
}

/// Lets no file of this process grow beyond `bytes`: writing more fails, as on a full disk.
fn limit_files(bytes: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // Safety: the structure is ours, and ignoring a signal is always allowed.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit), 0);
        limit.rlim_cur = bytes;
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    }
}

#[test]
fn a_full_disk_is_named_and_the_application_starts_again_when_there_is_room() {
    if std::env::var_os(CHILD).is_none() {
        // the limit is the whole process's: a process of its own
        let this = std::env::current_exe().expect("this program");
        let name = "a_full_disk_is_named_and_the_application_starts_again_when_there_is_room";
        let child = Command::new(this).args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().expect("it runs");
        let text = String::from_utf8_lossy(&child.stderr).into_owned() + &String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "{text}");
        return;
    }
    let embedded = Embedded(EmbeddedCluster::new());
    let mut bench = Bench::new(&embedded);
    // every value is new, so the stores' logs grow with each commit
    let app = bench.start(bench.word_count(), bench.config("a").set("commit.interval.ms", "5"));
    bench.feed(100);
    bench.await_counts();
    limit_files(32 * 1024);
    let error = {
        let mut rounds = 0;
        while app.state().is_alive() && rounds < 3_000 {
            bench.feed(20);
            rounds += 1;
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        end_of(&app)
    };
    limit_files(libc::RLIM_INFINITY);
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::Io, "{text}");
    assert!(text.contains("words") && text.contains("task 1_"), "{text}");
    // what is wrong, and what to do
    assert!(text.contains("File too large") && text.contains("make room"), "{text}");
    drop(app);
    let app = bench.start_words("a");
    await_running(&app);
    let least = bench.expected.clone();
    bench.await_output("all counts", |bench| {
        let counts = bench.counts();
        least.iter().all(|(word, count)| counts.get(word).is_some_and(|c| c >= count))
    });
    close(&app);
}
