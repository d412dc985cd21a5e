//! Running until somebody stops the process.

use super::app::KafkaStreams;
use super::state::State;
use crate::{Error, ErrorKind, Result};
use std::time::Duration;

/// What a shell sees of a process that a second signal ended.
const INTERRUPTED: i32 = 130;

impl KafkaStreams {
    /// Blocks until SIGINT or SIGTERM arrives, or the application ends by itself; then closes it, within `timeout`. A second signal ends the
    /// process at once.
    ///
    /// # Errors
    /// The error that ended the application, or that closing took too long.
    pub fn run_until_signal(self, timeout: Duration) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::caused(ErrorKind::Io, "signals cannot be waited for", e))?;
        runtime.block_on(async {
            let mut signals = Signals::new()?;
            tokio::select! {
                name = signals.next() => tracing::info!(target: "streams::app", "{name}: closing; once more ends the process at once"),
                _ = self.closed() => return Ok(()),
            }
            self.begin_close(timeout);
            tokio::select! {
                _ = signals.next() => std::process::exit(INTERRUPTED),
                _ = self.closed() => {}
                () = tokio::time::sleep(timeout) => {}
            }
            Ok::<(), Error>(())
        })?;
        match self.shared.failure().filter(|_| self.state() == State::Error) {
            Some(error) => Err(error),
            None if self.state().is_final() => Ok(()),
            None => {
                let error = self.not_closed_within(timeout);
                // dropping it would wait once more
                let _ = std::mem::ManuallyDrop::new(self);
                Err(error)
            }
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let wait_for = |kind| signal(kind).map_err(|e| Error::caused(ErrorKind::Io, "signals cannot be waited for", e));
        Ok(Signals { interrupt: wait_for(SignalKind::interrupt())?, terminate: wait_for(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Result<Self> {
        Ok(Signals)
    }

    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "interrupt"
    }
}
