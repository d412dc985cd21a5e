//! A broker that this program started.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::java::{self, java_program};
use crate::ports::Ports;
use crate::running::{Running, STOP_LIMIT};
use crate::settings::{self, CLUSTER_ID, PASSWORD, USER};
use crate::sys::{self, Signal};
use crate::watch::Watcher;
use crate::{jars, ready, tls};

/// How long a broker may take until it answers a client.
const READY_LIMIT: Duration = Duration::from_secs(90);

/// How to start a broker.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port of the plain listener; default: a free one.
    pub port: Option<u16>,
    /// Broker settings beside the test broker's own, which they override.
    pub settings: Vec<(String, String)>,
    /// The JVM's greatest heap in MiB; default 512.
    pub heap_mib: u32,
    /// Whether the broker stays when this program ends; default: it does not.
    pub detached: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { port: None, settings: Vec::new(), heap_mib: 512, detached: false }
    }
}

/// A broker on 127.0.0.1. Dropping it ends the broker and deletes its folder, unless it was started detached.
pub struct Broker {
    state: Running,
    libs: PathBuf,
    heap_mib: u32,
    detached: bool,
    java: Option<Child>,
    watcher: Watcher,
}

impl Broker {
    /// Gets the jars if need be, formats a fresh log folder, starts the node and waits until it answers.
    ///
    /// # Errors
    /// When Java (17 or later) or Maven is missing, the port is taken, or the node does not come up: with the last lines of its log.
    pub fn start(options: &Options) -> Result<Broker> {
        java::check()?;
        let libs = jars::kafka_libs()?;
        let mut tries = 0;
        loop {
            tries += 1;
            let ports = Ports::free(options.port)?;
            let mut broker = Broker::prepare(options, ports, &libs)?;
            match broker.launch() {
                Ok(()) => return Ok(broker),
                // Somebody took one of the ports after they were found free.
                Err(e) if tries < 3 && e.to_string().contains("Address already in use") => broker.discard(),
                Err(e) => {
                    broker.discard();
                    return Err(e);
                }
            }
        }
    }

    fn prepare(options: &Options, ports: Ports, libs: &Path) -> Result<Broker> {
        let dir = make_dir(options, ports)?;
        let state = Running { pid: 0, port: ports.plain, sasl_ssl_port: ports.sasl_ssl, ready: false, dir };
        let watcher = Watcher::over_folder(&state.dir).map_err(|e| Error::new(format!("cannot run sh: {e}")))?;
        let (heap_mib, detached) = (options.heap_mib, options.detached);
        let mut broker = Broker { state, libs: libs.to_path_buf(), heap_mib, detached, java: None, watcher };
        let prepared = broker.fill_dir(&settings::server_properties(&broker.state.dir, ports, &options.settings));
        if prepared.is_err() {
            broker.discard();
        }
        prepared.map(|()| broker)
    }

