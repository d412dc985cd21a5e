//! A queue of messages to a loop that sleeps in more than one place.

use crate::cluster::Waker;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::time::Duration;

/// Unbounded: what is posted are changes of tasks and threads, never records.
pub(crate) struct Mailbox<T> {
    queue: Mutex<Queue<T>>,
    posted: Condvar,
    /// Ends the owner's sleep where it does not sleep in `wait`: its fetcher's waker.
    waker: Mutex<Option<Waker>>,
}

struct Queue<T> {
    messages: VecDeque<T>,
    closed: bool,
}

impl<T> Mailbox<T> {
    pub fn new() -> Self {
        let queue = Queue { messages: VecDeque::new(), closed: false };
        Mailbox { queue: Mutex::new(queue), posted: Condvar::new(), waker: Mutex::new(None) }
    }

    /// Gives the message back when nobody will ever read it.
    pub fn post(&self, message: T) -> Result<(), T> {
        {
            let mut queue = self.queue.lock();
            if queue.closed {
                return Err(message);
            }
            queue.messages.push_back(message);
        }
        self.posted.notify_one();
        let waker = self.waker.lock().clone();
        if let Some(wake) = waker {
            wake();
        }
        Ok(())
    }

    pub fn take(&self) -> Option<T> {
        self.queue.lock().messages.pop_front()
    }

    /// Sleeps until a message is there or the time is over.
    pub fn wait(&self, timeout: Duration) {
        let mut queue = self.queue.lock();
        if queue.messages.is_empty() {
            self.posted.wait_for(&mut queue, timeout);
        }
    }

    /// The owner ends: what it has not read yet, and nothing after it.
    pub fn close(&self) -> VecDeque<T> {
        *self.waker.lock() = None;
        let mut queue = self.queue.lock();
        queue.closed = true;
        std::mem::take(&mut queue.messages)
    }

    pub fn set_waker(&self, waker: Option<Waker>) {
        *self.waker.lock() = waker;
    }
}
