//! Wakes the thread that waits for records, from librdkafka's threads.

use parking_lot::{Condvar, Mutex};
use rdkafka_sys as rk;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A flag to sleep on. Setting it twice wakes once.
#[derive(Default)]
pub(super) struct Signal {
    set: AtomicBool,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Signal {
    /// Ends the present `wait`, or the next.
    pub fn set(&self) {
        if !self.set.swap(true, Ordering::AcqRel) {
            // Taking the lock makes sure that a waiter is either asleep or has yet to look at the flag.
            drop(self.lock.lock());
            self.changed.notify_one();
        }
    }

    /// Sleeps until the flag is set, and takes it back; false when the time was over first.
    pub fn wait(&self, timeout: Duration) -> bool {
        if self.set.swap(false, Ordering::AcqRel) {
            return true;
        }
        if timeout.is_zero() {
            return false;
        }
        let deadline = Instant::now().checked_add(timeout);
        let mut guard = self.lock.lock();
        while !self.set.swap(false, Ordering::AcqRel) {
            match deadline {
                Some(deadline) => {
                    if self.changed.wait_until(&mut guard, deadline).timed_out() {
                        return self.set.swap(false, Ordering::AcqRel);
                    }
                }
                None => self.changed.wait(&mut guard),
            }
        }
        true
    }
}

/// Says that a queue may hold something.
pub(super) struct Ready {
    ready: AtomicBool,
    signal: Arc<Signal>,
}

impl Ready {
    pub fn new(signal: &Arc<Signal>) -> Arc<Ready> {
        Arc::new(Ready { ready: AtomicBool::new(false), signal: signal.clone() })
    }

    /// The queue may hold something.
    pub fn set(&self) {
        self.ready.store(true, Ordering::Release);
        self.signal.set();
    }

    /// Whether it may; the answer is no until the next event.
    pub fn take(&self) -> bool {
        self.ready.load(Ordering::Relaxed) && self.ready.swap(false, Ordering::AcqRel)
    }

    /// To be looked at again, without waking anyone.
    pub fn look_again(&self) {
        self.ready.store(true, Ordering::Release);
    }
}

/// librdkafka's event callback; `opaque` is a `Ready` that the client keeps.
pub(super) unsafe extern "C" fn on_event(_client: *mut rk::rd_kafka_t, opaque: *mut c_void) {
    // Safety: see above. Nothing here can panic.
    unsafe { &*(opaque as *const Ready) }.set();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_signal_ends_one_wait() {
        let signal = Arc::new(Signal::default());
        signal.set();
        signal.set();
        assert!(signal.wait(Duration::ZERO));
        assert!(!signal.wait(Duration::from_millis(5)));
        let other = signal.clone();
        let thread = std::thread::spawn(move || other.set());
        assert!(signal.wait(Duration::from_secs(10)));
        thread.join().unwrap();
    }

    #[test]
    fn ready_is_taken_once() {
        let ready = Ready::new(&Arc::default());
        assert!(!ready.take());
        ready.set();
        assert!(ready.take());
        assert!(!ready.take());
    }
}
