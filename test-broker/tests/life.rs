//! The life of a real broker: it serves, dies, comes back on its ports with its data, and never outlives the program that holds it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use test_broker::sys::{self, Signal};
use test_broker::{Broker, Options};

fn listens(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

#[test]
fn a_killed_broker_comes_back_with_its_data() {
    let mut broker = Broker::start(&Options::default()).unwrap();
    let (bootstrap, first_pid) = (broker.bootstrap(), broker.pid());
    assert!(broker.is_running() && listens(&bootstrap) && listens(&broker.sasl_ssl_bootstrap()));
    let ca = std::fs::read_to_string(broker.ca_path()).unwrap();
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"), "{ca}");

    broker.kill().unwrap();
    assert!(!broker.is_running() && !listens(&bootstrap));
    let log_end = std::fs::metadata(broker.log_path()).unwrap().len();

    broker.restart().unwrap();
    assert!(broker.pid() != first_pid && broker.bootstrap() == bootstrap && listens(&bootstrap));
    let log = std::fs::read(broker.log_path()).unwrap();
    let second_life = String::from_utf8_lossy(&log[usize::try_from(log_end).unwrap()..]).into_owned();
    // A broker on a fresh folder writes its bootstrap records first.
    assert!(!second_life.contains("The metadata log appears to be empty"), "the data of the first life is gone");

    let dir = broker.state().dir.clone();
    drop(broker);
    assert!(!dir.exists() && !listens(&bootstrap));
}

#[test]
fn settings_of_the_test_reach_the_broker() {
    let settings = vec![("no.such.setting.exists".to_owned(), "1".to_owned()), ("log.segment.bytes".to_owned(), "a lot".to_owned())];
    let error = Broker::start(&Options { settings, ..Options::default() }).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains("log.segment.bytes"), "{error}");
}

/// This test runs its own program a second time: that one holds a broker, and is killed.
#[test]
fn a_broker_ends_when_its_program_is_killed() {
    const HOLD: &str = "TEST_BROKER_HOLD";
    if std::env::var_os(HOLD).is_some() {
        let broker = Broker::start(&Options::default()).unwrap();
        println!("\nheld {} {}", broker.pid(), broker.state().dir.display());
        std::thread::sleep(Duration::from_secs(60));
        return;
    }
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_broker_ends_when_its_program_is_killed", "--nocapture"])
        .env(HOLD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let held = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("held ").map(str::to_owned)).unwrap();
    let (pid, dir) = held.split_once(' ').unwrap();
    let (pid, dir): (u32, PathBuf) = (pid.parse().unwrap(), Path::new(dir).to_path_buf());
    assert!(sys::exists(pid) && dir.exists());

    sys::send(holder.id(), Signal::Kill).unwrap();
    holder.wait().unwrap();
    assert!(sys::wait_until_gone(pid, Duration::from_secs(10)), "the broker {pid} outlived the program that held it");
    let end = Instant::now() + Duration::from_secs(5);
    while dir.exists() {
        assert!(Instant::now() < end, "{} was not deleted", dir.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}
