//! librdkafka's log lines go to `tracing`, never to stderr.

use super::client::Shared;
use parking_lot::Mutex;
use rdkafka_sys as rk;
use std::ffi::{CStr, c_char, c_int};
use std::time::{Duration, Instant};

/// At most this many lines of a client within `WINDOW`: a broker that is away says the same thing for ever.
const LINES: u32 = 20;
const WINDOW: Duration = Duration::from_secs(10);
/// A trouble older than this explains nothing any more.
const TROUBLE_AGE: Duration = Duration::from_secs(60);

/// syslog's levels, which librdkafka uses.
const ERROR: c_int = 3;
const NOTICE: c_int = 5;
const INFO: c_int = 6;

/// Lets only so many lines through, and remembers the last trouble.
#[derive(Default)]
pub(super) struct Limiter(Mutex<State>);

#[derive(Default)]
struct State {
    window: Option<Instant>,
    lines: u32,
    suppressed: u32,
    trouble: Option<(Instant, String)>,
}

impl Limiter {
    /// `Some(n)`: this line may pass, and n lines before it did not.
    pub fn admit(&self, now: Instant) -> Option<u32> {
        let mut state = self.0.lock();
        if state.window.is_none_or(|start| now.duration_since(start) >= WINDOW) {
            state.window = Some(now);
            state.lines = 0;
        }
        if state.lines >= LINES {
            state.suppressed += 1;
            return None;
        }
        state.lines += 1;
        Some(std::mem::take(&mut state.suppressed))
    }

    /// Remembers what went wrong.
    pub fn trouble(&self, now: Instant, line: &str) {
        self.0.lock().trouble = Some((now, line.to_owned()));
    }

    /// What went wrong lately.
    pub fn last_trouble(&self) -> Option<String> {
        self.0.lock().trouble.as_ref().filter(|(at, _)| at.elapsed() < TROUBLE_AGE).map(|(_, line)| line.clone())
    }
}

/// Called by librdkafka's threads.
pub(super) unsafe extern "C" fn callback(client: *const rk::rd_kafka_t, level: c_int, facility: *const c_char, line: *const c_char) {
    // A panic of the subscriber must not cross into C.
    let _ = std::panic::catch_unwind(|| {
        if facility.is_null() || line.is_null() {
            return;
        }
        // Safety: both end with a zero and live for the call; the opaque pointer is the client's `Shared`, which outlives it.
        let (facility, line, shared) = unsafe {
            let shared = if client.is_null() { std::ptr::null() } else { rk::rd_kafka_opaque(client) as *const Shared };
            (CStr::from_ptr(facility).to_string_lossy(), CStr::from_ptr(line).to_string_lossy(), shared.as_ref())
        };
        emit(shared, level, &facility, &line);
    });
}

fn emit(shared: Option<&Shared>, level: c_int, facility: &str, line: &str) {
    let client_id = shared.map_or("", |s| s.id.as_str());
    // `[thrd:name]: ` in front of each line says nothing to a user.
    let line = line.strip_prefix("[thrd:").and_then(|l| l.split_once("]: ")).map_or(line, |(_, rest)| rest);
    if level > INFO {
        tracing::debug!(target: "kafka", client_id, facility, "{line}");
        return;
    }
    let mut suppressed = 0;
    if let Some(shared) = shared {
        let now = Instant::now();
        // Why a broker is down was said before.
        if level <= ERROR && !line.contains("brokers are down") {
            shared.log.trouble(now, line);
        }
        match shared.log.admit(now) {
            Some(count) => suppressed = count,
            None => return,
        }
    }
    // Nothing that librdkafka calls an error ends the application: it goes on trying.
    match level {
        ..=NOTICE => tracing::warn!(target: "kafka", client_id, facility, suppressed, "{line}"),
        _ => tracing::info!(target: "kafka", client_id, facility, suppressed, "{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_limit_are_counted_and_told_later() {
        let limiter = Limiter::default();
        let start = Instant::now();
        for _ in 0..LINES {
            assert_eq!(limiter.admit(start), Some(0));
        }
        assert_eq!(limiter.admit(start), None);
        assert_eq!(limiter.admit(start + WINDOW / 2), None);
        assert_eq!(limiter.admit(start + WINDOW), Some(2));
        assert_eq!(limiter.admit(start + WINDOW), Some(0));
    }
}
