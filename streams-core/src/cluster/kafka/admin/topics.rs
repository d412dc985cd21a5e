//! Topics: counts, creation, deletion, configs.

use super::KafkaAdmin;
use super::request::items;
use crate::cluster::NewTopic;
use crate::cluster::kafka::client::{c_string, text};
use crate::cluster::kafka::codes::Code;
use crate::{Error, ErrorKind, Result};
use rdkafka_sys as rk;
use rk::rd_kafka_admin_op_t as op;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{CString, c_char};
use std::time::{Duration, Instant};

/// `RD_KAFKA_PARTITION_UA`'s twin for replication: the broker's default (KIP-464).
const DEFAULT_REPLICATION: i32 = -1;

/// C objects that are freed together.
struct Owned<T>(Vec<*mut T>, unsafe extern "C" fn(*mut T));

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        for object in &self.0 {
            // Safety: owned, and freed with their own function.
            unsafe { (self.1)(*object) }
        }
    }
}

impl KafkaAdmin {
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let timeout = i32::try_from(self.waits.request.as_millis()).unwrap_or(i32::MAX);
        let mut metadata = std::ptr::null();
        // Safety: the client is alive; the answer is freed below, after its names are copied.
        unsafe {
            let code = Code::of(rk::rd_kafka_metadata(self.client.raw(), 1, std::ptr::null_mut(), &mut metadata, timeout));
            if code != Code::NONE || metadata.is_null() {
                return Err(self.client.error(code, "topics cannot be listed"));
            }
            let count = usize::try_from((*metadata).topic_cnt).unwrap_or_default();
            let names = (0..count).map(|at| text((*(*metadata).topics.add(at)).topic)).collect();
            rk::rd_kafka_metadata_destroy(metadata);
            Ok(names)
        }
    }

    pub(super) fn counts(&self, topics: &[&str]) -> Result<Vec<Option<i32>>> {
        let count = |topic| {
            let mut count = 0;
            // Safety: `describe` hands out what is alive.
            unsafe { rk::rd_kafka_TopicDescription_partitions(topic, &mut count) };
            (count > 0).then_some(count as i32)
        };
        self.describe(topics, count)
    }

    pub(super) fn ids(&self, topics: &[&str]) -> Result<Vec<Option<String>>> {
        let id = |topic| {
            // Safety: `describe` hands out what is alive; the text belongs to the id.
            unsafe {
                let id = rk::rd_kafka_TopicDescription_topic_id(topic);
                let text = if id.is_null() { String::new() } else { text(rk::rd_kafka_Uuid_base64str(id)) };
                // brokers before 2.8 know no ids
                Some(if text == NO_ID { String::new() } else { text })
            }
        };
        self.describe(topics, id)
    }

    /// What `read` finds in the descriptions of the topics that exist.
    fn describe<T: Clone>(
        &self,
        topics: &[&str],
        read: impl Fn(*const rk::rd_kafka_TopicDescription_t) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        // A request names a topic once.
        let unique: BTreeSet<&str> = topics.iter().copied().collect();
        let names = unique.iter().map(|t| c_string("topic", t)).collect::<Result<Vec<_>>>()?;
        let mut pointers: Vec<*const c_char> = names.iter().map(|n| n.as_ptr()).collect();
        // Safety: the names are copied; the collection is freed by `Owned`.
        let collection = unsafe { rk::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len()) };
        let collection = Owned(vec![collection], rk::rd_kafka_TopicCollection_destroy);
        let event = self.request(op::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, None, "topics cannot be described", |s| {
            // Safety: client, arguments, options and queue are alive; the request copies what it keeps.
            unsafe { rk::rd_kafka_DescribeTopics(s.client, collection.0[0], s.options, s.queue) };
        })?;
        let mut found: HashMap<String, T> = HashMap::new();
        // Safety: the answer of this request, whose parts live as long as the event.
        unsafe {
            for topic in items(&event, rk::rd_kafka_event_DescribeTopics_result, rk::rd_kafka_DescribeTopics_result_topics) {
                let name = text(rk::rd_kafka_TopicDescription_name(*topic));
                let error = rk::rd_kafka_TopicDescription_error(*topic);
                let code = if error.is_null() { Code::NONE } else { Code::of(rk::rd_kafka_error_code(error)) };
                if code == Code::NONE {
                    found.extend(read(*topic).map(|found| (name, found)));
                } else if !code.is_missing_topic() && code != LEADER_NOT_AVAILABLE {
                    return Err(self.topic_error(&name, "cannot be described", code, &text(rk::rd_kafka_error_string(error))));
                }
            }
        }
        Ok(topics.iter().map(|topic| found.get(*topic).cloned()).collect())
    }

    pub(super) fn create(&self, topics: &[NewTopic]) -> Result<()> {
        if topics.is_empty() {
            return Ok(());
        }
        let mut new = Owned(Vec::new(), rk::rd_kafka_NewTopic_destroy);
        for topic in topics {
            let name = c_string("topic", &topic.name)?;
            let mut why = [0 as c_char; 256];
            let replication = topic.replication_factor.unwrap_or(DEFAULT_REPLICATION);
            // Safety: the name is copied, the buffer as long as said.
            let object = unsafe { rk::rd_kafka_NewTopic_new(name.as_ptr(), topic.partitions, replication, why.as_mut_ptr(), why.len()) };
            if object.is_null() {
                // Safety: librdkafka ends the text with a zero.
                let why = unsafe { text(why.as_ptr()) };
                return Err(Error::new(ErrorKind::Rejected, format!("topic `{}` cannot be created: {why}", topic.name)));
            }
            new.0.push(object);
            for (key, value) in &topic.configs {
                let (key, value) = (c_string("topic config", key)?, c_string("topic config", value)?);
                // Safety: both are copied.
                unsafe { rk::rd_kafka_NewTopic_set_config(object, key.as_ptr(), value.as_ptr()) };
            }
        }
        let event = self.request(op::RD_KAFKA_ADMIN_OP_CREATETOPICS, None, "topics cannot be created", |s| {
            // Safety: client, arguments, options and queue are alive; the request copies what it keeps.
            unsafe { rk::rd_kafka_CreateTopics(s.client, new.0.as_ptr() as *mut _, new.0.len(), s.options, s.queue) };
        })?;
        // Safety: the answer of this request.
        let results = unsafe { items(&event, rk::rd_kafka_event_CreateTopics_result, rk::rd_kafka_CreateTopics_result_topics) };
        self.check_topics(results, "cannot be created", Code::TOPIC_ALREADY_EXISTS)?;
        self.await_topics(topics)
    }

    /// A topic exists when the controller says so; brokers know of it a moment later.
    fn await_topics(&self, topics: &[NewTopic]) -> Result<()> {
        let names: Vec<&str> = topics.iter().map(|t| t.name.as_str()).collect();
        let deadline = Instant::now() + self.waits.request;
        loop {
            let counts = self.counts(&names)?;
            let Some(missing) = counts.iter().position(Option::is_none) else { return Ok(()) };
            if Instant::now() >= deadline {
                let what = format!("topic `{}` was created and cannot be seen", names[missing]);
                return Err(self.client.error(Code::TIMED_OUT, what));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn delete(&self, topics: &[&str]) -> Result<()> {
        if topics.is_empty() {
            return Ok(());
        }
        let names = topics.iter().map(|t| c_string("topic", t)).collect::<Result<Vec<CString>>>()?;
        // Safety: the names are copied.
        let objects = names.iter().map(|n| unsafe { rk::rd_kafka_DeleteTopic_new(n.as_ptr()) }).collect();
        let objects = Owned(objects, rk::rd_kafka_DeleteTopic_destroy);
        let event = self.request(op::RD_KAFKA_ADMIN_OP_DELETETOPICS, None, "topics cannot be deleted", |s| {
            // Safety: client, arguments, options and queue are alive; the request copies what it keeps.
            unsafe { rk::rd_kafka_DeleteTopics(s.client, objects.0.as_ptr() as *mut _, objects.0.len(), s.options, s.queue) };
        })?;
        // Safety: the answer of this request.
        let results = unsafe { items(&event, rk::rd_kafka_event_DeleteTopics_result, rk::rd_kafka_DeleteTopics_result_topics) };
        self.check_topics(results, "cannot be deleted", Code::UNKNOWN_TOPIC_OR_PART)
    }

    /// The first error that is not `fine`.
    fn check_topics(&self, results: &[*const rk::rd_kafka_topic_result_t], what: &str, fine: Code) -> Result<()> {
        for result in results {
            // Safety: the results live as long as their event, which the caller holds.
            let (name, code, why) = unsafe {
                (
                    text(rk::rd_kafka_topic_result_name(*result)),
                    Code::of(rk::rd_kafka_topic_result_error(*result)),
                    text(rk::rd_kafka_topic_result_error_string(*result)),
                )
            };
            if code != Code::NONE && code != fine {
                return Err(self.topic_error(&name, what, code, &why));
            }
        }
        Ok(())
    }

    pub(super) fn configs(&self, topics: &[&str]) -> Result<Vec<BTreeMap<String, String>>> {
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        let names = topics.iter().map(|topic| c_string("topic", topic)).collect::<Result<Vec<CString>>>()?;
        let kind = rk::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC;
        // Safety: the names are copied.
        let resources = names.iter().map(|name| unsafe { rk::rd_kafka_ConfigResource_new(kind, name.as_ptr()) }).collect();
        let resources = Owned(resources, rk::rd_kafka_ConfigResource_destroy);
        let event = self.request(op::RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, None, "topic configs cannot be read", |s| {
            // Safety: client, arguments, options and queue are alive; the request copies what it keeps.
            unsafe { rk::rd_kafka_DescribeConfigs(s.client, resources.0.as_ptr() as *mut _, resources.0.len(), s.options, s.queue) };
        })?;
        let mut found = HashMap::new();
        // Safety: the answer of this request, whose parts live as long as the event.
        unsafe {
            for resource in items(&event, rk::rd_kafka_event_DescribeConfigs_result, rk::rd_kafka_DescribeConfigs_result_resources) {
                let topic = text(rk::rd_kafka_ConfigResource_name(*resource));
                let code = Code::of(rk::rd_kafka_ConfigResource_error(*resource));
                if code != Code::NONE {
                    let why = text(rk::rd_kafka_ConfigResource_error_string(*resource));
                    return Err(self.topic_error(&topic, "has no readable configs", code, &why));
                }
                let mut count = 0;
                let entries = rk::rd_kafka_ConfigResource_configs(*resource, &mut count);
                let mut configs = BTreeMap::new();
                for i in 0..count {
                    let entry = *entries.add(i);
                    configs.insert(text(rk::rd_kafka_ConfigEntry_name(entry)), text(rk::rd_kafka_ConfigEntry_value(entry)));
                }
                found.insert(topic, configs);
            }
        }
        let answer = |topic: &&str| {
            let missing = || Error::new(ErrorKind::Internal, format!("the answer about topic configs does not contain topic `{topic}`"));
            found.remove(*topic).ok_or_else(missing)
        };
        topics.iter().map(answer).collect()
    }
}

/// The id of which all bits are 0.
const NO_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";
/// A new topic has no leader for a moment.
const LEADER_NOT_AVAILABLE: Code = Code(rk::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE as i32);
