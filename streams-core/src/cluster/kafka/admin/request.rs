//! One admin request: options, a queue for the answer, the wait.

use super::KafkaAdmin;
use crate::cluster::kafka::client::{RkError, millis};
use crate::cluster::kafka::codes::Code;
use crate::cluster::kafka::queue::{Event, Queue, check_object};
use crate::{ErrorKind, Result};
use rdkafka_sys as rk;
use std::ffi::c_char;
use std::time::{Duration, Instant};

/// The answer to a request comes at the latest when its time is over; this much is for the way.
const MARGIN: Duration = Duration::from_secs(2);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Options of one request.
pub(super) struct Options(*mut rk::rd_kafka_AdminOptions_t);

impl Drop for Options {
    fn drop(&mut self) {
        // Safety: owned.
        unsafe { rk::rd_kafka_AdminOptions_destroy(self.0) }
    }
}

/// What a request starts with.
pub(super) struct Start {
    pub client: *mut rk::rd_kafka_t,
    pub options: *const rk::rd_kafka_AdminOptions_t,
    pub queue: *mut rk::rd_kafka_queue_t,
}

impl KafkaAdmin {
    /// Sends a request and waits for its answer. What passes (a controller that moves) is tried again while there is time.
    pub(super) fn request(
        &self,
        op: rk::rd_kafka_admin_op_t,
        isolation: Option<rk::rd_kafka_IsolationLevel_t>,
        what: &str,
        start: impl Fn(Start),
    ) -> Result<Event> {
        let deadline = Instant::now() + self.waits.request;
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let event = self.request_once(op, isolation, what, left, &start)?;
            let code = event.code();
            if code == Code::NONE {
                return Ok(event);
            }
            let passing = code.kind() == ErrorKind::Unavailable && code != Code::TIMED_OUT;
            if !passing || Instant::now() + PAUSE >= deadline {
                return Err(self.client.error_text(code, what, &event.text()));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn request_once(
        &self,
        op: rk::rd_kafka_admin_op_t,
        isolation: Option<rk::rd_kafka_IsolationLevel_t>,
        what: &str,
        timeout: Duration,
        start: &impl Fn(Start),
    ) -> Result<Event> {
        let queue = Queue::new(&self.client)?;
        // Safety: client and options are alive; the buffer is as long as said.
        let options = unsafe {
            let options = Options(rk::rd_kafka_AdminOptions_new(self.client.raw(), op));
            let mut why = [0 as c_char; 256];
            rk::rd_kafka_AdminOptions_set_request_timeout(options.0, millis(timeout), why.as_mut_ptr(), why.len());
            if let Some(level) = isolation {
                let set = RkError::take(rk::rd_kafka_AdminOptions_set_isolation_level(options.0, level));
                check_object(&self.client, set, what)?;
            }
            options
        };
        start(Start { client: self.client.raw(), options: options.0, queue: queue.raw() });
        queue.poll(timeout + MARGIN).ok_or_else(|| self.client.error(Code::TIMED_OUT, what))
    }
}

/// The items of an answer.
///
/// # Safety
/// `read` is a result function of librdkafka and `result` the answer of its request; the items live as long as the event.
pub(super) unsafe fn items<R, T>(
    event: &Event,
    convert: unsafe extern "C" fn(*mut rk::rd_kafka_event_t) -> *const R,
    read: unsafe extern "C" fn(*const R, *mut usize) -> *mut *const T,
) -> &[*const T] {
    // Safety: the caller's.
    unsafe {
        let result = convert(event.raw());
        if result.is_null() {
            return &[];
        }
        let mut count = 0;
        let list = read(result, &mut count);
        if list.is_null() || count == 0 { &[] } else { std::slice::from_raw_parts(list, count) }
    }
}
