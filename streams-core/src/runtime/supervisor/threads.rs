//! The stream threads: how they begin, are taken away, and end.

use super::{CLOSE_WITHIN, FirstNews, Supervisor};
use crate::handlers::UncaughtErrorResponse;
use crate::runtime::app_plan::Plan;
use crate::runtime::state::State;
use crate::runtime::thread::{self, Ended, ThreadMessage};
use crate::{Error, ErrorKind, Result};
use crossbeam_channel::Sender;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A thread that is replaced sooner than this after it began is replaced more and more slowly.
const LIVED_WELL: Duration = Duration::from_secs(30);

pub(super) struct Thread {
    handle: JoinHandle<()>,
    begun: Duration,
}

impl Supervisor {
    pub(super) fn start_threads(&mut self, plan: Plan) {
        let threads = if plan.has_work() { self.shared.settings.num_stream_threads } else { 0 };
        self.look_from_now_on(&plan);
        self.plan = Some(Arc::new(plan));
        if !self.ending {
            for _ in 0..threads {
                if let Err(error) = self.start_thread() {
                    self.end_with(error);
                    break;
                }
            }
            if threads == 0 {
                // nothing but global stores, which are complete
                self.shared.state.set(State::Running);
            }
        }
        self.tell(if self.ending { FirstNews::Failed } else { FirstNews::Running });
    }

    pub(super) fn start_thread(&mut self) -> Result<String> {
        let Some(plan) = self.plan.clone() else {
            return Err(Error::new(ErrorKind::Internal, "a thread was to start before the topics were ready"));
        };
        let entry = self.shared.new_thread();
        let (index, name) = (entry.index, entry.name.clone());
        let (shared, tasks) = (self.shared.clone(), self.tasks.clone());
        let body = move || thread::run(shared, plan, entry, tasks);
        match std::thread::Builder::new().name(name.clone()).spawn(body) {
            Ok(handle) => {
                self.threads.insert(index, Thread { handle, begun: self.shared.clock.monotonic() });
                Ok(name)
            }
            Err(error) => {
                self.shared.remove_thread(index);
                Err(Error::caused(ErrorKind::Io, format!("thread {name} could not be started"), error))
            }
        }
    }

    pub(super) fn remove_thread(&mut self, reply: Sender<Result<Option<String>>>) {
        let victim = self.threads.keys().rev().find(|index| !self.removals.contains_key(index)).copied();
        let entry = self.shared.threads().into_iter().find(|entry| Some(entry.index) == victim);
        let Some(entry) = entry else {
            let _ = reply.send(Ok(None));
            return;
        };
        self.removals.insert(entry.index, reply);
        let deadline = self.shared.clock.monotonic() + CLOSE_WITHIN;
        let _ = entry.mailbox.post(ThreadMessage::Stop { deadline });
    }

    pub(super) fn thread_ended(&mut self, ended: Ended) {
        let Ended { index, name, failure } = ended;
        let thread = self.threads.remove(&index);
        let begun = thread.as_ref().map(|t| t.begun);
        if thread.is_some_and(|thread| thread.handle.join().is_err()) {
            tracing::error!(target: "streams::app", "thread {name} panicked while it ended");
        }
        self.shared.remove_thread(index);
        if let Some(reply) = self.removals.remove(&index) {
            let _ = reply.send(Ok(Some(name)));
        }
        let Some((error, response)) = failure else { return };
        self.shared.metrics.app().threads_failed.add_shared(1);
        match response {
            UncaughtErrorResponse::ReplaceThread if self.ending => {}
            UncaughtErrorResponse::ReplaceThread => {
                let now = self.shared.clock.monotonic();
                let lived = now.saturating_sub(begun.unwrap_or(now));
                let wait = if lived >= LIVED_WELL {
                    self.replace_backoff.reset();
                    Duration::ZERO
                } else {
                    self.replace_backoff.next()
                };
                self.replacements.push(now + wait);
            }
            UncaughtErrorResponse::ShutdownClient => self.end_with(error),
            UncaughtErrorResponse::ShutdownApplication => {
                tracing::error!(
                    target: "streams::app",
                    "this instance closes; the classic group protocol cannot tell the other instances of {} to close: stop them",
                    self.shared.settings.application_id
                );
                self.end_with(error);
            }
        }
    }
}
