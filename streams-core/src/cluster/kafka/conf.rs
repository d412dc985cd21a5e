//! librdkafka's configuration object.

use super::client::text;
use crate::{Error, ErrorKind, Result};
use rdkafka_sys as rk;
use std::ffi::{CString, c_char};
use std::ptr;

/// A `rd_kafka_conf_t` that is owned until a client takes it.
pub(super) struct Conf(*mut rk::rd_kafka_conf_t);

impl Conf {
    pub fn new() -> Conf {
        // Safety: has no preconditions; it aborts the process itself when memory is out.
        Conf(unsafe { rk::rd_kafka_conf_new() })
    }

    /// The object, for a call.
    pub fn raw(&mut self) -> *mut rk::rd_kafka_conf_t {
        self.0
    }

    /// To be called when a client took it.
    pub fn forget(mut self) {
        self.0 = ptr::null_mut();
    }

    /// Sets one of librdkafka's properties. `given` is the key as the user wrote it.
    pub fn set(&mut self, given: &str, key: &str, value: &str) -> Result<()> {
        let refuse = |reason: String| Err(Error::new(ErrorKind::Config, format!("`{given}`: {reason}")));
        let (Ok(c_key), Ok(c_value)) = (CString::new(key), CString::new(value)) else {
            return refuse("holds a zero byte; remove it".into());
        };
        let mut why = [0 as c_char; 512];
        // Safety: strings end with a zero, the buffer is as long as said.
        let result = unsafe { rk::rd_kafka_conf_set(self.0, c_key.as_ptr(), c_value.as_ptr(), why.as_mut_ptr(), why.len()) };
        match result {
            rk::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK => Ok(()),
            // Safety: librdkafka ends the text with a zero.
            _ => refuse(unsafe { text(why.as_ptr()) }),
        }
    }

    /// Whether librdkafka has a property of that name (aliases and topic properties included). Puts it back to its default.
    pub fn knows(&mut self, key: &str) -> bool {
        let Ok(key) = CString::new(key) else { return false };
        let mut why = [0 as c_char; 64];
        // Safety: as above; the value null stands for the default.
        let result = unsafe { rk::rd_kafka_conf_set(self.0, key.as_ptr(), ptr::null(), why.as_mut_ptr(), why.len()) };
        result != rk::rd_kafka_conf_res_t::RD_KAFKA_CONF_UNKNOWN
    }
}

impl Drop for Conf {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // Safety: owned, and no client took it.
            unsafe { rk::rd_kafka_conf_destroy(self.0) };
        }
    }
}
