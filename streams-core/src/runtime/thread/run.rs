//! A stream thread on an OS thread, from its first step to its last.

use super::{Step, StreamThread, ThreadMessage};
use crate::error::panic_text;
use crate::handlers::UncaughtErrorResponse;
use crate::runtime::app_plan::Plan;
use crate::runtime::restorer::{Command, Restored};
use crate::runtime::shared::{Shared, ThreadEntry};
use crate::runtime::supervisor::Message;
use crate::runtime::thread_state::ThreadState;
use crate::task::TaskSettings;
use crate::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How a thread ended.
pub(crate) struct Ended {
    pub index: usize,
    pub name: String,
    /// What failed, and what the application wants to do about it.
    pub failure: Option<(Error, UncaughtErrorResponse)>,
}

/// Runs until the thread is told to stop, or fails.
pub(crate) fn run(shared: Arc<Shared>, plan: Arc<Plan>, entry: Arc<ThreadEntry>, tasks: Arc<TaskSettings>) {
    let failure = catch_unwind(AssertUnwindSafe(|| work(&shared, plan, &entry, tasks))).unwrap_or_else(|panic| {
        let text = panic_text(&*panic);
        let error = Error::new(
            ErrorKind::Internal,
            format!("stream thread {} panicked outside of user code: {text}; please report it", entry.name),
        );
        let response = ask_handler(&shared, &error);
        Some((error, response))
    });
    // what arrived too late goes back, in this order: a sibling may be waiting for it
    for message in entry.mailbox.close() {
        if let ThreadMessage::Restored(Restored { id, stores: Ok(stores), .. }) = message {
            let _ = shared.restorer.post(Command::Release { id, stores });
        }
    }
    let _ = shared.restorer.post(Command::ThreadGone { thread: entry.index });
    shared.thread_tasks(&entry, Vec::new(), Vec::new());
    shared.thread_state(&entry, ThreadState::Dead);
    let ended = Ended { index: entry.index, name: entry.name.clone(), failure };
    let _ = shared.supervisor.post(Message::ThreadEnded(ended));
}

fn work(
    shared: &Arc<Shared>,
    plan: Arc<Plan>,
    entry: &Arc<ThreadEntry>,
    tasks: Arc<TaskSettings>,
) -> Option<(Error, UncaughtErrorResponse)> {
    let mut thread = match StreamThread::new(shared.clone(), plan, entry.clone(), tasks) {
        Ok(thread) => thread,
        Err(error) => {
            let response = ask_handler(shared, &error);
            return Some((error, response));
        }
    };
    match repeat(&mut thread) {
        Ok(()) => None,
        Err(error) => {
            let error = error.at(format!("thread {}", entry.name));
            let response = ask_handler(shared, &error);
            thread.close(None);
            Some((error, response))
        }
    }
}

fn repeat(thread: &mut StreamThread) -> Result<()> {
    loop {
        match thread.step() {
            Ok(Step::Again) => {}
            Ok(Step::Idle(timeout)) => thread.wait(timeout),
            Ok(Step::Stopped) => return Ok(()),
            Err(error) if thread.outlives(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// What the uncaught-error handler says to an error that ends a thread.
pub(crate) fn ask_handler(shared: &Shared, error: &Error) -> UncaughtErrorResponse {
    let handler = &shared.handlers.uncaught;
    let response = catch_unwind(AssertUnwindSafe(|| handler.handle(error))).unwrap_or_else(|panic| {
        tracing::error!(target: "streams::app", "the uncaught-error handler panicked: {}; this instance closes", panic_text(&*panic));
        UncaughtErrorResponse::ShutdownClient
    });
    tracing::error!(target: "streams::app", kind = ?error.kind(), ?response, "{error}");
    response
}
