//! What each client is made with: defaults of Kafka Streams < keys without a prefix < `consumer.` < `main.consumer.`, and so on; and the
//! client ids, as Java forms them.

use super::client_keys::Client;
use super::{Settings, Support, definition, keys};
use crate::cluster::ClientSettings;
use std::collections::{BTreeMap, BTreeSet};

/// A prefix that gives a key to one kind of client.
pub(super) struct Prefix {
    pub text: &'static str,
    pub client: Client,
}

const CONSUMER: Prefix = Prefix { text: "consumer.", client: Client::Consumer };
const MAIN_CONSUMER: Prefix = Prefix { text: "main.consumer.", client: Client::Consumer };
const RESTORE_CONSUMER: Prefix = Prefix { text: "restore.consumer.", client: Client::Consumer };
const GLOBAL_CONSUMER: Prefix = Prefix { text: "global.consumer.", client: Client::Consumer };
const PRODUCER: Prefix = Prefix { text: "producer.", client: Client::Producer };
const ADMIN: Prefix = Prefix { text: "admin.", client: Client::Admin };

/// `main.consumer.` and `fetch.min.bytes` of `main.consumer.fetch.min.bytes`.
pub(super) fn split_prefix(key: &str) -> (Option<&'static Prefix>, &str) {
    static ALL: [Prefix; 6] = [CONSUMER, MAIN_CONSUMER, RESTORE_CONSUMER, GLOBAL_CONSUMER, PRODUCER, ADMIN];
    ALL.iter().find_map(|p| key.strip_prefix(p.text).map(|name| (Some(p), name))).unwrap_or((None, key))
}

/// A client key that the library sets itself, so that a value of the user is ignored.
pub(super) struct Reserved {
    key: &'static str,
    /// Values that say what is done anyway.
    harmless: &'static [&'static str],
    pub why: &'static str,
}

const COMMITS: &str = "offsets are committed together with the state";
const CLASSES: &str = "Java classes cannot be loaded here";
const METRICS: &str = "metrics are read through the `prometheus` collector";
const IDS: &str = "client ids are formed from `client.id`";
const CLUSTER: &str = "all clients use the cluster of `bootstrap.servers`";

#[rustfmt::skip]
const RESERVED: &[Reserved] = &[
    Reserved { key: "enable.auto.commit", harmless: &["false"], why: COMMITS },
    Reserved { key: "auto.commit.enable", harmless: &["false"], why: COMMITS },
    Reserved { key: "auto.commit.interval.ms", harmless: &[], why: COMMITS },
    Reserved { key: "enable.auto.offset.store", harmless: &["false"], why: COMMITS },
    Reserved { key: "allow.auto.create.topics", harmless: &["false"], why: "a missing source topic is an error" },
    Reserved { key: "group.id", harmless: &[], why: "the group is `application.id`" },
    Reserved { key: "group.protocol", harmless: &["classic"], why: "it is set without a prefix" },
    Reserved { key: "partition.assignment.strategy", harmless: &[], why: "the assignor must keep the partitions of a task together" },
    Reserved { key: "transactional.id", harmless: &[], why: "it is formed from `application.id` where it is needed" },
    Reserved { key: "partitioner.class", harmless: &[], why: CLASSES },
    Reserved { key: "partitioner", harmless: &[], why: "partitions are chosen by the topology, as Java chooses them" },
    Reserved { key: "interceptor.classes", harmless: &[], why: CLASSES },
    Reserved { key: "key.deserializer", harmless: &[], why: CLASSES },
    Reserved { key: "value.deserializer", harmless: &[], why: CLASSES },
    Reserved { key: "key.serializer", harmless: &[], why: CLASSES },
    Reserved { key: "value.serializer", harmless: &[], why: CLASSES },
    Reserved { key: "security.providers", harmless: &[], why: CLASSES },
    Reserved { key: "config.providers", harmless: &[], why: CLASSES },
    Reserved { key: "metric.reporters", harmless: &[], why: METRICS },
    Reserved { key: "metrics.num.samples", harmless: &[], why: METRICS },
    Reserved { key: "metrics.recording.level", harmless: &[], why: METRICS },
    Reserved { key: "metrics.sample.window.ms", harmless: &[], why: METRICS },
    Reserved { key: "client.id", harmless: &[], why: IDS },
    Reserved { key: "bootstrap.servers", harmless: &[], why: CLUSTER },
    Reserved { key: "bootstrap.controllers", harmless: &[], why: CLUSTER },
    Reserved { key: "metadata.broker.list", harmless: &[], why: CLUSTER },
];

/// Client keys that are read into [`Settings`] and not handed to the client.
const OURS: [&str; 3] = ["auto.offset.reset", "isolation.level", "max.poll.records"];

impl Reserved {
    /// The entry of a client key (without its prefix), if it has one.
    pub fn of(key: &str) -> Option<&'static Reserved> {
        RESERVED.iter().find(|r| r.key == key)
    }

    /// Whether the value deserves no warning.
    pub fn is_harmless(&self, value: &str) -> bool {
        self.harmless.iter().any(|h| h.eq_ignore_ascii_case(value.trim()))
    }
}

