//! Ends a broker when the program that holds it is gone, killed included.
//!
//! A shell waits for the end of its standard input, a pipe whose other end only the program holds: the system closes it however the program ends. (The kernel's
//! parent-death signal would not do: it fires when the *thread* that started the child ends, and a test's thread ends with the test.)

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// `$1`: the broker's process; `$2`: the broker's folder.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
read -r _ || :
kill -KILL "$1" 2>/dev/null
tries=0
while kill -0 "$1" 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf -- "$2"
"#;

/// Dropped by a living program, it lets the broker be.
pub(crate) struct Watcher(Child);

impl Watcher {
    /// Watches over the process `pid`, whose folder is `dir`.
    pub fn start(pid: u32, dir: &Path) -> io::Result<Self> {
        Command::new("sh")
            .args(["-c", SCRIPT, "broker-watcher"])
            .arg(pid.to_string())
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
