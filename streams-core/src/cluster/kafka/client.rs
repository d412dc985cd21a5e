//! A librdkafka client and what must live as long as it does.

use super::codes::Code;
use super::conf::Conf;
use super::log;
use crate::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use rdkafka_sys as rk;
use std::any::Any;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A `rd_kafka_t`. Everything made from it holds an `Arc` of it, so it is destroyed last.
pub(super) struct Client {
    raw: *mut rk::rd_kafka_t,
    shared: Arc<Shared>,
}

// Safety: librdkafka's handles may be used from any thread.
unsafe impl Send for Client {}
// Safety: and from several at once.
unsafe impl Sync for Client {}

/// What librdkafka's threads reach: the client's opaque pointer.
pub(super) struct Shared {
    /// How log lines name the client.
    pub id: String,
    pub log: log::Limiter,
    /// An error that librdkafka told by callback, for lack of a better way.
    pub stray: Stray,
    /// Whatever callbacks were given pointers into.
    kept: Mutex<Vec<Arc<dyn Any + Send + Sync>>>,
}

impl Client {
    /// Makes a client. `conf` is used up.
    pub fn new(kind: rk::rd_kafka_type_t, id: &str, mut conf: Conf) -> Result<Arc<Client>> {
        let shared = Arc::new(Shared { id: id.to_owned(), log: log::Limiter::default(), stray: Stray::default(), kept: Mutex::default() });
        let mut text = [0 as c_char; 512];
        // Safety: `shared` outlives the client (destroy drops it last), and the callback has the type that librdkafka asks for.
        let raw = unsafe {
            rk::rd_kafka_conf_set_opaque(conf.raw(), Arc::as_ptr(&shared) as *mut c_void);
            rk::rd_kafka_conf_set_log_cb(conf.raw(), Some(log::callback));
            rk::rd_kafka_new(kind, conf.raw(), text.as_mut_ptr(), text.len())
        };
        if raw.is_null() {
            // Safety: librdkafka ends the text with a zero.
            let reason = unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().into_owned();
            return Err(Error::new(ErrorKind::Config, format!("the Kafka client `{id}` cannot be made: {reason}")));
        }
        conf.forget();
        Ok(Arc::new(Client { raw, shared }))
    }

    /// The handle, for a call; never to be kept without the `Arc`.
    pub fn raw(&self) -> *mut rk::rd_kafka_t {
        self.raw
    }

    /// What log lines call it.
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// The error that librdkafka told by callback, if it did.
    pub fn take_stray(&self) -> Option<(Code, String)> {
        self.shared.stray.take()
    }

    /// Keeps something alive until librdkafka's threads are gone.
    pub fn keep(&self, thing: Arc<dyn Any + Send + Sync>) {
        self.shared.kept.lock().push(thing);
    }

    /// Drops what was kept, once nothing of librdkafka can reach it.
    pub fn unkeep(&self, thing: *const ()) {
        self.shared.kept.lock().retain(|k| Arc::as_ptr(k) as *const () != thing);
    }

    /// An error with the code's kind; what the log last said of a broker is added where it explains a time-out.
    #[cold]
    pub fn error(&self, code: Code, what: impl std::fmt::Display) -> Error {
        self.error_text(code, what, &code.text())
    }

    /// The same with a text of librdkafka's own.
    #[cold]
    pub fn error_text(&self, code: Code, what: impl std::fmt::Display, text: &str) -> Error {
        let kind = code.kind();
        let hint = match (kind, self.shared.log.last_trouble()) {
            (ErrorKind::Unavailable, Some(last)) => format!(" (last seen: {last})"),
            _ => String::new(),
        };
        Error::new(kind, format!("{what}: {text}{hint}"))
    }

