//! The state file of a broker, and brokers that run detached from any program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::jars::cache_dir;
use crate::sys::{self, Signal};

const STATE_FILE: &str = "broker.state";

/// How long a broker may take for an orderly end.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(10);

/// What the state file in a broker's folder says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The broker's process.
    pub pid: u32,
    /// The port of the plain listener.
    pub port: u16,
    /// The port of the SASL_SSL listener.
    pub sasl_ssl_port: u16,
    /// Whether it has answered a client since it was started.
    pub ready: bool,
    /// The folder with its log, its settings and its certificate.
    pub dir: PathBuf,
}

impl Running {
    /// `bootstrap.servers` of the plain listener.
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `bootstrap.servers` of the SASL_SSL listener.
    pub fn sasl_ssl_bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.sasl_ssl_port)
    }

    /// The certificate that signed the TLS listener's, as PEM.
    pub fn ca_path(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// The broker's own log.
    pub fn log_path(&self) -> PathBuf {
        self.dir.join("broker.log")
    }

    /// Where detached brokers have their folders.
    pub(crate) fn home() -> Result<PathBuf> {
        Ok(cache_dir()?.join("brokers"))
    }

    /// Every detached broker of this user that runs now. The folders of those that have died are removed.
    ///
    /// # Errors
    /// When the cache folder cannot be read.
    pub fn all() -> Result<Vec<Running>> {
        let home = Self::home()?;
        let entries = match fs::read_dir(&home) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(Error::at("cannot read", &home, &e)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let dir = entry.map_err(|e| Error::at("cannot read", &home, &e))?.path();
            // Without a state file it is a folder in the making: whoever makes it removes it too.
            let Some(broker) = Self::read(&dir) else { continue };
            if broker.is_alive() {
                found.push(broker);
            } else {
                fs::remove_dir_all(&dir).map_err(|e| Error::at("cannot remove", &dir, &e))?;
            }
        }
        found.sort_by_key(|broker| broker.port);
        Ok(found)
    }

    /// Ends the broker (a request first, then by force) and deletes its folder.
    ///
    /// # Errors
    /// When the process cannot be ended or the folder cannot be deleted.
    pub fn stop(&self) -> Result<()> {
        if self.is_alive() {
            stop_process(self.pid)?;
        }
        fs::remove_dir_all(&self.dir).map_err(|e| Error::at("cannot remove", &self.dir, &e))
    }

    /// Whether the process still runs, and is the broker and not a later process with the same number.
    pub fn is_alive(&self) -> bool {
        sys::exists(self.pid) && command_line(self.pid).is_some_and(|line| line.contains(&*self.dir.to_string_lossy()))
    }

    /// Writes the state file, at once or not at all.
    pub(crate) fn write(&self) -> Result<()> {
        let text = format!(
            "pid={}\nport={}\nsasl_ssl_port={}\nready={}\nbootstrap.servers={}\n",
            self.pid,
            self.port,
            self.sasl_ssl_port,
            self.ready,
            self.bootstrap()
        );
        let path = self.dir.join(STATE_FILE);
        let fresh = self.dir.join("broker.state.new");
        fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, &path)).map_err(|e| Error::at("cannot write", &path, &e))
    }

    fn read(dir: &Path) -> Option<Running> {
        let text = fs::read_to_string(dir.join(STATE_FILE)).ok()?;
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        Some(Running {
            pid: value("pid")?.parse().ok()?,
            port: value("port")?.parse().ok()?,
            sasl_ssl_port: value("sasl_ssl_port")?.parse().ok()?,
            ready: value("ready")? == "true",
            dir: dir.to_path_buf(),
        })
    }
}

/// Asks a process that is no child of ours to end, and makes it.
fn stop_process(pid: u32) -> Result<()> {
    let fail = |e: io::Error| Error::new(format!("cannot end the broker with process id {pid}: {e}"));
    sys::send(pid, Signal::Terminate).map_err(fail)?;
    if sys::wait_until_gone(pid, STOP_LIMIT) {
        return Ok(());
    }
    match sys::send(pid, Signal::Kill) {
        Err(e) if sys::exists(pid) => return Err(fail(e)),
        _ => {}
    }
    if sys::wait_until_gone(pid, STOP_LIMIT) { Ok(()) } else { Err(Error::new(format!("the broker with process id {pid} does not end"))) }
}

/// The command line of a process, as far as the system tells.
fn command_line(pid: u32) -> Option<String> {
    if let Ok(bytes) = fs::read(format!("/proc/{pid}/cmdline")) {
        return Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    let out = Command::new("ps").args(["-o", "command=", "-ww", "-p", &pid.to_string()]).output().ok()?;
    Some(String::from_utf8_lossy(&out.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_file_is_read_as_written_and_a_foreign_process_is_not_the_broker() {
        let dir = std::env::temp_dir().join(format!("test-broker-state-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let broker = Running { pid: std::process::id(), port: 9092, sasl_ssl_port: 9093, ready: true, dir: dir.clone() };
        broker.write().unwrap();
        assert_eq!(Running::read(&dir), Some(broker.clone()));
        assert!(!broker.is_alive(), "this test's own process passed for a broker");
        fs::remove_dir_all(&dir).unwrap();
    }
}
