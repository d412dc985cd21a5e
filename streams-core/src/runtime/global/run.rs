//! The global thread on an OS thread, from its first step to its last.

use super::{GlobalThread, Parts};
use crate::config::Settings;
use crate::error::panic_text;
use crate::runtime::mailbox::Mailbox;
use crate::runtime::supervisor::Message;
use crate::runtime::thread::ask_handler;
use crate::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// The outside of the global thread.
pub(crate) struct Global {
    stop: Arc<Mailbox<()>>,
    handle: JoinHandle<()>,
}

impl Global {
    /// Closes the stores, which nobody reads any longer, and waits for that.
    pub fn stop(self) {
        let _ = self.stop.post(());
        if self.handle.join().is_err() {
            tracing::error!(target: "streams::global", "the global thread panicked while it ended");
        }
    }
}

/// Starts the thread. It tells the supervisor when the stores are complete, and when it fails; it ends when it is stopped.
pub(crate) fn start(parts: Parts) -> Result<Global> {
    let (name, stop) = (Settings::global_thread_name(&parts.shared.client_id), parts.stop.clone());
    let failed = format!("thread {name} could not be started");
    let handle = std::thread::Builder::new().name(name).spawn(move || run(&parts));
    let handle = handle.map_err(|error| Error::caused(ErrorKind::Io, failed, error))?;
    Ok(Global { stop, handle })
}

fn run(parts: &Parts) {
    let result = catch_unwind(AssertUnwindSafe(|| work(parts))).unwrap_or_else(|panic| {
        let text = panic_text(&*panic);
        Err(Error::new(ErrorKind::Internal, format!("it panicked outside of user code: {text}; please report it")))
    });
    if let Err(error) = result {
        tell_failure(parts, error);
    }
    parts.stop.close();
}

fn work(parts: &Parts) -> Result<()> {
    let Some(mut thread) = GlobalThread::new(parts)? else { return Ok(()) };
    let result = follow(parts, &mut thread);
    // streams may be reading the stores: their threads end first
    let mut wipe = false;
    if let Err(error) = result {
        wipe = error.kind() == ErrorKind::Corrupted;
        tell_failure(parts, error);
        while parts.stop.take().is_none() {
            parts.stop.wait(Duration::from_secs(1));
        }
    }
    thread.close(wipe);
    Ok(())
}

/// Until it is told to stop.
fn follow(parts: &Parts, thread: &mut GlobalThread) -> Result<()> {
    let mut complete = false;
    while parts.stop.take().is_none() {
        let worked = thread.step()?;
        if !complete {
            complete = thread.is_complete();
            if complete {
                let _ = parts.shared.supervisor.post(Message::GlobalReady(thread.readers()?));
            } else {
                thread.expect_progress()?;
            }
        }
        if !worked {
            thread.wait(parts.shared.settings.poll);
        }
    }
    Ok(())
}

#[cold]
fn tell_failure(parts: &Parts, error: Error) {
    let error = error.at(format!("thread {}", Settings::global_thread_name(&parts.shared.client_id)));
    // whatever it answers: streams cannot do without the stores, and the thread cannot be replaced under them, as in Java
    let _ = ask_handler(&parts.shared, &error);
    let _ = parts.shared.supervisor.post(Message::GlobalFailed(error));
}