    fn fill_dir(&self, properties: &str) -> Result<()> {
        let dir = &self.state.dir;
        for (name, text) in [("server.properties", properties), settings::LOGGING] {
            let path = dir.join(name);
            fs::write(&path, text).map_err(|e| Error::at("cannot write", &path, &e))?;
        }
        // Two small JVM runs that know nothing of each other.
        std::thread::scope(|scope| {
            let certificate = scope.spawn(|| tls::make_certificate(dir));
            let formatted = self.format();
            match certificate.join() {
                Ok(made) => formatted.and(made),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// A JVM with Kafka's jars.
    fn java(&self) -> Command {
        let mut command = Command::new(java_program("java"));
        // the folder itself, too: the logger's settings lie there
        let mut class_path = self.state.dir.clone().into_os_string();
        class_path.push(":");
        class_path.push(self.libs.join("*"));
        command.arg("-cp").arg(class_path).stdin(Stdio::null());
        command
    }

    /// Writes the identity of the cluster, and the SASL user, into the fresh log folder.
    fn format(&self) -> Result<()> {
        let out = self
            .java()
            .env("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
            .args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])
            .arg(self.state.dir.join("server.properties"))
            .args(["--add-scram", &format!("SCRAM-SHA-512=[name={USER},password={PASSWORD}]")])
            .output()
            .map_err(|e| Error::new(format!("cannot run java: {e}")))?;
        if out.status.success() {
            return Ok(());
        }
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        Err(Error::new(format!("cannot format the broker's log folder:\n{}", said.trim())))
    }

    /// Starts the node in its folder and waits until it answers.
    fn launch(&mut self) -> Result<()> {
        let log_path = self.state.log_path();
        let log = File::options().create(true).append(true).open(&log_path).map_err(|e| Error::at("cannot open", &log_path, &e))?;
        let log_start = log.metadata().map_or(0, |m| m.len());
        let second = log.try_clone().map_err(|e| Error::at("cannot open", &log_path, &e))?;
        let java = self
            .java()
            .arg(format!("-Xmx{}m", self.heap_mib))
            .arg("kafka.Kafka")
            .arg(self.state.dir.join("server.properties"))
            .stdout(log)
            .stderr(second)
            // Out of reach of the terminal's Ctrl-C, which would end the broker before those who still use it.
            .process_group(0)
            .spawn()
            .map_err(|e| Error::new(format!("cannot run java: {e}")))?;
        self.state.pid = java.id();
        self.state.ready = false;
        self.java = Some(java);
        self.watch(Some(self.state.pid))?;
        self.state.write()?;
        self.wait_until_ready(log_start)?;
        self.state.ready = true;
        self.state.write()
    }

    fn wait_until_ready(&mut self, log_start: u64) -> Result<()> {
        let end = Instant::now() + READY_LIMIT;
        while !ready::serves(self.state.port) {
            let ended = self.exit_status();
            if ended.is_some() || Instant::now() > end {
                let how = ended.map_or_else(|| format!("did not answer within {} s", READY_LIMIT.as_secs()), |s| format!("ended ({s})"));
                return Err(Error::new(format!(
                    "the broker {how}; the end of its log:\n{}",
                    last_lines(&self.state.log_path(), log_start)
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn exit_status(&mut self) -> Option<ExitStatus> {
        self.java.as_mut().and_then(|java| java.try_wait().ok().flatten())
    }

    fn watch(&mut self, pid: Option<u32>) -> Result<()> {
        self.watcher.process(pid).map_err(|e| Error::new(format!("the shell that watches over the broker has gone: {e}")))
    }

    /// `bootstrap.servers` of the plain listener.
    pub fn bootstrap(&self) -> String {
        self.state.bootstrap()
    }

    /// `bootstrap.servers` of the listener that wants TLS and SASL: PLAIN or SCRAM-SHA-512, [`USER`](crate::USER) with [`PASSWORD`](crate::PASSWORD).
    pub fn sasl_ssl_bootstrap(&self) -> String {
        self.state.sasl_ssl_bootstrap()
    }

    /// The certificate to trust for [`sasl_ssl_bootstrap`](Self::sasl_ssl_bootstrap), a PEM file.
    pub fn ca_path(&self) -> PathBuf {
        self.state.ca_path()
    }

    /// The broker's own log.
    pub fn log_path(&self) -> PathBuf {
        self.state.log_path()
    }

    /// The broker's process; 0 before it was first started.
    pub fn pid(&self) -> u32 {
        self.state.pid
    }

    /// What [`Running::all`] would say of this broker.
    pub fn state(&self) -> &Running {
        &self.state
    }

    /// Whether the process runs.
    pub fn is_running(&mut self) -> bool {
        self.java.is_some() && self.exit_status().is_none()
    }

    /// An orderly stop. Ports and log folder stay for [`restart`](Self::restart). Nothing happens where none runs.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn stop(&mut self) -> Result<()> {
        self.end(Signal::Terminate)
    }

    /// What kill -9 does. Ports and log folder stay for [`restart`](Self::restart).
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn kill(&mut self) -> Result<()> {
        self.end(Signal::Kill)
    }

    /// Starts the node again after [`stop`](Self::stop) or [`kill`](Self::kill) (a running one is stopped first) and waits until it answers.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.launch()
    }

    /// Freezes the broker: connections stay, nothing is answered from here on.
    ///
    /// # Errors
    /// When it does not run, or was started by another program.
    pub fn pause(&self) -> Result<()> {
        self.send(Signal::Stop)?;
        let failed = |why: String| Error::new(format!("the broker's process {} does not stand still: {why}", self.state.pid));
        match sys::wait_until_stopped(self.state.pid, STOP_LIMIT) {
            Ok(true) => Ok(()),
            Ok(false) => Err(failed(format!("{STOP_LIMIT:?} were not enough"))),
            Err(e) => Err(failed(e.to_string())),
        }
    }

    /// Lets a [paused](Self::pause) broker go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<()> {
        self.send(Signal::Continue)
    }

    fn send(&self, signal: Signal) -> Result<()> {
        if self.java.is_none() {
            return Err(Error::new(format!("the broker on port {} does not run", self.state.port)));
        }
        sys::send(self.state.pid, signal)
            .map_err(|e| Error::new(format!("cannot send {signal:?} to the broker's process {}: {e}", self.state.pid)))
    }

    fn end(&mut self, signal: Signal) -> Result<()> {
        let Some(mut java) = self.java.take() else { return Ok(()) };
        let pid = java.id();
        let failed = |e: io::Error| Error::new(format!("cannot end the broker's process {pid}: {e}"));
        if java.try_wait().map_err(failed)?.is_none() {
            sys::send(pid, signal).map_err(failed)?;
            let end = Instant::now() + STOP_LIMIT;
            while java.try_wait().map_err(failed)?.is_none() {
                if Instant::now() > end {
                    java.kill().map_err(failed)?;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        // Another process may get the number now.
        self.watch(None)
    }

    /// Ends the broker, deletes its folder.
    fn discard(&mut self) {
        // Best effort, on the way to an error that says more or out of the program.
        let _ = self.kill();
        let _ = fs::remove_dir_all(&self.state.dir);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if !(self.detached && self.is_running()) {
            self.discard();
        }
    }
}

/// A folder that only its owner may read: the broker's key lies in it.
fn make_dir(options: &Options, ports: Ports) -> Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let dir = if options.detached {
        let home = Running::home()?;
        fs::create_dir_all(&home).map_err(|e| Error::at("cannot create", &home, &e))?;
        home.join(ports.plain.to_string())
    } else {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        std::env::temp_dir().join(format!("streams-broker-{}-{count}", std::process::id()))
    };
    // The port is free and the process id is ours: whatever lies there is a leftover.
    if dir.exists() {
        fs::remove_dir_all(&dir).map_err(|e| Error::at("cannot remove the leftover", &dir, &e))?;
    }
    fs::DirBuilder::new().mode(0o700).create(&dir).map_err(|e| Error::at("cannot create", &dir, &e))?;
    Ok(dir)
}

/// What a person wants to see of a log that grew since `start`: its warnings and errors, else its end.
fn last_lines(path: &Path, start: u64) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let from = usize::try_from(start).unwrap_or(0).min(bytes.len());
    let text = String::from_utf8_lossy(&bytes[from..]).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|l| l.contains(" ERROR ") || l.contains("Exception")).unwrap_or(lines.len().saturating_sub(20));
    lines[first..].iter().take(20).copied().collect::<Vec<_>>().join("\n")
}
