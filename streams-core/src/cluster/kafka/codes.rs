//! What librdkafka's and the broker's error codes mean to the rest of the library.

use crate::{Error, ErrorKind};
use rdkafka_sys as rk;
use std::ffi::CStr;

/// An error code of librdkafka (negative) or of the Kafka protocol (positive). A plain number: a broker may send codes that the bindings'
/// enumeration does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(pub i32);

/// Makes constants of the codes that are told apart.
macro_rules! codes {
    ($($name:ident = $raw:ident),* $(,)?) => {
        impl Code {
            $(pub const $name: Code = Code(rk::rd_kafka_resp_err_t::$raw as i32);)*
        }
    };
}

codes! {
    NONE = RD_KAFKA_RESP_ERR_NO_ERROR,
    ASSIGN = RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
    PARTITION_EOF = RD_KAFKA_RESP_ERR__PARTITION_EOF,
    AUTO_OFFSET_RESET = RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
    OFFSET_OUT_OF_RANGE = RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
    LOG_TRUNCATION = RD_KAFKA_RESP_ERR__LOG_TRUNCATION,
    ALL_BROKERS_DOWN = RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
    TIMED_OUT = RD_KAFKA_RESP_ERR__TIMED_OUT,
    QUEUE_FULL = RD_KAFKA_RESP_ERR__QUEUE_FULL,
    FATAL = RD_KAFKA_RESP_ERR__FATAL,
    FENCED = RD_KAFKA_RESP_ERR__FENCED,
    STATE = RD_KAFKA_RESP_ERR__STATE,
    CONFLICT = RD_KAFKA_RESP_ERR__CONFLICT,
    PURGE_QUEUE = RD_KAFKA_RESP_ERR__PURGE_QUEUE,
    PURGE_INFLIGHT = RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
    MAX_POLL_EXCEEDED = RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED,
    UNKNOWN_TOPIC = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
    UNKNOWN_PARTITION = RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
    UNKNOWN_TOPIC_OR_PART = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    MSG_SIZE_TOO_LARGE = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
    ILLEGAL_GENERATION = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
    TOPIC_ALREADY_EXISTS = RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS,
}

impl Code {
    /// From the bindings.
    pub fn of(raw: rk::rd_kafka_resp_err_t) -> Code {
        Code(raw as i32)
    }

    /// librdkafka's text for it.
    pub fn text(self) -> String {
        // Safety: the function takes any number; the text it returns is static, or a buffer of this thread.
        let text = unsafe {
            let as_given: unsafe extern "C" fn(i32) -> *const std::ffi::c_char =
                std::mem::transmute(rk::rd_kafka_err2str as unsafe extern "C" fn(rk::rd_kafka_resp_err_t) -> *const std::ffi::c_char);
            CStr::from_ptr(as_given(self.0))
        };
        text.to_string_lossy().into_owned()
    }

    /// Whether it says that a topic or partition does not exist.
    pub fn is_missing_topic(self) -> bool {
        matches!(self, Code::UNKNOWN_TOPIC | Code::UNKNOWN_PARTITION | Code::UNKNOWN_TOPIC_OR_PART)
    }

    /// Whether it says that the client may not do this.
    pub fn is_denial(self) -> bool {
        use rk::rd_kafka_resp_err_t as e;
        [
            e::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            e::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            e::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
            e::RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ]
        .iter()
        .any(|c| *c as i32 == self.0)
    }

    /// What can be done about it.
    pub fn kind(self) -> ErrorKind {
        use rk::rd_kafka_resp_err_t as e;
        // Numbers are compared, for the reason given at `Code`.
        const UNAVAILABLE: &[e] = &[
            e::RD_KAFKA_RESP_ERR__TRANSPORT,
            e::RD_KAFKA_RESP_ERR__RESOLVE,
            e::RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
            e::RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            e::RD_KAFKA_RESP_ERR__TIMED_OUT,
            e::RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
            e::RD_KAFKA_RESP_ERR__QUEUE_FULL,
            e::RD_KAFKA_RESP_ERR__ISR_INSUFF,
            e::RD_KAFKA_RESP_ERR__NODE_UPDATE,
            e::RD_KAFKA_RESP_ERR__WAIT_COORD,
            e::RD_KAFKA_RESP_ERR__IN_PROGRESS,
            e::RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS,
            e::RD_KAFKA_RESP_ERR__WAIT_CACHE,
            e::RD_KAFKA_RESP_ERR__INTR,
            e::RD_KAFKA_RESP_ERR__RETRY,
            e::RD_KAFKA_RESP_ERR__PURGE_QUEUE,
            e::RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
            e::RD_KAFKA_RESP_ERR__DESTROY_BROKER,
            e::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            e::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            e::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            e::RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
            e::RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
            e::RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            e::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            e::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
            e::RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            e::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            e::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            e::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
            e::RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
            e::RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
            e::RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            e::RD_KAFKA_RESP_ERR_REASSIGNMENT_IN_PROGRESS,
            e::RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
            e::RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
            e::RD_KAFKA_RESP_ERR_STALE_BROKER_EPOCH,
            e::RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
            e::RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED,
            e::RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE,
            e::RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
            e::RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED,
            e::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID,
        ];
        const FENCED: &[e] = &[
            e::RD_KAFKA_RESP_ERR__FENCED,
            e::RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
            e::RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED,
            e::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
            e::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
            e::RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
            e::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
            e::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING,
            e::RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
            e::RD_KAFKA_RESP_ERR_TRANSACTION_COORDINATOR_FENCED,
            e::RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH,
            e::RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH,
        ];
        // TRANSACTION_ABORTABLE (KIP-890): abort and go on.
        const TRANSACTION_ABORTABLE: i32 = 120;
        let is = |list: &[e]| list.iter().any(|c| *c as i32 == self.0);
        if is(UNAVAILABLE) || self.0 == TRANSACTION_ABORTABLE {
            ErrorKind::Unavailable
        } else if is(FENCED) {
            ErrorKind::Fenced
        } else if self.is_missing_topic() {
            ErrorKind::Topology
        } else if self.0 > 0 || self == Code(e::RD_KAFKA_RESP_ERR__AUTHENTICATION as i32) {
            ErrorKind::Rejected
        } else {
            ErrorKind::Internal
        }
    }

    /// An error with this code's kind: `what`, then the code's text.
    #[cold]
    pub fn error(self, what: impl std::fmt::Display) -> Error {
        Error::new(self.kind(), format!("{what}: {}", self.text()))
    }
}
