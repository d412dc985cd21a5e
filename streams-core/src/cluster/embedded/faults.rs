//! Trouble on demand, for tests.

use super::errors::{rejected, unreachable_cluster};
use crate::cluster::Waker;
use crate::{Error, Result};
use hashbrown::HashMap;
use parking_lot::{Condvar, Mutex};
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What is broken at present.
#[derive(Default)]
pub(super) struct Faults {
    unreachable: AtomicBool,
    healing: Mutex<()>,
    healed: Condvar,
    failing: AtomicBool,
    lost_replies: AtomicUsize,
    commits: Mutex<Commits>,
    commits_released: Condvar,
    produces: Mutex<HashMap<String, Refusals>>,
}

/// Commits in the background that a test keeps from being made.
#[derive(Default)]
struct Commits {
    held: bool,
    /// To be called when they may go on.
    waiting: Vec<Waker>,
}

struct Refusals {
    left: usize,
    retriable: bool,
}

impl Faults {
    pub(super) fn set_reachable(&self, reachable: bool) {
        let _healing = self.healing.lock();
        self.unreachable.store(!reachable, Ordering::Release);
        self.healed.notify_all();
    }

    #[inline]
    pub(super) fn reachable(&self) -> bool {
        !self.unreachable.load(Ordering::Acquire)
    }

    /// Fails at once when the cluster is unreachable.
    pub(super) fn check(&self, what: impl Display) -> Result {
        if self.reachable() { Ok(()) } else { Err(unreachable_cluster(what)) }
    }

    /// Waits until the cluster is reachable; fails when the time is over.
    pub(super) fn wait(&self, what: impl Display, timeout: Duration) -> Result {
        if self.reachable() {
            return Ok(());
        }
        let deadline = Instant::now() + timeout.min(Duration::from_secs(86_400));
        let mut healing = self.healing.lock();
        while !self.reachable() {
            if self.healed.wait_until(&mut healing, deadline).timed_out() {
                return self.check(what);
            }
        }
        Ok(())
    }

    pub(super) fn fail_produces(&self, topic: &str, count: usize, retriable: bool) {
        let mut produces = self.produces.lock();
        match count {
            0 => drop(produces.remove(topic)),
            _ => drop(produces.insert(topic.to_string(), Refusals { left: count, retriable })),
        }
        self.failing.store(!produces.is_empty(), Ordering::Release);
    }

    /// Whether the next record to `topic` is to fail: why, and whether it may be sent again.
    #[inline]
    pub(super) fn refuses(&self, topic: &str) -> Option<(Error, bool)> {
        if self.failing.load(Ordering::Acquire) { self.take_refusal(topic) } else { None }
    }

    pub(super) fn lose_replies(&self, count: usize) {
        self.lost_replies.store(count, Ordering::Release);
    }

    /// Whether the reply to a commit gets lost.
    pub(super) fn loses_reply(&self) -> bool {
        self.lost_replies.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok()
    }

    pub(super) fn hold_commits(&self, hold: bool) {
        let mut commits = self.commits.lock();
        commits.held = hold;
        if !hold {
            commits.waiting.drain(..).for_each(|wake| wake());
            self.commits_released.notify_all();
        }
    }

    /// How many commits have begun since they are held.
    pub(super) fn commits_held(&self) -> usize {
        self.commits.lock().waiting.len()
    }

    /// A commit begins; `wake` is called when it may be made.
    pub(super) fn commit_begins(&self, wake: Waker) {
        let mut commits = self.commits.lock();
        if commits.held { commits.waiting.push(wake) } else { wake() }
    }

    /// Whether commits may be made, having waited so long.
    pub(super) fn commit_may_end(&self, wait: Duration) -> bool {
        let mut commits = self.commits.lock();
        self.commits_released.wait_while_for(&mut commits, |commits| commits.held, wait);
        !commits.held
    }

    #[cold]
    fn take_refusal(&self, topic: &str) -> Option<(Error, bool)> {
        let mut produces = self.produces.lock();
        let refusals = produces.get_mut(topic)?;
        let retriable = refusals.retriable;
        refusals.left -= 1;
        if refusals.left == 0 {
            produces.remove(topic);
        }
        self.failing.store(!produces.is_empty(), Ordering::Release);
        let error = match retriable {
            true => unreachable_cluster(format!("writing to topic `{topic}`")),
            false => rejected(format!("the embedded cluster refuses a record to topic `{topic}` (as a test asked for)")),
        };
        Some((error, retriable))
    }
}
