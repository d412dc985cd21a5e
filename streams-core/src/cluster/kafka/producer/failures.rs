//! What went wrong with records, and with the producer.

use super::KafkaProducer;
use crate::cluster::kafka::codes::Code;
use crate::cluster::kafka::queue::Event;
use crate::cluster::{DeliveryFailure, ProduceHandle, ProduceRecord};
use crate::{Error, ErrorKind, TopicPartition};
use rdkafka_sys as rk;
use std::time::Duration;

impl KafkaProducer {
    /// Takes reports of failures and errors from the queue.
    pub(super) fn serve(&mut self) {
        while let Some(event) = self.reports.poll(Duration::ZERO) {
            match event.kind() {
                rk::RD_KAFKA_EVENT_DR => self.note_failures(&event),
                rk::RD_KAFKA_EVENT_ERROR => self.note_error(&event),
                _ => {}
            }
        }
    }

    pub(super) fn note_error(&mut self, event: &Event) {
        if event.code() == Code::FATAL {
            if let Some((code, text)) = self.client.fatal() {
                self.end(code, &text);
            }
        } else {
            tracing::debug!(target: "kafka", client_id = self.client.id(), "{}", event.text());
        }
    }

    /// Remembers that the producer can be used no more.
    pub(super) fn end(&mut self, code: Code, text: &str) -> Error {
        let kind = match code.kind() {
            // Sequence numbers or state are lost: a new producer starts afresh.
            ErrorKind::Fenced | ErrorKind::Internal | ErrorKind::Unavailable => ErrorKind::Fenced,
            other => other,
        };
        let id = self.transactional.as_deref().unwrap_or(self.client.id());
        let (kind, text) = self.fatal.get_or_insert_with(|| (kind, format!("producer `{id}` can be used no more: {text}")));
        Error::new(*kind, text.clone())
    }

    pub(super) fn note_failures(&mut self, event: &Event) {
        // Safety: messages belong to the event.
        while let Some(message) = unsafe { rk::rd_kafka_event_message_next(event.raw()).as_ref() } {
            let code = Code::of(message.err);
            if code == Code::NONE {
                continue;
            }
            let Some(topic) = self.topics.iter_mut().find(|t| t.raw.as_ptr() == message.rkt) else { continue };
            if code.is_missing_topic() {
                topic.stale = true;
            }
            let partition = TopicPartition::new(topic.name.clone(), message.partition);
            let error = match code {
                Code::MSG_SIZE_TOO_LARGE => too_large(&partition, message.len + message.key_len, true),
                code => self.client.error(code, format_args!("a record for {partition} was not written")),
            };
            // A purged record goes with its transaction, a fenced one with its producer.
            let retriable = code.kind() == ErrorKind::Unavailable && !matches!(code, Code::PURGE_QUEUE | Code::PURGE_INFLIGHT);
            self.failures.push(DeliveryFailure { partition, retriable, error });
        }
    }

    #[cold]
    pub(super) fn refused(&mut self, code: Code, text: &str, topic: ProduceHandle, partition: i32, record: ProduceRecord<'_>) -> Error {
        let topic = &mut self.topics[topic.0 as usize];
        let place = TopicPartition::new(topic.name.clone(), partition);
        match code {
            Code::MSG_SIZE_TOO_LARGE => too_large(&place, record.value.map_or(0, <[u8]>::len) + record.key.map_or(0, <[u8]>::len), false),
            code if code.is_missing_topic() => {
                topic.stale = true;
                let text = format!("{place} does not exist; `{}` has {} partitions", topic.name, topic.partitions);
                Error::new(ErrorKind::Rejected, text)
            }
            Code::FATAL | Code::FENCED => match self.client.fatal() {
                Some((code, text)) => self.end(code, &text),
                None => self.end(code, text),
            },
            // Sent outside of a transaction: the caller's fault.
            Code::STATE | Code::CONFLICT => Error::new(ErrorKind::Closed, format!("a record for {place} was not accepted: {text}")),
            code => self.client.error_text(code, format_args!("a record for {place} was not accepted"), text),
        }
    }
}

#[cold]
fn too_large(place: &TopicPartition, size: usize, by_broker: bool) -> Error {
    let (who, what) = if by_broker {
        ("the broker", "raise the topic's `max.message.bytes` or the broker's `message.max.bytes`")
    } else {
        ("this producer", "raise `max.request.size`, and `max.message.bytes` of the topic")
    };
    Error::new(ErrorKind::Rejected, format!("a record of {size} bytes for {place} is larger than {who} allows; {what}, or write less"))
}

#[cold]
pub(super) fn bad_time(topic: &str, partition: i32, timestamp: i64) -> Error {
    let why = if timestamp == 0 { "librdkafka would write the wall clock instead" } else { "a record's time is not negative" };
    Error::new(
        ErrorKind::Rejected,
        format!(
            "a record for {topic}-{partition} has the timestamp {timestamp}, which cannot be written ({why}); \
             give it a time of at least 1 ms"
        ),
    )
}
