use super::super::*;
use super::*;
use crate::cluster::ClientSettings;

fn get<'a>(client: &'a ClientSettings, key: &str) -> Option<&'a str> {
    client.values.get(key).map(String::as_str)
}

#[test]
fn precedence_is_java_s() {
    let s = config()
        .set("fetch.min.bytes", "1")
        .set("consumer.fetch.min.bytes", "2")
        .set("main.consumer.fetch.min.bytes", "3")
        .set("restore.consumer.fetch.max.bytes", "4")
        .set("fetch.max.bytes", "5")
        .set("request.timeout.ms", "6000")
        .set("admin.request.timeout.ms", "7000")
        .set("producer.batch.size", "8")
        .set("acks", "all")
        .settings()
        .unwrap();
    let (main, restore) = (s.main_consumer("T"), s.restore_consumer("U"));
    let (producer, admin) = (s.producer("T"), s.admin("C"));
    assert_eq!((get(&main, "fetch.min.bytes"), get(&main, "fetch.max.bytes")), (Some("3"), Some("5")));
    assert_eq!((get(&restore, "fetch.min.bytes"), get(&restore, "fetch.max.bytes")), (Some("2"), Some("4")));
    assert_eq!(get(&s.global_consumer("C"), "fetch.min.bytes"), Some("2"));
    assert_eq!((get(&producer, "fetch.min.bytes"), get(&producer, "batch.size"), get(&producer, "acks")), (None, Some("8"), Some("all")));
    assert_eq!((get(&admin, "acks"), get(&main, "acks")), (None, None));
    assert_eq!((get(&main, "request.timeout.ms"), get(&admin, "request.timeout.ms")), (Some("6000"), Some("7000")));
    for client in [&main, &restore, &producer, &admin] {
        assert_eq!(get(client, "bootstrap.servers"), Some("localhost:9092"));
        assert!(!client.values.contains_key("application.id"));
    }
}

#[test]
fn defaults_of_clients_are_left_to_them_except_java_s_overrides() {
    let s = config().settings().unwrap();
    assert_eq!(s.main_consumer("T").values.len(), 1, "nothing but bootstrap.servers");
    assert_eq!(get(&s.producer("T"), "linger.ms"), Some("100"));
    assert_eq!(get(&config().set("linger.ms", "5").settings().unwrap().producer("T"), "linger.ms"), Some("5"));
    let aliased = config().set("producer.queue.buffering.max.ms", "7").settings().unwrap().producer("T");
    assert_eq!((get(&aliased, "linger.ms"), get(&aliased, "queue.buffering.max.ms")), (None, Some("7")));
}

#[test]
fn ids_are_java_s() {
    let s = config().set("group.instance.id", "i").settings().unwrap();
    let client = s.client_id("uuid");
    let thread = Settings::stream_thread_name(&client, 2);
    assert_eq!(thread, "app-uuid-StreamThread-2");
    assert_eq!(s.main_consumer(&thread).client_id, "app-uuid-StreamThread-2-consumer");
    assert_eq!(s.producer(&thread).client_id, "app-uuid-StreamThread-2-producer");
    let updater = Settings::state_updater_name(&client, 1);
    assert_eq!(s.restore_consumer(&updater).client_id, "app-uuid-StateUpdater-1-restore-consumer");
    assert_eq!(s.global_consumer(&client).client_id, "app-uuid-global-consumer");
    assert_eq!(s.admin(&client).client_id, "app-uuid-admin");
    assert_eq!(get(&s.membership(&thread, 2), "group.instance.id"), Some("i-2"));
    assert_eq!(get(&s.main_consumer(&thread), "group.instance.id"), None, "only the member has it");
}

#[test]
fn what_the_library_decides_is_ignored_and_told() {
    let c = config()
        .set("enable.auto.commit", "true")
        .set("main.consumer.group.id", "other")
        .set("consumer.partition.assignment.strategy", "range")
        .set("producer.transactional.id", "t")
        .set("admin.bootstrap.servers", "elsewhere:1")
        .set("consumer.allow.auto.create.topics", "false");
    let s = c.settings().unwrap();
    assert_eq!(s.warnings.len(), 5, "{:?}", s.warnings);
    assert!(s.warnings.contains(&"enable.auto.commit: `true` is ignored: offsets are committed together with the state".to_owned()));
    assert_eq!(s.main_consumer("T").values.len(), 1);
    assert_eq!(s.producer("T").values.len(), 2);
    assert_eq!(get(&s.admin("C"), "bootstrap.servers"), Some("localhost:9092"));
}

#[test]
fn what_would_break_the_guarantee_is_refused() {
    assert!(refused(&config().set("producer.acks", "1")).starts_with("producer.acks: `1` would let a commit cover records"));
    assert!(refused(&config().set("request.required.acks", "0")).starts_with("producer.request.required.acks"));
    assert!(refused(&config().set("enable.idempotence", "false")).contains("max.in.flight.requests.per.connection=1"));
    let one = config().set("enable.idempotence", "false").set("producer.max.in.flight.requests.per.connection", "1");
    assert_eq!(get(&one.settings().unwrap().producer("T"), "enable.idempotence"), Some("false"));
    assert!(config().set("acks", "-1").settings().is_ok());
}

#[test]
fn the_library_reads_some_keys_of_the_main_consumer() {
    let s = config()
        .set("auto.offset.reset", "earliest")
        .set("main.consumer.auto.offset.reset", "latest")
        .set("consumer.isolation.level", "read_committed")
        .set("max.poll.records", "50")
        .set("max.poll.interval.ms", "1000")
        .settings()
        .unwrap();
    assert_eq!((s.auto_offset_reset, s.read_committed, s.max_poll_records), (OffsetReset::Latest, true, 50));
    assert_eq!(s.max_poll_interval.as_millis(), 1000);
    assert_eq!(s.membership("T", 1).values.keys().collect::<Vec<_>>(), ["bootstrap.servers", "max.poll.interval.ms"]);
    assert_eq!(s.warnings, Vec::<String>::new());
}

#[test]
fn topics_and_clients_may_begin_alike() {
    let s = config()
        .set("topic.segment.bytes", "1048576")
        .set("topic.metadata.refresh.interval.ms", "30000")
        .set("statistics.interval.ms", "5000")
        .settings()
        .unwrap();
    assert_eq!(s.topic_configs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>(), [("segment.bytes", "1048576")]);
    assert_eq!(get(&s.main_consumer("T"), "topic.metadata.refresh.interval.ms"), Some("30000"));
    assert_eq!(get(&s.admin("C"), "statistics.interval.ms"), Some("5000"));
    assert_eq!(s.warnings, Vec::<String>::new());
}

#[test]
fn a_client_may_know_more_keys() {
    let c = config().set("special.tuning", "1");
    assert_eq!(c.settings().unwrap().main_consumer("T").values.len(), 1);
    let s = c.settings_with(&|key| key == "special.tuning").unwrap();
    assert_eq!(get(&s.main_consumer("T"), "special.tuning"), Some("1"));
    assert_eq!(s.warnings, Vec::<String>::new());
}
