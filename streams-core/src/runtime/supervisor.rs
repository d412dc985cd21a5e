//! The one who starts and ends an application's threads: it prepares the topics, replaces threads that failed, purges, and closes.
//!
//! Everything that waits for the cluster is done by short-lived threads of its own, so that closing never waits for a broker.

mod patterns;
mod threads;
mod topics;

use super::app_plan::Plan;
use super::backoff::Backoff;
use super::global::{self, Global};
use super::mailbox::Mailbox;
use super::purge;
use super::restorer;
use super::shared::Shared;
use super::state::State;
use super::stores::StateFiles;
use super::thread::{Ended, ThreadMessage};
use crate::exec::GlobalStores;
use crate::task::TaskSettings;
use crate::{Error, ErrorKind, Result};
use crossbeam_channel::Sender;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use threads::Thread;

/// How long threads have to commit when an error, or nobody in particular, ends the application.
const CLOSE_WITHIN: Duration = Duration::from_secs(30);
/// How often the figures of what all stores share are published.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

pub(crate) enum Message {
    /// The topics are ready, or never will be.
    Prepared(Result<Plan>),
    /// A thread wants to know which topics there are that patterns match.
    LookForTopics,
    /// They were looked for; `None`: nothing has changed.
    Looked(Result<Option<Plan>>),
    /// The cluster does not answer; it is asked again.
    Unreachable,
    /// The global stores are complete.
    GlobalReady(GlobalStores),
    /// The global thread failed.
    GlobalFailed(Error),
    ThreadEnded(Ended),
    /// The restorer ended by a fault of its own: no task could start any more.
    RestorerBroke(String),
    AddThread(Sender<Result<String>>),
    RemoveThread(Sender<Result<Option<String>>>),
    /// Close, with this much time for the last commits.
    Close {
        within: Duration,
    },
}

/// What `start` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstNews {
    Running,
    Unreachable,
    Failed,
}

pub(crate) struct Supervisor {
    shared: Arc<Shared>,
    tasks: Arc<TaskSettings>,
    files: Arc<StateFiles>,
    plan: Option<Arc<Plan>>,
    /// The plan while global stores are brought up: stream threads wait for them.
    waiting: Option<Plan>,
    global: Option<Global>,
    threads: BTreeMap<usize, Thread>,
    /// Threads to be started in place of failed ones.
    replacements: Vec<Duration>,
    replace_backoff: Backoff,
    removals: BTreeMap<usize, Sender<Result<Option<String>>>>,
    next_purge: Duration,
    look: patterns::Look,
    ending: bool,
    first_news: Option<Sender<FirstNews>>,
}

impl Supervisor {
    pub fn new(shared: Arc<Shared>, tasks: Arc<TaskSettings>, files: Arc<StateFiles>, first_news: Sender<FirstNews>) -> Self {
        Supervisor {
            next_purge: shared.clock.monotonic() + shared.settings.repartition_purge_interval,
            look: patterns::Look::default(),
            shared,
            tasks,
            files,
            plan: None,
            waiting: None,
            global: None,
            threads: BTreeMap::new(),
            replacements: Vec::new(),
            replace_backoff: Backoff::new(Duration::from_millis(500), Duration::from_secs(30)),
            removals: BTreeMap::new(),
            ending: false,
            first_news: Some(first_news),
        }
    }

    /// Until every thread has ended. `restorer`: the thread that is told to stop last.
    pub fn run(mut self, restorer: JoinHandle<()>) {
        self.prepare_topics();
        while !(self.ending && self.threads.is_empty()) {
            match self.shared.supervisor.take() {
                Some(message) => self.obey(message),
                None => {
                    let wait = self.do_what_is_due();
                    self.shared.supervisor.wait(wait);
                }
            }
        }
        // nobody reads the global stores any longer
        (self.plan, self.waiting) = (None, None);
        if let Some(global) = self.global.take() {
            global.stop();
        }
        let _ = self.shared.restorer.post(restorer::Command::Stop);
        let _ = restorer.join();
        self.shared.supervisor.close();
    }

