//! A queue of messages to a loop that sleeps in more than one place.

use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

type Waker = Arc<dyn Fn() + Send + Sync>;

/// Unbounded: what is posted are changes of tasks and threads, never records.
pub(crate) struct Mailbox<T> {
    queue: Mutex<VecDeque<T>>,
    posted: Condvar,
    /// Ends the owner's sleep where it does not sleep in `wait`: its fetcher's waker.
    waker: Mutex<Option<Waker>>,
}

impl<T> Mailbox<T> {
    pub fn new() -> Self {
        Mailbox { queue: Mutex::new(VecDeque::new()), posted: Condvar::new(), waker: Mutex::new(None) }
    }

    pub fn post(&self, message: T) {
        self.queue.lock().push_back(message);
        self.posted.notify_one();
        let waker = self.waker.lock().clone();
        if let Some(wake) = waker {
            wake();
        }
    }

    pub fn take(&self) -> Option<T> {
        self.queue.lock().pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.queue.lock().is_empty()
    }

    /// Sleeps until a message is there or the time is over.
    pub fn wait(&self, timeout: Duration) {
        let mut queue = self.queue.lock();
        if queue.is_empty() {
            self.posted.wait_for(&mut queue, timeout);
        }
    }

    pub fn set_waker(&self, waker: Option<Waker>) {
        *self.waker.lock() = waker;
    }
}
