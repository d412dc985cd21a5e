//! The application as its user holds it.

use super::builder::KafkaStreamsBuilder;
use super::metadata::ThreadMetadata;
use super::shared::Shared;
use super::state::State;
use super::stores::StateFiles;
use super::supervisor::Message;
use crate::config::StreamsConfig;
use crate::metrics::MetricsRegistry;
use crate::topology::Topology;
use crate::{Error, ErrorKind, Result};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

/// How long `drop` waits for the last commit.
const DROP_WAITS: Duration = Duration::from_secs(30);

/// A running application: its threads join the group `application.id`, take tasks and process records until it is closed.
///
/// Made by [`KafkaStreams::start`] or [`KafkaStreams::builder`]. All methods may be called from any thread. Dropping it closes it.
///
/// # Errors while it runs
/// An error that no other handler answered ends its thread; the uncaught-error handler decides what follows. By default the application
/// closes: [`state`](Self::state) is [`State::Error`] then and [`error`](Self::error) tells why.
pub struct KafkaStreams {
    pub(crate) shared: Arc<Shared>,
    pub(super) files: Arc<StateFiles>,
}

impl KafkaStreams {
    /// Everything that can be set about an application beside its config.
    pub fn builder(topology: Topology, config: StreamsConfig) -> KafkaStreamsBuilder {
        KafkaStreamsBuilder::new(topology, config)
    }

    /// Starts with the components that the config names.
    ///
    /// # Errors
    /// `Config`: a setting is wrong. `Io`: the state directory cannot be used, or another process has it. `Topology`: a topic is missing or
    /// has the wrong number of partitions. A cluster that does not answer is no error: the application keeps asking, in state `Rebalancing`.
    /// So it is while global tables are brought up, which `start` does not wait for when they take more than a few seconds.
    pub fn start(topology: Topology, config: StreamsConfig) -> Result<KafkaStreams> {
        Self::builder(topology, config).start()
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        self.shared.state.get()
    }

    /// The state as it changes, to be awaited.
    pub fn watch_state(&self) -> watch::Receiver<State> {
        self.shared.state.watch()
    }

    /// Blocks until the application is in `state`.
    ///
    /// # Errors
    /// Why the application ended, if it did; `Unavailable` when the time is over.
    pub fn wait_for(&self, state: State, timeout: Duration) -> Result<()> {
        let reached = self.shared.state.wait(timeout, |now| now == state || now.is_final());
        if reached == state {
            return Ok(());
        }
        match self.shared.failure().filter(|_| reached.is_final()) {
            Some(error) => Err(error),
            None => Err(Error::new(
                ErrorKind::Unavailable,
                format!("the application is {reached}, not {state}, after {} ms", timeout.as_millis()),
            )),
        }
    }

    /// The error that ended the application.
    pub fn error(&self) -> Option<Arc<Error>> {
        self.shared.error.lock().clone()
    }

    /// Commits, closes the stores, leaves the group, and waits for that. May be called again, and in any state.
    ///
    /// # Errors
    /// `Unavailable` when it takes longer than `timeout`: closing goes on, the message names the threads that are not done (a closure that
    /// does not return cannot be interrupted).
    pub fn close(&self, timeout: Duration) -> Result<()> {
        self.begin_close(timeout);
        if self.shared.state.wait(timeout, State::is_final).is_final() {
            return Ok(());
        }
        Err(self.not_closed_within(timeout))
    }

    #[cold]
    pub(super) fn not_closed_within(&self, timeout: Duration) -> Error {
        let left: Vec<String> = self.shared.threads().iter().map(|thread| thread.name.clone()).collect();
        Error::new(
            ErrorKind::Unavailable,
            format!("the application did not close within {} ms; still running: [{}]", timeout.as_millis(), left.join(", ")),
        )
    }

    pub(super) fn begin_close(&self, within: Duration) {
        if self.shared.state.set(State::PendingShutdown) {
            let _ = self.shared.supervisor.post(Message::Close { within });
        }
    }

