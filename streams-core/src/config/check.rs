//! Goes through everything that was given: what is wrong is collected into one error, what is doubtful into warnings.

use super::client_keys::known_client_key;
use super::clients::{self, Reserved};
use super::definition::{number, shown};
use super::nearest::nearest_key;
use super::{OffsetReset, StreamsConfig, Support, definition, keys};
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeSet;

/// What a check found besides errors.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// What should be told when the application starts.
    pub warnings: Vec<String>,
    /// Keys without a prefix that only the caller's client knows.
    pub extra_client_keys: BTreeSet<String>,
}

pub(super) fn check(config: &StreamsConfig, extra: &dyn Fn(&str) -> bool) -> Result<Checked> {
    let mut checked = Checked::default();
    let mut problems = Vec::new();
    for (key, what) in [(keys::APPLICATION_ID, "the name of the application"), (keys::BOOTSTRAP_SERVERS, "`host:port,...` or `embedded`")] {
        if config.get(key).is_none() {
            problems.push(format!("{key}: required, and not given: set it to {what}"));
        }
    }
    for (key, value) in &config.given {
        if let Err(problem) = check_one(config, key, value, extra, &mut checked) {
            problems.push(problem);
        }
    }
    check_consumer(config, &mut problems);
    check_producer(config, &mut problems);
    match problems.as_slice() {
        [] => Ok(checked),
        [one] => Err(Error::new(ErrorKind::Config, one.clone())),
        many => {
            let list: Vec<String> = many.iter().enumerate().map(|(i, p)| format!("({}) {p}", i + 1)).collect();
            Err(Error::new(ErrorKind::Config, format!("{} settings are wrong: {}", many.len(), list.join("; "))))
        }
    }
}

fn check_one(config: &StreamsConfig, key: &str, value: &str, extra: &dyn Fn(&str) -> bool, checked: &mut Checked) -> Result<(), String> {
    if let Some(definition) = definition(key) {
        definition.check(value)?;
        match definition.support {
            Support::Renamed(new) if config.given.contains_key(new) => {
                checked.warnings.push(format!("{key} is an old spelling of {new}, which is set too: `{value}` is ignored"));
            }
            Support::Renamed(new) => checked.warnings.push(format!("{key} is an old spelling: write {new}")),
            Support::NoEffect(why) if !definition.is_default(value) => {
                checked.warnings.push(format!("{key} has no effect: {why}"));
            }
            _ => {}
        }
        return Ok(());
    }
    let (prefix, name) = clients::split_prefix(key);
    if let Some(reserved) = Reserved::of(name) {
        if !reserved.is_harmless(value) {
            checked.warnings.push(format!("{key}: `{}` is ignored: {}", shown(key, value), reserved.why));
        }
        return Ok(());
    }
    match prefix {
        Some(prefix) if prefix.client.knows(name) || extra(name) => {}
        Some(_) => checked.warnings.push(unknown(key, "is handed on to a client that is not known to have it")),
        None if known_client_key(key) => {}
        None if extra(key) => {
            checked.extra_client_keys.insert(key.to_owned());
        }
        None if key.starts_with("topic.") => {}
        None if key.starts_with("client.tag.") => return Err(format!("{key}: known to Kafka Streams, not supported yet: remove it")),
        None => checked.warnings.push(unknown(key, "is not known and is ignored")),
    }
    Ok(())
}

fn unknown(key: &str, what: &str) -> String {
    match nearest_key(key) {
        Some(nearest) => format!("{key} {what}: did you mean {nearest}?"),
        None => format!("{key} {what}"),
    }
}

/// Keys of the main consumer that the library reads itself.
fn check_consumer(config: &StreamsConfig, problems: &mut Vec<String>) {
    let values = clients::main_consumer_values(&config.given);
    let mut refuse = |key: &str, expected: &str, ok: &dyn Fn(&str) -> bool| {
        if let Some(value) = values.get(key).filter(|v| !ok(v.trim())) {
            problems.push(format!("consumer.{key}: `{value}` is not valid: expected {expected}"));
        }
    };
    refuse("auto.offset.reset", "`earliest`, `latest`, `none`, or `by_duration:` and a duration such as `PT1H`, not negative", &|v| {
        OffsetReset::parse(v).is_some()
    });
    refuse("isolation.level", "`read_uncommitted` or `read_committed`", &|v| read_committed(v).is_some());
    for key in ["max.poll.records", "max.poll.interval.ms"] {
        refuse(key, "a whole number of 32 bits, at least 1", &|v| number(v).is_some_and(|n| (1..=i64::from(i32::MAX)).contains(&n)));
    }
}

pub(super) fn read_committed(value: &str) -> Option<bool> {
    match value.trim() {
        v if v.eq_ignore_ascii_case("read_committed") => Some(true),
        v if v.eq_ignore_ascii_case("read_uncommitted") => Some(false),
        _ => None,
    }
}

/// Keys of the producer that would break the guarantee.
fn check_producer(config: &StreamsConfig, problems: &mut Vec<String>) {
    let values = clients::producer_values(&config.given);
    let get = |key: &str| values.get(key).map(|v| v.trim());
    for key in ["acks", "request.required.acks"] {
        if let Some(value) = get(key).filter(|v| !matches!(*v, "all" | "-1")) {
            problems.push(format!(
                "producer.{key}: `{value}` would let a commit cover records that a broker then loses: remove it, or set it to `all`"
            ));
        }
    }
    if config.get(keys::PROCESSING_GUARANTEE).map(str::trim) == Some("exactly_once_v2") {
        return check_transactions(config, &get, problems);
    }
    let one_in_flight = ["max.in.flight.requests.per.connection", "max.in.flight"].iter().any(|key| get(key) == Some("1"));
    if get("enable.idempotence").is_some_and(|v| v.eq_ignore_ascii_case("false")) && !one_in_flight {
        problems.push(
            "producer.enable.idempotence: `false` would let a retry change the order of a changelog: remove it, or set \
             producer.max.in.flight.requests.per.connection=1 too"
                .to_owned(),
        );
    }
}

/// Keys that exactly-once does not work with.
fn check_transactions<'a>(config: &StreamsConfig, get: &impl Fn(&str) -> Option<&'a str>, problems: &mut Vec<String>) {
    if get("enable.idempotence").is_some_and(|v| v.eq_ignore_ascii_case("false")) {
        problems.push("producer.enable.idempotence: `false` and exactly_once_v2 exclude each other: remove it".to_owned());
    }
    if let Some(value) = get("transaction.timeout.ms").filter(|v| !number(v).is_some_and(|n| (1..=i64::from(i32::MAX)).contains(&n))) {
        problems.push(format!("producer.transaction.timeout.ms: `{value}` is not valid: expected a whole number of 32 bits, at least 1"));
        return;
    }
    let timeout = clients::transaction_timeout_ms(&config.given);
    let interval = config.get(keys::COMMIT_INTERVAL_MS).and_then(number).and_then(|n| u64::try_from(n).ok());
    if let Some(interval) = interval.filter(|interval| *interval > timeout) {
        problems.push(format!(
            "commit.interval.ms: `{interval}` is longer than producer.transaction.timeout.ms = {timeout}, so brokers would abort every \
             transaction before it is committed: lower the one or raise the other"
        ));
    }
}