impl Settings {
    /// The application's client id, which the names of threads and clients begin with.
    pub fn client_id(&self, process_id: &str) -> String {
        self.client_id_prefix.clone().unwrap_or_else(|| format!("{}-{process_id}", self.application_id))
    }

    /// Name of a stream thread, numbered from 1.
    pub fn stream_thread_name(client_id: &str, number: usize) -> String {
        format!("{client_id}-StreamThread-{number}")
    }

    /// Name of the thread that keeps global stores.
    pub fn global_thread_name(client_id: &str) -> String {
        format!("{client_id}-GlobalStreamThread")
    }

    /// Name of a thread that restores state, numbered from 1.
    pub fn state_updater_name(client_id: &str, number: usize) -> String {
        format!("{client_id}-StateUpdater-{number}")
    }

    /// For the consumer that reads a stream thread's input.
    #[doc(alias = "getMainConsumerConfigs")]
    pub fn main_consumer(&self, thread_name: &str) -> ClientSettings {
        self.consumer(&[&CONSUMER, &MAIN_CONSUMER], format!("{thread_name}-consumer"))
    }

    /// For the same thread's member of the group. A `group.instance.id` is made unique by the thread's number, as in Java.
    pub fn membership(&self, thread_name: &str, thread_number: usize) -> ClientSettings {
        let mut client = self.main_consumer(thread_name);
        if let Some(id) = self.resolve(Client::Consumer, &[&CONSUMER, &MAIN_CONSUMER]).remove("group.instance.id") {
            client.values.insert("group.instance.id".to_owned(), format!("{id}-{thread_number}"));
        }
        client
    }

    /// For the consumer that reads changelogs into stores.
    #[doc(alias = "getRestoreConsumerConfigs")]
    pub fn restore_consumer(&self, state_updater_name: &str) -> ClientSettings {
        self.consumer(&[&CONSUMER, &RESTORE_CONSUMER], format!("{state_updater_name}-restore-consumer"))
    }

    /// For the consumer that reads the topics of global tables.
    #[doc(alias = "getGlobalConsumerConfigs")]
    pub fn global_consumer(&self, client_id: &str) -> ClientSettings {
        self.consumer(&[&CONSUMER, &GLOBAL_CONSUMER], format!("{client_id}-global-consumer"))
    }

    /// For a stream thread's producer: `linger.ms` is 100 where nothing else was set, as in Java.
    #[doc(alias = "getProducerConfigs")]
    pub fn producer(&self, thread_name: &str) -> ClientSettings {
        let mut values = self.resolve(Client::Producer, &[&PRODUCER]);
        if !values.contains_key("queue.buffering.max.ms") {
            values.entry("linger.ms".to_owned()).or_insert_with(|| "100".to_owned());
        }
        self.client(values, format!("{thread_name}-producer"))
    }

    /// For the admin client.
    #[doc(alias = "getAdminConfigs")]
    pub fn admin(&self, client_id: &str) -> ClientSettings {
        self.client(self.resolve(Client::Admin, &[&ADMIN]), format!("{client_id}-admin"))
    }

    fn consumer(&self, prefixes: &[&Prefix], client_id: String) -> ClientSettings {
        let mut values = self.resolve(Client::Consumer, prefixes);
        values.retain(|key, _| !OURS.contains(&key.as_str()) && key != "group.instance.id");
        self.client(values, client_id)
    }

    fn client(&self, mut values: BTreeMap<String, String>, client_id: String) -> ClientSettings {
        if let Some(servers) = self.given.get(keys::BOOTSTRAP_SERVERS) {
            values.insert(keys::BOOTSTRAP_SERVERS.to_owned(), servers.trim().to_owned());
        }
        ClientSettings { client_id, values }
    }

    /// Keys without a prefix that the client knows, then those of each prefix.
    fn resolve(&self, client: Client, prefixes: &[&Prefix]) -> BTreeMap<String, String> {
        resolve(&self.given, &self.extra_client_keys, client, prefixes)
    }
}

type Values = BTreeMap<String, String>;

fn resolve(given: &Values, extra: &BTreeSet<String>, client: Client, prefixes: &[&Prefix]) -> Values {
    let bare = |key: &str| {
        let ours = definition(key).is_some_and(|d| !matches!(d.support, Support::Client));
        !ours && (client.knows(key) || extra.contains(key))
    };
    let mut values: Values = given.iter().filter(|(key, _)| bare(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    for prefix in prefixes {
        values.extend(given.iter().filter_map(|(k, v)| Some((k.strip_prefix(prefix.text)?.to_owned(), v.clone()))));
    }
    values.retain(|key, _| Reserved::of(key).is_none());
    values
}

/// The main consumer's keys, for those that the library reads itself.
pub(super) fn main_consumer_values(given: &Values) -> Values {
    resolve(given, &Default::default(), Client::Consumer, &[&CONSUMER, &MAIN_CONSUMER])
}

/// The producer's keys.
pub(super) fn producer_values(given: &Values) -> Values {
    resolve(given, &Default::default(), Client::Producer, &[&PRODUCER])
}

/// The producer's `transaction.timeout.ms`; 10 s where none is given, as Kafka Streams sets it.
pub(super) fn transaction_timeout_ms(given: &Values) -> u64 {
    producer_values(given).get("transaction.timeout.ms").and_then(|v| v.trim().parse().ok()).unwrap_or(10_000)
}