    /// Waits until the application has ended: closed, or failed.
    pub async fn closed(&self) -> State {
        let mut states = self.watch_state();
        loop {
            let state = *states.borrow_and_update();
            if state.is_final() || states.changed().await.is_err() {
                return state;
            }
        }
    }

    /// Starts one more stream thread; its name. The limits in bytes are divided anew.
    #[doc(alias = "addStreamThread")]
    pub fn add_thread(&self) -> Result<String> {
        self.shared.must_be_alive("add_thread")?;
        self.ask(Duration::from_secs(60), Message::AddThread)
    }

    /// Closes the stream thread with the highest number and waits for it; `None` when there is none. Its tasks move to the others.
    ///
    /// # Errors
    /// `Unavailable` when it takes longer than `timeout`; it goes on closing.
    #[doc(alias = "removeStreamThread")]
    pub fn remove_thread(&self, timeout: Duration) -> Result<Option<String>> {
        self.shared.must_be_alive("remove_thread")?;
        self.ask(timeout, Message::RemoveThread)
    }

    fn ask<T>(&self, timeout: Duration, message: impl FnOnce(crossbeam_channel::Sender<Result<T>>) -> Message) -> Result<T> {
        let (reply, answer) = crossbeam_channel::bounded(1);
        if self.shared.supervisor.post(message(reply)).is_err() {
            return Err(Error::new(ErrorKind::Closed, "the application has ended"));
        }
        match answer.recv_timeout(timeout) {
            Ok(answer) => answer,
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => {
                Err(Error::new(ErrorKind::Unavailable, format!("no stream thread answered within {} ms", timeout.as_millis())))
            }
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => Err(Error::new(ErrorKind::Closed, "the application has ended")),
        }
    }

    /// Stops processing, punctuation and restoring; the threads stay members of the group and keep their tasks.
    pub fn pause(&self) {
        self.shared.paused.store(true, Ordering::Relaxed);
    }

    /// Goes on after `pause`.
    pub fn resume(&self) {
        self.shared.paused.store(false, Ordering::Relaxed);
    }

    /// Whether `pause` was called.
    #[doc(alias = "isPaused")]
    pub fn is_paused(&self) -> bool {
        self.shared.paused()
    }

    /// Everything it measures, to be joined to a `prometheus::Registry` by [`MetricsCollector`](crate::metrics::MetricsCollector) or read as
    /// text by [`gather_text`](MetricsRegistry::gather_text).
    pub fn metrics(&self) -> Arc<MetricsRegistry> {
        self.shared.metrics.clone()
    }

    /// The id that its threads, clients and metrics begin with: `client.id`, or `<application.id>-<process id>`.
    pub fn client_id(&self) -> &str {
        &self.shared.client_id
    }

    /// Its threads and their tasks.
    #[doc(alias = "metadataForLocalThreads")]
    pub fn threads(&self) -> Vec<ThreadMetadata> {
        self.shared.thread_metadata()
    }

    /// Deletes the application's local state; it is restored from the changelogs when it starts again.
    ///
    /// # Errors
    /// `Closed` while the application runs; `Io` when a file cannot be deleted.
    #[doc(alias = "cleanUp")]
    pub fn clean_up(&self) -> Result<()> {
        let state = self.state();
        if !state.is_final() {
            return Err(Error::new(
                ErrorKind::Closed,
                format!("local state can be deleted when the application does not run; it is {state}"),
            ));
        }
        self.files.clean_up()
    }
}

impl fmt::Debug for KafkaStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let application = &self.shared.settings.application_id;
        f.debug_struct("KafkaStreams").field("application_id", application).field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Drop for KafkaStreams {
    fn drop(&mut self) {
        if let Err(error) = self.close(DROP_WAITS) {
            tracing::error!(target: "streams::app", "{error}");
        }
    }
}