    /// The error that ended the client, when there was one.
    pub fn fatal(&self) -> Option<(Code, String)> {
        let mut text = [0 as c_char; 512];
        // Safety: the buffer is as long as said; librdkafka ends the text with a zero.
        unsafe {
            let code = Code::of(rk::rd_kafka_fatal_error(self.raw, text.as_mut_ptr(), text.len()));
            (code != Code::NONE).then(|| (code, CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned()))
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let raw = self.raw as usize;
        let shared = self.shared.clone();
        let destroy = move || {
            // Safety: this was the last owner, and nothing made from the handle is alive. Leaving the group is `Membership::leave`'s task.
            unsafe { rk::rd_kafka_destroy_flags(raw as *mut rk::rd_kafka_t, rk::RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE) };
            drop(shared);
        };
        // Destroying joins librdkafka's threads, and one of them may be waiting for a name server or a broker that is away.
        let (done, ended) = crossbeam_channel::bounded::<()>(1);
        let spawned = std::thread::Builder::new().name("kafka-destroy".into()).spawn(move || {
            destroy();
            drop(done);
        });
        if spawned.is_ok() {
            let _ = ended.recv_timeout(DESTROY_WAIT);
        }
    }
}

/// How long dropping a client waits for librdkafka's threads; they end by themselves afterwards.
const DESTROY_WAIT: Duration = Duration::from_secs(1);

/// A place for one error, cheap to look at while there is none.
#[derive(Default)]
pub(super) struct Stray {
    there: AtomicBool,
    error: Mutex<Option<(Code, String)>>,
}

impl Stray {
    pub fn put(&self, code: Code, text: String) {
        *self.error.lock() = Some((code, text));
        self.there.store(true, Ordering::Release);
    }

    fn take(&self) -> Option<(Code, String)> {
        if self.there.load(Ordering::Acquire) {
            self.there.store(false, Ordering::Release);
            return self.error.lock().take();
        }
        None
    }
}

/// An error object of librdkafka.
pub(super) struct RkError(*mut rk::rd_kafka_error_t);

// Safety: an object of its own.
unsafe impl Send for RkError {}

impl RkError {
    /// Takes what a call returned: null is success.
    ///
    /// # Safety
    /// `raw` is null or an error object that the caller owns.
    pub unsafe fn take(raw: *mut rk::rd_kafka_error_t) -> Result<(), RkError> {
        if raw.is_null() { Ok(()) } else { Err(RkError(raw)) }
    }

    pub fn code(&self) -> Code {
        // Safety: the object is alive until drop.
        Code::of(unsafe { rk::rd_kafka_error_code(self.0) })
    }

    pub fn text(&self) -> String {
        // Safety: as above; the text belongs to the object.
        unsafe { text(rk::rd_kafka_error_string(self.0)) }
    }

    /// The client is of no more use.
    pub fn is_fatal(&self) -> bool {
        // Safety: as above.
        unsafe { rk::rd_kafka_error_is_fatal(self.0) != 0 }
    }

    /// The same call again may succeed.
    pub fn is_retriable(&self) -> bool {
        // Safety: as above.
        unsafe { rk::rd_kafka_error_is_retriable(self.0) != 0 }
    }

    /// The transaction must be aborted.
    pub fn requires_abort(&self) -> bool {
        // Safety: as above.
        unsafe { rk::rd_kafka_error_txn_requires_abort(self.0) != 0 }
    }
}

impl Drop for RkError {
    fn drop(&mut self) {
        // Safety: owned.
        unsafe { rk::rd_kafka_error_destroy(self.0) }
    }
}

/// A C string as text; empty when null.
///
/// # Safety
/// `raw` is null or ends with a zero and lives for the call.
pub(super) unsafe fn text(raw: *const c_char) -> String {
    if raw.is_null() {
        return String::new();
    }
    // Safety: the caller's.
    unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned()
}

/// A name for C. A zero byte in it is refused.
pub(super) fn c_string(what: &str, value: &str) -> Result<CString> {
    CString::new(value)
        .map_err(|_| Error::new(ErrorKind::Rejected, format!("{what} `{}` holds a zero byte; remove it", value.escape_debug())))
}

/// A time for C: milliseconds, at least 1 for any time that is not zero.
pub(super) fn millis(timeout: Duration) -> c_int {
    if timeout.is_zero() { 0 } else { timeout.as_millis().clamp(1, c_int::MAX as u128) as c_int }
}
