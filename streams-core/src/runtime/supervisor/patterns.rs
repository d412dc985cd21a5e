//! Topics that patterns match, looked for while the application runs.

use super::{Message, Supervisor, spawn, topics};
use crate::runtime::app_plan::Plan;
use crate::runtime::thread::ThreadMessage;
use crate::{ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;

/// They are not looked for more often, however small `metadata.max.age.ms` is.
const AT_MOST_EVERY: Duration = Duration::from_millis(10);

/// When topics are looked for.
#[derive(Default)]
pub(super) struct Look {
    /// `None`: no source reads by pattern.
    next: Option<Duration>,
    under_way: bool,
    /// A thread asked while it was under way, and may have seen what came too late for it.
    again: bool,
    /// A thread waits for an answer.
    wanted: bool,
}

impl Supervisor {
    pub(super) fn look_from_now_on(&mut self, plan: &Plan) {
        self.look.next = plan.has_patterns().then(|| self.next_look());
    }

    fn next_look(&self) -> Duration {
        self.shared.clock.monotonic() + self.shared.settings.metadata_max_age.max(AT_MOST_EVERY)
    }

    /// Looks when it is time to; the answer is when it will be.
    pub(super) fn look_if_due(&mut self, now: Duration) -> Option<Duration> {
        if self.look.next? <= now && !self.look.under_way {
            self.look();
        }
        self.look.next.filter(|_| !self.look.under_way)
    }

    /// A thread wants an answer.
    pub(super) fn look_for_topics(&mut self) {
        (self.look.wanted, self.look.again) = (true, self.look.under_way);
        if !self.look.under_way {
            self.look();
        }
    }

    fn look(&mut self) {
        let Some(plan) = self.plan.clone().filter(|plan| plan.has_patterns() && !self.ending) else { return };
        self.look.under_way = true;
        let (shared, files) = (self.shared.clone(), self.files.clone());
        spawn(format!("{}-admin", self.shared.client_id), move || {
            let found = topics::look_again(&shared, &files, &plan);
            let _ = shared.supervisor.post(Message::Looked(found));
        });
    }

    pub(super) fn looked(&mut self, found: Result<Option<Plan>>) {
        self.look.under_way = false;
        self.look.next = Some(self.next_look());
        let Some(present) = self.plan.clone() else { return };
        match found {
            Ok(Some(mut plan)) => {
                plan.globals = present.globals.clone();
                let topics: Vec<String> = plan.by_pattern.matched.iter().map(ToString::to_string).collect();
                tracing::info!(
                    target: "streams::app",
                    "patterns match other topics by now, [{}]: {} tasks",
                    topics.join(", "),
                    plan.tasks.task_count()
                );
                self.plan = Some(Arc::new(plan));
                self.tell_threads();
            }
            Ok(None) if self.look.wanted => self.tell_threads(),
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                tracing::warn!(target: "streams::app", "topics that patterns match could not be looked for, trying again later: {error}");
            }
            // as in Java, where the thread that leads the group fails: the uncaught-error handler says what becomes of it
            Err(error) => {
                if let Some(thread) = self.shared.threads().first() {
                    let _ = thread.mailbox.post(ThreadMessage::TopicsRefused(error));
                }
            }
        }
        self.look.wanted = false;
        if std::mem::take(&mut self.look.again) {
            self.look_for_topics();
        }
    }

    fn tell_threads(&self) {
        let Some(plan) = &self.plan else { return };
        for thread in self.shared.threads() {
            let _ = thread.mailbox.post(ThreadMessage::Topics(plan.clone()));
        }
    }
}
