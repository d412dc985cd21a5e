//! Waking a sleeping reader, at the price of one atomic load where it is awake.

use parking_lot::{Condvar, Mutex};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A flag that one thread sleeps on. Raised while nobody sleeps, it ends the next sleep at once.
#[derive(Default)]
pub(super) struct Signal {
    raised: AtomicBool,
    asleep: Mutex<()>,
    wake: Condvar,
}

impl Signal {
    /// Ends the sleep, or the next one.
    #[inline]
    pub(super) fn raise(&self) {
        if !self.raised.load(Ordering::Relaxed) {
            self.raise_slow();
        }
    }

    #[cold]
    fn raise_slow(&self) {
        if !self.raised.swap(true, Ordering::AcqRel) {
            let _asleep = self.asleep.lock();
            self.wake.notify_one();
        }
    }

    /// Sleeps until the flag is up or the time is over, and takes the flag down.
    pub(super) fn wait(&self, timeout: Duration) {
        let deadline = Instant::now().checked_add(timeout);
        let mut asleep = self.asleep.lock();
        while !self.raised.swap(false, Ordering::AcqRel) {
            let over = match deadline {
                Some(deadline) => self.wake.wait_until(&mut asleep, deadline).timed_out(),
                None => {
                    self.wake.wait(&mut asleep);
                    false
                }
            };
            if over {
                break;
            }
        }
    }
}
