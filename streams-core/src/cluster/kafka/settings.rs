//! Kafka's (Java's) client settings in librdkafka's words: the tables, and the pass over them.

mod jaas;
mod special;
mod tables;
#[cfg(test)]
mod tests;

use super::conf::Conf;
use crate::cluster::ClientSettings;
use crate::{Error, ErrorKind, Result};
use std::time::Duration;
use tables::{CONSUMER_ONLY, JAVA, PRODUCER_ONLY, Rule};

/// What a client is for: which settings concern it, and which defaults it has.
#[derive(Clone, Debug)]
pub(super) enum Role {
    Admin,
    Member { group: String },
    Fetcher { read_committed: bool, bulk: bool, limits: FetchLimits },
    Producer { transaction: Option<Transaction>, largest_batch: Option<usize> },
}

/// How much may wait in the queue of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FetchLimits {
    pub records: u64,
    pub kib: u64,
}

/// What makes a producer transactional.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub id: String,
    pub timeout: Duration,
}

/// One property as librdkafka gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// The key as the user wrote it, for errors.
    pub given: String,
    pub key: String,
    pub value: String,
}

/// Time limits of calls, which are ours to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waits {
    /// `request.timeout.ms`, 30 s by default: a call to the cluster.
    pub request: Duration,
    /// `max.block.ms`, 60 s by default: a full queue, a topic's metadata.
    pub block: Duration,
}

/// Everything that a client of this role is configured with, the default first, what the user gave over it.
pub(super) fn settings(role: &Role, client: &ClientSettings, bootstrap: &str) -> Result<Vec<Setting>> {
    let mut list = List { role, given: Vec::new() };
    for (key, value) in &client.values {
        list.take(key, value.trim())?;
    }
    special::add(&client.values, &mut list.given)?;
    let delivery_is_given = list.given.iter().any(|s| matches!(s.key.as_str(), "delivery.timeout.ms" | "message.timeout.ms"));

    let mut all: Vec<Setting> = Vec::with_capacity(list.given.len() + 24);
    let fixed = tables::fixed(role);
    for (key, value) in tables::defaults(role) {
        all.push(Setting { given: key.into(), key: key.into(), value });
    }
    all.push(Setting { given: "bootstrap.servers".into(), key: "bootstrap.servers".into(), value: bootstrap.into() });
    if !client.client_id.is_empty() {
        all.push(Setting { given: "client.id".into(), key: "client.id".into(), value: client.client_id.clone() });
    }
    for setting in list.given {
        if let Some((_, value, why)) = fixed.iter().find(|(key, ..)| *key == setting.key) {
            if !setting.value.eq_ignore_ascii_case(value) {
                let text = format!("`{}` is always `{value}` here ({why}); remove it", setting.given);
                return Err(Error::new(ErrorKind::Config, text));
            }
            continue;
        }
        all.retain(|s| s.key != setting.key);
        all.push(setting);
    }
    for (key, value, _) in fixed {
        all.push(Setting { given: key.into(), key: key.into(), value });
    }
    if let Role::Producer { transaction, largest_batch } = role {
        match transaction {
            Some(transaction) => fit_transaction(&mut all, transaction.timeout),
            None if !delivery_is_given => fit_delivery(&mut all),
            None => {}
        }
        if let Some(limit) = largest_batch {
            fit_batch(&mut all, *limit);
        }
    }
    Ok(all)
}

/// librdkafka refuses a delivery or socket time-out longer than the transaction's; Java does not know the rule, so nobody is told off.
fn fit_transaction(all: &mut [Setting], timeout: Duration) {
    let limit = timeout.as_millis();
    for setting in all.iter_mut().filter(|s| matches!(s.key.as_str(), "delivery.timeout.ms" | "message.timeout.ms" | "socket.timeout.ms")) {
        if setting.value.parse::<u128>().is_ok_and(|v| v > limit) {
            setting.value = limit.to_string();
        }
    }
    // The broker's time for one produce request must end before the delivery does.
    for setting in all.iter_mut().filter(|s| s.key == "request.timeout.ms") {
        if setting.value.parse::<u128>().is_ok_and(|v| v > limit) {
            setting.value = limit.to_string();
        }
    }
    // What lingers is sent by the commit at the latest.
    for setting in all.iter_mut().filter(|s| s.key == "linger.ms") {
        if setting.value.parse::<f64>().is_ok_and(|v| v >= limit as f64) {
            setting.value = limit.saturating_sub(1).to_string();
        }
    }
}

