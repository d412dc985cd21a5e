//! The states of an application, as Java's `KafkaStreams.State`, and the cell that holds the current one.

use crate::metrics::MetricsRegistry;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What an application is doing.
///
/// ```text
/// Created -> Rebalancing <-> Running
/// Created, Rebalancing, Running -> PendingShutdown -> NotRunning
/// Rebalancing, Running -> PendingError -> Error
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "KafkaStreams.State")]
pub enum State {
    /// Made, not started.
    Created,
    /// Starting, or a thread is gaining or losing tasks, or restoring them; running tasks go on meanwhile.
    Rebalancing,
    /// Every thread runs all of its tasks.
    Running,
    /// `close` was called.
    PendingShutdown,
    /// Closed.
    NotRunning,
    /// An error ends the application; threads are being closed.
    PendingError,
    /// Ended by an error: `KafkaStreams::error` tells which.
    Error,
}

impl State {
    /// Where Java lets a state go.
    pub(crate) fn may_become(self, next: State) -> bool {
        use State::*;
        match self {
            Created => matches!(next, Rebalancing | PendingShutdown),
            Rebalancing => matches!(next, Running | PendingShutdown | PendingError),
            Running => matches!(next, Rebalancing | Running | PendingShutdown | PendingError),
            PendingShutdown => next == NotRunning,
            PendingError => next == Error,
            NotRunning | Error => false,
        }
    }

    /// `Running` or `Rebalancing`.
    #[doc(alias = "isRunningOrRebalancing")]
    pub fn is_alive(self) -> bool {
        matches!(self, State::Running | State::Rebalancing)
    }

    /// `NotRunning` or `Error`: nothing follows.
    #[doc(alias = "hasCompletedShutdown")]
    pub fn is_final(self) -> bool {
        matches!(self, State::NotRunning | State::Error)
    }
}

impl fmt::Display for State {
    /// Java's word, such as `PENDING_SHUTDOWN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Created => "CREATED",
            State::Rebalancing => "REBALANCING",
            State::Running => "RUNNING",
            State::PendingShutdown => "PENDING_SHUTDOWN",
            State::NotRunning => "NOT_RUNNING",
            State::PendingError => "PENDING_ERROR",
            State::Error => "ERROR",
        })
    }
}

/// Called after each change with the new and the old state, in order, outside of every lock.
pub type StateListener = Box<dyn Fn(State, State) + Send + Sync>;

struct Inner {
    state: State,
    /// Changes that the listener has not been told yet.
    news: VecDeque<(State, State)>,
    telling: bool,
}

/// The current state: changed by any thread, waited for by any.
pub(crate) struct StateCell {
    inner: Mutex<Inner>,
    changed: Condvar,
    watch: watch::Sender<State>,
    listener: Option<StateListener>,
    metrics: Arc<MetricsRegistry>,
}

impl StateCell {
    pub fn new(listener: Option<StateListener>, metrics: Arc<MetricsRegistry>) -> Self {
        let inner = Inner { state: State::Created, news: VecDeque::new(), telling: false };
        StateCell { inner: Mutex::new(inner), changed: Condvar::new(), watch: watch::Sender::new(State::Created), listener, metrics }
    }

    pub fn get(&self) -> State {
        self.inner.lock().state
    }

    pub fn watch(&self) -> watch::Receiver<State> {
        self.watch.subscribe()
    }

    /// Goes to `next` if that is legal, and says whether it did. A late change (a thread reports RUNNING while the application closes) is
    /// no fault: the first end that was begun stands.
    pub fn set(&self, next: State) -> bool {
        self.set_by(|| Some(next))
    }

