//! Offsets: where logs begin and end, and cutting their beginning off.

use super::KafkaAdmin;
use super::request::items;
use crate::cluster::OffsetSpec;
use crate::cluster::kafka::codes::Code;
use crate::cluster::kafka::queue::{Event, Partitions, entries, entry};
use crate::{Error, ErrorKind, Result, TopicPartition};
use rdkafka_sys as rk;
use rk::rd_kafka_IsolationLevel_t as level;
use rk::rd_kafka_admin_op_t as op;
use std::collections::HashMap;

/// What the protocol writes for a spec.
const EARLIEST: i64 = -2;
const LATEST: i64 = -1;
/// The answer to a time after the last record.
const NONE: i64 = -1;

impl KafkaAdmin {
    pub(super) fn offsets(&self, partitions: &[(TopicPartition, OffsetSpec)]) -> Result<Vec<i64>> {
        let mut found: Vec<Option<i64>> = vec![None; partitions.len()];
        let mut todo: Vec<usize> = (0..partitions.len()).collect();
        // A request has one isolation level and no partition twice.
        while let Some(first) = todo.first() {
            let committed = partitions[*first].1 == OffsetSpec::LatestCommitted;
            let mut round: HashMap<&TopicPartition, usize> = HashMap::new();
            todo.retain(|i| {
                let (partition, spec) = &partitions[*i];
                let fits = (*spec == OffsetSpec::LatestCommitted) == committed && !round.contains_key(partition);
                if fits {
                    round.insert(partition, *i);
                }
                !fits
            });
            let specs: Vec<(&TopicPartition, i64)> = round.iter().map(|(p, i)| (*p, timestamp(partitions[*i].1))).collect();
            for (partition, offset) in self.ask_offsets(&specs, committed)? {
                if let Some(i) = round.get(&partition) {
                    found[*i] = Some(offset);
                }
            }
        }
        // No record at or after a time: the end.
        let behind: Vec<usize> = (0..partitions.len()).filter(|i| found[*i] == Some(NONE)).collect();
        if !behind.is_empty() {
            let ends: Vec<_> = behind.iter().map(|i| (partitions[*i].0.clone(), OffsetSpec::Latest)).collect();
            for (i, end) in behind.iter().zip(self.offsets(&ends)?) {
                found[*i] = Some(end);
            }
        }
        let unsaid = |p: &TopicPartition| Error::new(ErrorKind::Internal, format!("the cluster said nothing of {p}"));
        partitions.iter().zip(found).map(|((p, _), offset)| offset.ok_or_else(|| unsaid(p))).collect()
    }

    fn ask_offsets(&self, specs: &[(&TopicPartition, i64)], committed: bool) -> Result<Vec<(TopicPartition, i64)>> {
        let mut list = Partitions::new(specs.len());
        for (partition, spec) in specs {
            list.add(partition, *spec)?;
        }
        let isolation = match committed {
            true => level::RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED,
            false => level::RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED,
        };
        let sent = self.request(op::RD_KAFKA_ADMIN_OP_LISTOFFSETS, Some(isolation), "offsets cannot be listed", |s| {
            // Safety: client, list, options and queue are alive.
            unsafe { rk::rd_kafka_ListOffsets(s.client, list.raw(), s.options, s.queue) };
        });
        let event = self.or_missing(sent, specs.iter().map(|(p, _)| *p))?;
        // Safety: the answer of this request, whose parts live as long as the event.
        let infos = unsafe { items(&event, rk::rd_kafka_event_ListOffsets_result, rk::rd_kafka_ListOffsets_result_infos) };
        infos
            .iter()
            .map(|info| {
                // Safety: as above.
                let entry = unsafe { entry(&*rk::rd_kafka_ListOffsetsResultInfo_topic_partition(*info)) };
                self.check_partition(&entry.partition, entry.code, "has no listed offset")?;
                Ok((entry.partition, entry.offset))
            })
            .collect()
    }

    pub(super) fn drop_before(&self, before: &[(TopicPartition, i64)]) -> Result<()> {
        if before.is_empty() {
            return Ok(());
        }
        let mut list = Partitions::new(before.len());
        for (partition, offset) in before {
            list.add(partition, *offset)?;
        }
        let sent = self.request(op::RD_KAFKA_ADMIN_OP_DELETERECORDS, None, "records cannot be deleted", |s| {
            // Safety: all are alive; the request copies the object, which copied the list.
            unsafe {
                let mut object = rk::rd_kafka_DeleteRecords_new(list.raw());
                rk::rd_kafka_DeleteRecords(s.client, &mut object, 1, s.options, s.queue);
                rk::rd_kafka_DeleteRecords_destroy(object);
            }
        });
        let event = self.or_missing(sent, before.iter().map(|(p, _)| p))?;
        // Safety: the answer of this request, whose parts live as long as the event.
        let results = unsafe {
            let result = rk::rd_kafka_event_DeleteRecords_result(event.raw());
            if result.is_null() { Vec::new() } else { entries(rk::rd_kafka_DeleteRecords_result_offsets(result)) }
        };
        results.iter().try_for_each(|e| self.check_partition(&e.partition, e.code, "keeps its records"))
    }

    /// librdkafka finds no leaders when none of the topics exists, and does not say so: look.
    fn or_missing<'a>(&self, sent: Result<Event>, partitions: impl Iterator<Item = &'a TopicPartition>) -> Result<Event> {
        sent.or_else(|error| {
            if error.kind() != ErrorKind::Unavailable {
                for partition in partitions {
                    let count = self.counts(&[&partition.topic])?[0].unwrap_or(0);
                    if partition.partition >= count {
                        return Err(missing(partition));
                    }
                }
            }
            Err(error)
        })
    }

    fn check_partition(&self, partition: &TopicPartition, code: Code, what: &str) -> Result<()> {
        match code {
            Code::NONE => Ok(()),
            code if code.is_missing_topic() => Err(missing(partition)),
            code => Err(self.client.error(code, format_args!("{partition} {what}"))),
        }
    }
}

#[cold]
fn missing(partition: &TopicPartition) -> Error {
    Error::new(ErrorKind::Topology, format!("{partition} does not exist; create the topic, or correct its name"))
}

fn timestamp(spec: OffsetSpec) -> i64 {
    match spec {
        OffsetSpec::Earliest => EARLIEST,
        OffsetSpec::Latest | OffsetSpec::LatestCommitted => LATEST,
        OffsetSpec::Timestamp(time) => time.max(0),
    }
}
