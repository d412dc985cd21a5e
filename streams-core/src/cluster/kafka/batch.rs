//! Records as librdkafka fetched them, lent without a copy.

use super::client::{Client, text};
use super::codes::Code;
use crate::cluster::{RawRecord, RecordBatch};
use crate::{Header, Headers};
use rdkafka_sys as rk;
use std::ptr;
use std::sync::Arc;

/// Messages of one partition. They point into the fetch responses, which live until the last message is destroyed.
pub(super) struct Batch {
    messages: Box<[*mut rk::rd_kafka_message_t]>,
    /// Messages must not outlive their client.
    _client: Arc<Client>,
}

impl Batch {
    /// Takes the messages over.
    ///
    /// # Safety
    /// The messages were consumed with this client, carry no error and belong to nobody else.
    pub unsafe fn new(client: &Arc<Client>, messages: &[*mut rk::rd_kafka_message_t]) -> Batch {
        Batch { messages: messages.into(), _client: client.clone() }
    }
}

impl RecordBatch for Batch {
    fn len(&self) -> usize {
        self.messages.len()
    }

    #[inline]
    fn record(&self, index: usize) -> RawRecord<'_> {
        let message = self.messages[index];
        // Safety: the message is alive until drop, and so are the bytes that it points to.
        unsafe {
            let m = &*message;
            RawRecord {
                key: bytes(m.key, m.key_len),
                value: bytes(m.payload, m.len),
                timestamp: rk::rd_kafka_message_timestamp(message, ptr::null_mut()),
                offset: m.offset,
            }
        }
    }

    fn headers(&self, index: usize) -> Headers {
        let mut list = ptr::null_mut();
        // Safety: the message is alive; the list belongs to it.
        let code = unsafe { Code::of(rk::rd_kafka_message_headers(self.messages[index], &mut list)) };
        if code != Code::NONE {
            return Headers::new();
        }
        (0..)
            .map_while(|i| {
                let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
                // Safety: as above; name and value belong to the list.
                unsafe {
                    let code = Code::of(rk::rd_kafka_header_get_all(list, i, &mut name, &mut value, &mut size));
                    (code == Code::NONE).then(|| Header { key: text(name), value: bytes(value, size).map(<[u8]>::to_vec) })
                }
            })
            .collect()
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        for message in &self.messages {
            // Safety: owned, and destroyed once.
            unsafe { rk::rd_kafka_message_destroy(*message) };
        }
    }
}

/// # Safety
/// `start` is null (Kafka's null) or points to `len` bytes that live for `'a`.
#[inline]
unsafe fn bytes<'a>(start: *const std::ffi::c_void, len: usize) -> Option<&'a [u8]> {
    // Safety: the caller's.
    if start.is_null() { None } else { Some(unsafe { std::slice::from_raw_parts(start as *const u8, len) }) }
}
