//! The greatest acknowledged offset per partition, noted on librdkafka's threads.

use super::super::codes::Code;
use rdkafka_sys as rk;
use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

const CHUNK: usize = 64;
const CHUNKS: usize = 1024;
const NONE: i64 = -1;

type Chunk = Box<[AtomicI64; CHUNK]>;

/// One topic's table. Lock-free; grows with the topic without moving.
pub(super) struct Acks {
    chunks: Box<[OnceLock<Chunk>; CHUNKS]>,
}

impl Default for Acks {
    fn default() -> Self {
        Acks { chunks: Box::new([const { OnceLock::new() }; CHUNKS]) }
    }
}

impl Acks {
    /// Notes an acknowledgement.
    pub fn note(&self, partition: i32, offset: i64) {
        let Ok(index) = usize::try_from(partition) else { return };
        if offset < 0 {
            return;
        }
        if let Some(chunk) = self.chunks.get(index / CHUNK) {
            let chunk = chunk.get_or_init(|| Box::new([const { AtomicI64::new(NONE) }; CHUNK]));
            chunk[index % CHUNK].fetch_max(offset, Ordering::Release);
        }
    }

    /// The greatest so far.
    pub fn greatest(&self, partition: i32) -> Option<i64> {
        let index = usize::try_from(partition).ok()?;
        let offset = self.chunks.get(index / CHUNK)?.get()?[index % CHUNK].load(Ordering::Acquire);
        (offset != NONE).then_some(offset)
    }
}

/// Called once while the client is made: asks for the acknowledgements.
pub(super) unsafe extern "C" fn on_new(
    client: *mut rk::rd_kafka_t,
    _conf: *const rk::rd_kafka_conf_t,
    _opaque: *mut c_void,
    _text: *mut c_char,
    _size: usize,
) -> rk::rd_kafka_resp_err_t {
    // Safety: called by librdkafka with the client that is being made.
    unsafe { rk::rd_kafka_interceptor_add_on_acknowledgement(client, c"streams".as_ptr(), Some(on_acknowledgement), ptr::null_mut()) }
}

/// Called on librdkafka's threads for every record that was delivered or has failed. Panics nowhere.
unsafe extern "C" fn on_acknowledgement(
    _client: *mut rk::rd_kafka_t,
    message: *mut rk::rd_kafka_message_t,
    _opaque: *mut c_void,
) -> rk::rd_kafka_resp_err_t {
    // Safety: the message is alive for the call; a topic's opaque pointer is its `Acks`, which the client keeps until its threads are gone.
    unsafe {
        let message = &*message;
        if Code::of(message.err) == Code::NONE
            && !message.rkt.is_null()
            && let Some(acks) = (rk::rd_kafka_topic_opaque(message.rkt) as *const Acks).as_ref()
        {
            acks.note(message.partition, message.offset);
        }
    }
    rk::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_offset_counts() {
        let acks = Acks::default();
        assert_eq!(acks.greatest(3), None);
        acks.note(3, 7);
        acks.note(3, 5);
        acks.note(700, 0);
        acks.note(-1, 9);
        acks.note(4, -1001);
        assert_eq!(acks.greatest(3), Some(7));
        assert_eq!(acks.greatest(700), Some(0));
        assert_eq!(acks.greatest(4), None);
        assert_eq!(acks.greatest(-1), None);
        assert_eq!(acks.greatest(i32::MAX), None);
    }
}
