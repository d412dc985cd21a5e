//! Programs of the workspace as child processes: started, looked at, stopped or killed. They end with the test.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use test_broker::Watcher;
use test_broker::sys::{self, Signal};

/// How long anything may take before it counts as not happening; machines that run tests are slow and busy.
pub const PATIENCE: Duration = Duration::from_secs(180);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A program of the workspace that runs.
pub struct Process {
    name: String,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    /// Kills it when the test itself is killed.
    _watcher: Watcher,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// What it wrote to both streams; of a long log the beginning and the end.
    pub log: String,
}

/// Where `cargo build --workspace --bins` puts a program: beside this one, or beside the folder that tests are in.
fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a program knows where it is");
    let folder = own.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("programs are in target/PROFILE");
    let path = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.is_file(), "{} is not there: run `cargo xtask test`, or `cargo build --workspace --bins` first", path.display());
    path
}

impl Process {
    /// Starts a program of the workspace by its name.
    pub fn start<A: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = A>) -> Self {
        Process::run(name, Command::new(binary(name)).args(args))
    }

    /// Starts any program.
    pub fn run(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|e| panic!("{name} cannot be started: {e}"));
        let watcher = Watcher::over_group(child.id()).expect("a shell can be started");
        let log = Arc::default();
        let streams: [Option<Box<dyn Read + Send>>; 2] =
            [child.stdout.take().map(|s| Box::new(s) as _), child.stderr.take().map(|s| Box::new(s) as _)];
        let readers = streams.into_iter().flatten().map(|stream| read_lines(stream, &log)).collect();
        Process { name: name.to_owned(), child, log, readers, _watcher: watcher }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The lines that it has written so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its log so far as `find` sees it.
    pub fn find<T>(&self, find: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.log().iter().filter_map(|line| find(line)).collect()
    }

    /// Waits for a line that contains a text.
    pub fn await_line(&mut self, text: &str) -> String {
        self.await_log(text, |log| log.iter().find(|line| line.contains(text)).cloned())
    }

    /// Waits until its log is as `look` wants it; fails when it ends before.
    pub fn await_log<T>(&mut self, what: &str, look: impl Fn(&[String]) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let ended = self.has_ended();
            if let Some(found) = look(&self.log()) {
                return found;
            }
            if let Some(status) = ended {
                panic!("{} ended ({status}) without {what}:\n{}", self.name, self.text());
            }
            assert!(begun.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what} of {}:\n{}", self.name, self.text());
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Fails when it has ended.
    pub fn expect_alive(&mut self) {
        if let Some(status) = self.has_ended() {
            panic!("{} has ended ({status}):\n{}", self.name, self.text());
        }
    }

    /// Asks it to end (SIGTERM), and waits for that.
    pub fn terminate(mut self) -> Ended {
        self.signal(Signal::Terminate);
        self.wait()
    }

    /// Does what Ctrl-C does (SIGINT), and waits until it has ended.
    pub fn interrupt(mut self) -> Ended {
        self.signal(Signal::Interrupt);
        self.wait()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) -> Ended {
        self.signal(Signal::Kill);
        self.wait()
    }

    /// Waits until it ends.
    pub fn wait(&mut self) -> Ended {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.has_ended() {
                for reader in self.readers.drain(..) {
                    reader.join().expect("the reader of a log does not panic");
                }
                return Ended { status, log: self.text() };
            }
            assert!(begun.elapsed() < PATIENCE, "{} did not end in {PATIENCE:?}:\n{}", self.name, self.text());
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// The share of one core that it takes.
    pub fn cpu_share(&self, time: Duration) -> f64 {
        cpu_share(self.pid(), time)
    }

    /// A line of its `/proc/PID/status` that says how much memory it has, in bytes.
    pub fn memory(&self, line: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let kib = status
            .lines()
            .find_map(|text| text.strip_prefix(line)?.trim_start_matches(':').trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.unwrap_or_else(|| panic!("{} has no {line}", self.name)) * 1024
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        sys::send(self.pid(), signal).unwrap_or_else(|e| panic!("{signal:?} to {}: {e}:\n{}", self.name, self.text()));
    }

    fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a child can be asked for")
    }

    /// The log as one text; the middle of a long one is left out.
    fn text(&self) -> String {
        const ENDS: usize = 200;
        let log = self.log();
        let mut text = String::new();
        for (index, line) in log.iter().enumerate() {
            if index < ENDS || index + ENDS >= log.len() {
                let _ = writeln!(text, "{line}");
            }
        }
        text
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // an error means that it has ended by itself
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_lines(stream: impl Read + Send + 'static, log: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let log = log.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}

/// CPU time of a process so far.
fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<u64> = stat.rsplit(')').next().unwrap_or_default().split(' ').filter_map(|f| f.parse().ok()).collect();
    // after the command's name come state (no number), ppid, pgrp ...; utime and stime are the 11th and 12th number, in ticks of 10 ms
    Duration::from_millis(fields.get(10).zip(fields.get(11)).map_or(0, |(user, system)| (user + system) * 10))
}

/// The share of one core that a process takes: the least of three looks of that length. What else runs on the machine makes a process take more
/// CPU time for the same work, never less.
pub fn cpu_share(pid: u32, time: Duration) -> f64 {
    let look = || {
        let (before, begun) = (cpu(pid), Instant::now());
        assert!(!before.is_zero(), "the CPU time of process {pid} is not known");
        std::thread::sleep(time);
        (cpu(pid) - before).as_secs_f64() / begun.elapsed().as_secs_f64()
    };
    (0..3).map(|_| look()).fold(f64::INFINITY, f64::min)
}
