//! Ends other processes when this program is gone, killed included.
//!
//! A shell waits for the end of its standard input, a pipe whose other end only this program holds: the system closes it however the program ends. (The
//! kernel's parent-death signal would not do: it fires when the *thread* that started the child ends, and a test's thread ends with the test.)

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Each line that it reads says whom to kill from now on, as kill(1) takes it; an empty one nobody. `$1`: a folder to delete at the end, or nothing.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
target=
while read -r line; do target=$line; done
if [ -n "$target" ]; then
    kill -s KILL -- "$target" 2>/dev/null
    tries=0
    while kill -s 0 -- "$target" 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
fi
[ -z "$1" ] || rm -rf -- "$1"
"#;

/// Watches over other processes. Dropping it ends the watch and lets them be.
pub struct Watcher(Child);

impl Watcher {
    /// When this program is gone, kills the group of processes that `leader` leads.
    ///
    /// # Errors
    /// When no shell can be started.
    pub fn over_group(leader: u32) -> io::Result<Self> {
        let mut watcher = Self::start(OsStr::new(""))?;
        watcher.tell(&format!("-{leader}"))?;
        Ok(watcher)
    }

    /// When this program is gone, deletes the folder `dir`.
    pub(crate) fn over_folder(dir: &Path) -> io::Result<Self> {
        Self::start(dir.as_os_str())
    }

    /// From now on also kills this process then, and no longer the one that was named before.
    pub(crate) fn process(&mut self, pid: Option<u32>) -> io::Result<()> {
        self.tell(&pid.map(|pid| pid.to_string()).unwrap_or_default())
    }

    fn tell(&mut self, target: &str) -> io::Result<()> {
        match &mut self.0.stdin {
            Some(pipe) => writeln!(pipe, "{target}"),
            None => Ok(()),
        }
    }

    fn start(dir: &OsStr) -> io::Result<Self> {
        Command::new("sh")
            .args(["-c", SCRIPT, "watcher"])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map(Watcher)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Killed before its pipe closes, so it never acts.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
