//! Programs that a command runs.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use test_broker::Watcher;
use test_broker::sys::{self, Signal, Usage};

use crate::failure::{Failure, Outcome};
use crate::workspace;

/// How long a program may take to end after the terminal's Ctrl-C was passed on to it.
const GRACE: Duration = Duration::from_secs(10);

/// The cargo that runs this program, in the root of the checkout, with the compiler cache in front where the machine has one.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").as_deref().unwrap_or(OsStr::new("cargo")));
    command.current_dir(workspace::root());
    for (name, _) in std::env::vars_os() {
        // What cargo sets for this program is no business of the crates that are built now.
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|p| name.to_string_lossy().starts_with(p)) {
            command.env_remove(name);
        }
    }
    if let Some(path) = path_with_ccache() {
        command.env("PATH", path);
    }
    command
}

/// PATH with the folder of ccache's compilers first; none where there is no such folder, or it is there already.
fn path_with_ccache() -> Option<OsString> {
    let dir = ["/usr/lib/ccache", "/usr/lib64/ccache"].map(Path::new).into_iter().find(|dir| dir.join("c++").exists())?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if dirs.iter().any(|d| d == dir) {
        return None;
    }
    dirs.insert(0, dir.to_path_buf());
    std::env::join_paths(dirs).ok()
}

/// Runs a program to its end; its failure is ours.
///
/// It gets a group of its own, so that with it all its children can be ended: on Ctrl-C and SIGTERM, which are passed on, and when this program is killed.
pub fn run(command: &mut Command) -> Outcome {
    let mut child = Running::start(command)?;
    let (status, _) = child.wait(None)?;
    Failure::from_status(status)
}

/// As [`run`], and gives what it has printed and used. It may take no longer than `limit`.
pub fn measure(command: &mut Command, limit: Duration) -> Outcome<(String, Usage)> {
    let mut child = Running::start(command.stdout(Stdio::piped()))?;
    let printed = child.process.stdout.take().map(|mut out| {
        std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).map(|_| text)
        })
    });
    let (status, usage) = child.wait(Some(Instant::now() + limit))?;
    Failure::from_status(status)?;
    match printed.map(JoinHandle::join) {
        Some(Ok(Ok(text))) => Ok((text, usage)),
        _ => Err(Failure::failed(format!("cannot read what {} prints", command.get_program().display()))),
    }
}

struct Running {
    name: String,
    process: Child,
    _watcher: Watcher,
}

impl Running {
    fn start(command: &mut Command) -> Outcome<Self> {
        sys::catch_signals();
        stop_if_interrupted()?;
        let name = command.get_program().display().to_string();
        let process = command.stdin(Stdio::null()).process_group(0).spawn().map_err(|e| cannot_run(&name, &e))?;
        let watcher = Watcher::over_group(process.id()).map_err(|e| cannot_run("sh", &e))?;
        Ok(Running { name, process, _watcher: watcher })
    }

    fn wait(&mut self, end: Option<Instant>) -> Outcome<(ExitStatus, Usage)> {
        let group = self.process.id();
        let mut asked: Option<Instant> = None;
        loop {
            if let Some(ended) = sys::try_wait(group).map_err(|e| cannot_run(&self.name, &e))? {
                stop_if_interrupted()?;
                return match end {
                    Some(end) if Instant::now() > end => Err(Failure::failed(format!("{} took too long and was ended", self.name))),
                    _ => Ok(ended),
                };
            }
            let overdue = end.is_some_and(|end| Instant::now() > end);
            match (sys::caught().or(overdue.then_some(Signal::Terminate)), asked) {
                (Some(signal), None) => {
                    asked = Some(Instant::now());
                    // It may have ended by itself in this moment.
                    let _ = sys::send_to_group(group, signal);
                }
                (_, Some(since)) if since.elapsed() > GRACE => {
                    let _ = sys::send_to_group(group, Signal::Kill);
                }
                _ => {}
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Fails once a signal has asked this program to end.
pub fn stop_if_interrupted() -> Outcome {
    match sys::caught() {
        Some(_) => Err(Failure::failed("interrupted")),
        None => Ok(()),
    }
}

fn cannot_run(program: &str, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot run {program}: {error}"))
}