/// A record may linger longer than the default time for its delivery, which is made longer then, as in Java.
fn fit_delivery(all: &mut [Setting]) {
    let number = |key: &str, default: f64| all.iter().find(|s| s.key == key).and_then(|s| s.value.parse().ok()).unwrap_or(default);
    let enough = number("linger.ms", 0.0) + number("request.timeout.ms", 30_000.0);
    for setting in all.iter_mut().filter(|s| s.key == "delivery.timeout.ms") {
        if setting.value.parse::<f64>().is_ok_and(|v| v < enough) {
            setting.value = format!("{enough:.0}");
        }
    }
}

/// Takes `batch.size` down to what the topics take.
fn fit_batch(all: &mut [Setting], limit: usize) {
    for setting in all.iter_mut().filter(|s| s.key == "batch.size") {
        if setting.value.parse::<usize>().is_ok_and(|v| v > limit) {
            setting.value = limit.max(1).to_string();
        }
    }
}

/// A configuration object with everything in it.
pub(super) fn conf(role: &Role, client: &ClientSettings, bootstrap: &str) -> Result<Conf> {
    let mut conf = Conf::new();
    for setting in settings(role, client, bootstrap)? {
        conf.set(&setting.given, &setting.key, &setting.value)?;
    }
    Ok(conf)
}

/// The time limits of a client.
pub(super) fn waits(client: &ClientSettings) -> Result<Waits> {
    let read = |key: &str, default: u64| match client.values.get(key) {
        None => Ok(Duration::from_millis(default)),
        Some(text) => text.trim().parse::<u64>().map(Duration::from_millis).map_err(|_| not_a_number(key, text)),
    };
    Ok(Waits { request: read("request.timeout.ms", 30_000)?, block: read("max.block.ms", 60_000)? })
}

/// Whether a name is a client setting, in Kafka's words or in librdkafka's.
pub fn known_client_key(name: &str) -> bool {
    JAVA.iter().any(|(java, _)| *java == name) || (!is_pointer(name) && Conf::new().knows(name))
}

/// Properties that hold C pointers, not text.
fn is_pointer(name: &str) -> bool {
    name.ends_with("_cb") || tables::POINTERS.contains(&name)
}

struct List<'a> {
    role: &'a Role,
    given: Vec<Setting>,
}

impl List<'_> {
    /// Takes one setting as the user gave it.
    fn take(&mut self, given: &str, value: &str) -> Result<()> {
        let Some((_, rule)) = JAVA.iter().find(|(java, _)| *java == given) else {
            self.push(given, given, value.to_owned());
            return Ok(());
        };
        match rule {
            Rule::Ours | Rule::Special => {}
            Rule::Same => self.push(given, given, value.to_owned()),
            Rule::Lower => self.push(given, given, value.to_ascii_lowercase()),
            Rule::OfProducer(name) if matches!(self.role, Role::Producer { .. }) => self.push(given, name, value.to_owned()),
            Rule::OfProducer(_) => {}
            Rule::Named(names) => names.iter().for_each(|name| self.push(given, name, value.to_owned())),
            Rule::Times(names) => {
                let number = number(given, value)?;
                for (name, times, bounds) in *names {
                    self.push(given, name, number.saturating_mul(*times).clamp(*bounds.start(), *bounds.end()).to_string());
                }
            }
            Rule::Kib(name) => self.push(given, name, (number(given, value)? / 1024).max(1).to_string()),
            Rule::EmptyIs(word) => self.push(given, given, if value.is_empty() { (*word).into() } else { value.into() }),
            Rule::Refused(why) => return Err(Error::new(ErrorKind::Config, format!("`{given}`: {why}"))),
        }
        Ok(())
    }

    /// Adds a property, unless it does not concern this role.
    fn push(&mut self, given: &str, key: &str, value: String) {
        let foreign = match self.role {
            Role::Producer { .. } => CONSUMER_ONLY.contains(&key),
            Role::Admin => CONSUMER_ONLY.contains(&key) || PRODUCER_ONLY.contains(&key),
            Role::Member { .. } | Role::Fetcher { .. } => PRODUCER_ONLY.contains(&key),
        };
        if !foreign {
            self.given.push(Setting { given: given.to_owned(), key: key.to_owned(), value });
        }
    }
}

fn number(key: &str, value: &str) -> Result<u64> {
    value.parse().map_err(|_| not_a_number(key, value))
}

#[cold]
fn not_a_number(key: &str, value: &str) -> Error {
    Error::new(ErrorKind::Config, format!("`{key}` must be a whole number that is not negative, and is `{value}`"))
}
