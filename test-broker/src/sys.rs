//! The few system calls that the standard library lacks.
#![allow(unsafe_code)]

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// A signal to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The terminal's Ctrl-C.
    Interrupt,
    /// A request to end.
    Terminate,
    /// The end, without a chance to clean up.
    Kill,
    /// Freeze: the process keeps its connections and answers nothing.
    Stop,
    /// Go on after [`Signal::Stop`].
    Continue,
}

impl Signal {
    fn number(self) -> libc::c_int {
        match self {
            Signal::Interrupt => libc::SIGINT,
            Signal::Terminate => libc::SIGTERM,
            Signal::Kill => libc::SIGKILL,
            Signal::Stop => libc::SIGSTOP,
            Signal::Continue => libc::SIGCONT,
        }
    }
}

fn as_pid(pid: u32) -> io::Result<libc::pid_t> {
    // 0 and negative numbers mean whole groups of processes to kill(2).
    match libc::pid_t::try_from(pid) {
        Ok(pid) if pid > 0 => Ok(pid),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{pid} is not a process id"))),
    }
}

fn kill(pid: libc::pid_t, signal: libc::c_int) -> io::Result<()> {
    // SAFETY: kill(2) takes two integers and touches no memory of ours.
    if unsafe { libc::kill(pid, signal) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Sends a signal to one process.
///
/// # Errors
/// When there is no such process or it belongs to somebody else.
pub fn send(pid: u32, signal: Signal) -> io::Result<()> {
    kill(as_pid(pid)?, signal.number())
}

/// Sends a signal to the group of processes that `leader` leads.
///
/// # Errors
/// When there is no such group or it belongs to somebody else.
pub fn send_to_group(leader: u32, signal: Signal) -> io::Result<()> {
    kill(-as_pid(leader)?, signal.number())
}

/// Whether a process with this id exists (a zombie counts).
pub fn exists(pid: u32) -> bool {
    match as_pid(pid) {
        Ok(pid) => kill(pid, 0).map_or_else(|e| e.raw_os_error() == Some(libc::EPERM), |()| true),
        Err(_) => false,
    }
}

/// Waits until no process has this id; `false` when the time is over first.
pub fn wait_until_gone(pid: u32, limit: Duration) -> bool {
    let end = Instant::now() + limit;
    while exists(pid) {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// Waits until every thread of a child of this program stands still after [`Signal::Stop`]; `false` when the time is over first.
///
/// The signal alone is only sent: threads that run on another processor go on for a moment.
///
/// # Errors
/// When it is no child of this program.
pub fn wait_until_stopped(pid: u32, limit: Duration) -> io::Result<bool> {
    let id = libc::id_t::from(as_pid(pid)?.unsigned_abs());
    let end = Instant::now() + limit;
    loop {
        // SAFETY: all zeroes is a value of this struct of plain numbers.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a value that lives through the call. WSTOPPED alone takes no exit status away from who waits for it.
        if unsafe { libc::waitid(libc::P_PID, id, &raw mut info, libc::WSTOPPED | libc::WNOHANG) } != 0 {
            return Err(io::Error::last_os_error());
        }
        if info.si_signo != 0 {
            return Ok(true);
        }
        if Instant::now() >= end {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

static CAUGHT: AtomicI32 = AtomicI32::new(0);

extern "C" fn remember(signal: libc::c_int) {
    CAUGHT.store(signal, Ordering::Relaxed);
}

/// From now on SIGINT, SIGTERM and SIGHUP do not end this program: [`caught`] tells of them.
pub fn catch_signals() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler only stores into an atomic, which a signal handler may do.
        unsafe { libc::signal(signal, remember as extern "C" fn(libc::c_int) as libc::sighandler_t) };
    }
}

/// The last signal that [`catch_signals`] has kept from ending this program.
pub fn caught() -> Option<Signal> {
    match CAUGHT.load(Ordering::Relaxed) {
        0 => None,
        libc::SIGINT => Some(Signal::Interrupt),
        _ => Some(Signal::Terminate),
    }
}

/// Whether this program may do anything on this machine.
pub fn is_root() -> bool {
    // SAFETY: geteuid(2) takes nothing, touches no memory of ours and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// What a process that has ended has used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Processor time, of all its threads, its own and the system's on its behalf.
    pub cpu: Duration,
    /// The most memory that it had resident at a time, in bytes.
    pub peak_rss: u64,
}

/// How a child of this program has ended and what it has used; `None` while it runs.
///
/// # Errors
/// When it is no child of this program, or has been waited for.
pub fn try_wait(pid: u32) -> io::Result<Option<(ExitStatus, Usage)>> {
    let pid = as_pid(pid)?;
    let mut status = 0;
    // SAFETY: all zeroes is a value of this struct of plain numbers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to values that live through the call.
    match unsafe { libc::wait4(pid, &raw mut status, libc::WNOHANG, &raw mut usage) } {
        0 => Ok(None),
        ended if ended == pid => Ok(Some((ExitStatus::from_raw(status), read(&usage)))),
        _ => Err(io::Error::last_os_error()),
    }
}

fn read(usage: &libc::rusage) -> Usage {
    let time = |t: libc::timeval| {
        let (seconds, micros) = (u64::try_from(t.tv_sec).unwrap_or(0), u64::try_from(t.tv_usec).unwrap_or(0));
        Duration::from_micros(seconds * 1_000_000 + micros)
    };
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Usage { cpu: time(usage.ru_utime) + time(usage.ru_stime), peak_rss: u64::try_from(usage.ru_maxrss).unwrap_or(0) * unit }
}
