//! A record's headers for librdkafka.

use crate::Headers;
use rdkafka_sys as rk;
use std::ffi::{c_char, c_void};
use std::ptr;

/// A list that a successful send takes over.
pub(super) struct List(*mut rk::rd_kafka_headers_t);

impl List {
    /// A copy of the headers; nothing when there are none.
    #[inline]
    pub fn new(headers: &Headers) -> List {
        if headers.is_empty() { List(ptr::null_mut()) } else { List::copy(headers) }
    }

    fn copy(headers: &Headers) -> List {
        // Safety: names and values are copied; a value of null is Kafka's null.
        unsafe {
            let list = rk::rd_kafka_headers_new(headers.len());
            for header in headers.iter() {
                let (value, size) = match &header.value {
                    Some(value) => (value.as_ptr() as *const c_void, value.len()),
                    None => (ptr::null(), 0),
                };
                let name = header.key.as_ptr() as *const c_char;
                rk::rd_kafka_header_add(list, name, header.key.len() as isize, value, size as isize);
            }
            List(list)
        }
    }

    pub fn is_none(&self) -> bool {
        self.0.is_null()
    }

    pub fn raw(&mut self) -> *mut rk::rd_kafka_headers_t {
        self.0
    }

    /// librdkafka owns the list now.
    pub fn taken(&mut self) {
        self.0 = ptr::null_mut();
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // Safety: still owned.
            unsafe { rk::rd_kafka_headers_destroy(self.0) }
        }
    }
}