    /// The same for a state that follows from something else, looked at while nobody else changes the state.
    pub fn set_by(&self, next: impl FnOnce() -> Option<State>) -> bool {
        let mut inner = self.inner.lock();
        let old = inner.state;
        let Some(next) = next().filter(|next| *next != old && old.may_become(*next)) else { return false };
        inner.state = next;
        self.watch.send_replace(next);
        self.metrics.app().state.set(next as i64);
        self.changed.notify_all();
        tracing::info!(target: "streams::app", "state transition from {old} to {next}");
        let Some(listener) = &self.listener else { return true };
        inner.news.push_back((next, old));
        if inner.telling {
            return true;
        }
        // whoever finds nobody telling tells everything in order; user code runs without the lock
        inner.telling = true;
        while let Some((new, old)) = inner.news.pop_front() {
            drop(inner);
            if catch_unwind(AssertUnwindSafe(|| listener(new, old))).is_err() {
                tracing::error!(target: "streams::app", "the state listener panicked on {old} -> {new}; it will be called again on the next change");
            }
            inner = self.inner.lock();
        }
        inner.telling = false;
        true
    }

    /// Blocks until `wanted` holds or the time is over; the state seen last.
    pub fn wait(&self, timeout: Duration, wanted: impl Fn(State) -> bool) -> State {
        let deadline = Instant::now().checked_add(timeout);
        let mut inner = self.inner.lock();
        while !wanted(inner.state) {
            match deadline {
                Some(deadline) if self.changed.wait_until(&mut inner, deadline).timed_out() => break,
                Some(_) => {}
                None => self.changed.wait(&mut inner),
            }
        }
        inner.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::*;

    const ALL: [State; 7] = [Created, Rebalancing, Running, PendingShutdown, NotRunning, PendingError, Error];

    #[test]
    fn transitions_are_javas_table() {
        // KafkaStreams.State: CREATED(1, 3), REBALANCING(2, 3, 5), RUNNING(1, 2, 3, 5), PENDING_SHUTDOWN(4), NOT_RUNNING, PENDING_ERROR(6), ERROR
        let java: [&[usize]; 7] = [&[1, 3], &[2, 3, 5], &[1, 2, 3, 5], &[4], &[], &[6], &[]];
        for (from, legal) in ALL.iter().zip(java) {
            for (number, to) in ALL.iter().enumerate() {
                assert_eq!(from.may_become(*to), legal.contains(&number), "{from} -> {to}");
            }
        }
    }

    fn cell(listener: Option<StateListener>) -> StateCell {
        StateCell::new(listener, MetricsRegistry::new("app", "client", crate::config::RecordingLevel::Info))
    }

    #[test]
    fn the_first_end_that_was_begun_stands() {
        let cell = cell(None);
        assert!(cell.set(Rebalancing) && cell.set(Running) && cell.set(PendingShutdown));
        assert!(!cell.set(Rebalancing) && !cell.set(PendingError) && !cell.set(PendingShutdown));
        assert!(cell.set(NotRunning));
        assert!(ALL.iter().all(|next| !cell.set(*next)));
        assert_eq!(cell.get(), NotRunning);
    }

    #[test]
    fn the_listener_hears_changes_in_order_and_may_panic() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let sink = heard.clone();
        let cell = cell(Some(Box::new(move |new, old| {
            sink.lock().push((old, new));
            assert_ne!(new, Running, "a listener that fails");
        })));
        cell.set(Rebalancing);
        cell.set(Running);
        cell.set(PendingError);
        cell.set(Error);
        assert_eq!(*heard.lock(), [(Created, Rebalancing), (Rebalancing, Running), (Running, PendingError), (PendingError, Error)]);
    }

    #[test]
    fn waiting_ends_with_the_state_or_with_the_time() {
        let cell = Arc::new(cell(None));
        assert_eq!(cell.wait(Duration::from_millis(5), |s| s == Running), Created);
        let other = cell.clone();
        let setter = std::thread::spawn(move || (other.set(Rebalancing), other.set(Running)));
        assert_eq!(cell.wait(Duration::from_secs(20), |s| s == Running), Running);
        assert_eq!(setter.join().ok(), Some((true, true)));
        assert_eq!(cell.metrics.app().state.get(), 2);
    }
}
