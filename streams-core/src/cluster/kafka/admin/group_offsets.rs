//! What a group has committed.

use super::KafkaAdmin;
use super::request::items;
use crate::cluster::kafka::client::RkError;
use crate::cluster::kafka::codes::Code;
use crate::cluster::kafka::queue::{Partitions, check_object, entries};
use crate::{Error, ErrorKind, Result, TopicPartition};
use rdkafka_sys as rk;
use rk::rd_kafka_admin_op_t as op;
use std::cell::Cell;
use std::ffi::CString;

impl KafkaAdmin {
    /// Asks with RequireStable: a transaction that is not decided yet may change what is committed.
    pub(super) fn group_offsets(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Option<i64>>> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let name = CString::new(group).map_err(|_| Error::new(ErrorKind::Config, format!("the group `{group}` has a zero in its name")))?;
        let mut list = Partitions::new(partitions.len());
        for partition in partitions {
            list.add(partition, i64::from(rk::RD_KAFKA_OFFSET_INVALID))?;
        }
        let what = format!("group `{group}`: committed offsets cannot be listed");
        let refused = Cell::new(None);
        let answer = self.request(op::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, None, &what, |s| {
            // Safety: the options are alive, and nobody else has them.
            let set = unsafe { RkError::take(rk::rd_kafka_AdminOptions_set_require_stable_offsets(s.options.cast_mut(), 1)) };
            refused.set(set.err());
            // Safety: all are alive; the request copies the object, which copied name and list.
            unsafe {
                let mut object = rk::rd_kafka_ListConsumerGroupOffsets_new(name.as_ptr(), list.raw());
                rk::rd_kafka_ListConsumerGroupOffsets(s.client, &mut object, 1, s.options, s.queue);
                rk::rd_kafka_ListConsumerGroupOffsets_destroy(object);
            }
        });
        check_object(&self.client, refused.take().map_or(Ok(()), Err), &what)?;
        let event = answer?;
        // Safety: the answer of this request, whose parts live as long as the event.
        let groups = unsafe {
            items(&event, rk::rd_kafka_event_ListConsumerGroupOffsets_result, rk::rd_kafka_ListConsumerGroupOffsets_result_groups)
        };
        let Some(answer) = groups.first() else {
            return Err(Error::new(ErrorKind::Internal, format!("the cluster said nothing of group `{group}`")));
        };
        // Safety: as above.
        let (error, found) = unsafe {
            let error = rk::rd_kafka_group_result_error(*answer);
            let list = rk::rd_kafka_group_result_partitions(*answer);
            let code = if error.is_null() { Code::NONE } else { Code::of(rk::rd_kafka_error_code(error)) };
            (code, if list.is_null() { Vec::new() } else { entries(list) })
        };
        if error != Code::NONE {
            return Err(self.client.error(error, &what));
        }
        let committed = |partition: &TopicPartition| match found.iter().find(|e| e.partition == *partition) {
            Some(e) if e.code != Code::NONE => Err(self.client.error(e.code, format_args!("{what} ({partition})"))),
            Some(e) if e.offset >= 0 => Ok(Some(e.offset)),
            _ => Ok(None),
        };
        partitions.iter().map(committed).collect()
    }
}