    fn obey(&mut self, message: Message) {
        match message {
            Message::Prepared(Ok(plan)) => {
                tracing::info!(target: "streams::app", "topics are ready: {} tasks", plan.tasks.task_count());
                match plan.topology.globals().is_empty() || self.ending {
                    true => self.start_threads(plan),
                    false => self.start_global(plan),
                }
            }
            Message::GlobalReady(stores) => {
                tracing::info!(target: "streams::app", "global stores are complete");
                self.shared.globals_complete(&stores);
                if let Some(mut plan) = self.waiting.take() {
                    plan.globals = Arc::new(stores);
                    self.start_threads(plan);
                }
            }
            Message::GlobalFailed(error) => {
                self.shared.metrics.app().threads_failed.add_shared(1);
                self.end_with(error);
                self.tell(FirstNews::Failed);
            }
            Message::Prepared(Err(error)) => {
                tracing::error!(target: "streams::app", "the application cannot start: {error}");
                self.end_with(error);
                self.tell(FirstNews::Failed);
            }
            Message::LookForTopics => self.look_for_topics(),
            Message::Looked(found) => self.looked(found),
            Message::Unreachable => self.tell(FirstNews::Unreachable),
            Message::ThreadEnded(ended) => self.thread_ended(ended),
            Message::RestorerBroke(text) => {
                self.end_with(Error::new(
                    ErrorKind::Internal,
                    format!("the thread that restores state panicked: {text}; please report it"),
                ));
            }
            Message::AddThread(reply) => {
                let added = match (self.ending, &self.plan) {
                    (false, Some(plan)) if !plan.has_work() => Err(Error::new(
                        ErrorKind::Topology,
                        "the topology only has global stores: there is nothing for a stream thread to do",
                    )),
                    (false, Some(_)) => self.start_thread(),
                    (false, None) => Err(Error::new(ErrorKind::Unavailable, "the application is still starting; add threads when it runs")),
                    (true, _) => Err(Error::new(ErrorKind::Closed, "the application is closing")),
                };
                let _ = reply.send(added);
            }
            Message::RemoveThread(reply) => self.remove_thread(reply),
            Message::Close { within } => self.stop_all(within),
        }
    }

    fn tell(&mut self, news: FirstNews) {
        if let Some(waiting) = self.first_news.take() {
            let _ = waiting.send(news);
        }
    }

    fn prepare_topics(&self) {
        let (shared, files) = (self.shared.clone(), self.files.clone());
        spawn(format!("{}-admin", self.shared.client_id), move || {
            let prepared = topics::prepare_until_it_works(&shared, &files);
            if let Some(prepared) = prepared {
                let _ = shared.supervisor.post(Message::Prepared(prepared));
            }
        });
    }

    /// Brings the global stores up; stream threads follow when they are complete.
    fn start_global(&mut self, plan: Plan) {
        let parts = global::Parts {
            shared: self.shared.clone(),
            files: self.files.clone(),
            topology: plan.topology.clone(),
            counts: plan.global_counts.clone(),
            tasks: self.tasks.clone(),
            stop: Arc::new(Mailbox::new()),
        };
        match global::start(parts) {
            Ok(global) => (self.global, self.waiting) = (Some(global), Some(plan)),
            Err(error) => {
                self.end_with(error);
                self.tell(FirstNews::Failed);
            }
        }
    }

    fn end_with(&mut self, error: Error) {
        if self.shared.state.set(State::PendingError) {
            self.shared.fail(error);
        }
        self.stop_all(CLOSE_WITHIN);
    }

    fn stop_all(&mut self, within: Duration) {
        self.ending = true;
        self.replacements.clear();
        // what comes after the last commit takes some time too
        let deadline = self.shared.clock.monotonic() + within / 4 * 3;
        for entry in self.shared.threads() {
            let _ = entry.mailbox.post(ThreadMessage::Stop { deadline });
        }
    }

    /// Does what is due and says when it wants to be called again.
    fn do_what_is_due(&mut self) -> Duration {
        let now = self.shared.clock.monotonic();
        let due = self.replacements.iter().filter(|at| **at <= now).count();
        self.replacements.retain(|at| *at > now);
        for _ in 0..due {
            if let Err(error) = self.start_thread() {
                self.end_with(error);
            }
        }
        if self.next_purge <= now {
            self.next_purge = now + self.shared.settings.repartition_purge_interval;
            self.purge();
        }
        let next_look = self.look_if_due(now);
        self.publish();
        let next = self.replacements.iter().copied().chain(next_look).min().unwrap_or(self.next_purge).min(self.next_purge);
        next.saturating_sub(now).clamp(Duration::from_millis(1), PUBLISH_EVERY)
    }

    fn publish(&self) {
        let resources = self.files.resources();
        let (app, limits) = (self.shared.metrics.app(), resources.limits());
        app.block_cache_bytes.set_size(resources.block_cache_used());
        app.block_cache_limit_bytes.set_size(limits.block_cache_bytes);
        app.write_buffer_bytes.set_size(resources.write_buffer_used());
        app.write_buffer_limit_bytes.set_size(limits.write_buffer_bytes);
    }

    fn purge(&self) {
        if self.ending {
            return;
        }
        let Some(before) = self.shared.purgeable.lock().begin() else { return };
        let shared = self.shared.clone();
        spawn(format!("{}-admin", self.shared.client_id), move || {
            purge::purge(&*shared.admin, before);
            shared.purgeable.lock().ended();
        });
    }
}

fn spawn(name: String, body: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.clone()).spawn(body) {
        tracing::error!(target: "streams::app", "thread {name} could not be started: {error}");
    }
}
