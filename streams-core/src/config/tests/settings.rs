use super::super::*;
use super::*;
use std::path::PathBuf;
use std::time::Duration;

#[test]
fn defaults_are_those_of_java() {
    let s = config().settings().unwrap();
    assert_eq!(s.bootstrap, Bootstrap::Servers("localhost:9092".into()));
    assert_eq!(s.client_id("1234"), "app-1234");
    assert_eq!(s.state_dir, std::env::temp_dir().join("kafka-streams"));
    assert_eq!(s.num_stream_threads, 1);
    assert_eq!(s.processing_guarantee, ProcessingGuarantee::AtLeastOnce);
    assert_eq!(s.commit_interval, Duration::from_secs(30));
    assert_eq!(s.statestore_cache_max_bytes, 10 << 20);
    assert_eq!(s.statestore_uncommitted_max_bytes, Some(64 << 20));
    assert_eq!(s.max_task_idle, Some(Duration::ZERO));
    assert_eq!(s.buffered_records_per_partition, 1000);
    assert_eq!(s.poll, Duration::from_millis(100));
    assert_eq!(s.task_timeout, Duration::from_secs(300));
    assert_eq!(s.replication_factor, None);
    assert_eq!(s.repartition_purge_interval, Duration::from_secs(30));
    assert_eq!(s.windowstore_changelog_additional_retention, Duration::from_secs(86_400));
    assert_eq!((s.state_cleanup_delay, s.state_cleanup_dir_max_age, s.upgrade_from), (Duration::from_secs(600), None, None));
    assert_eq!(s.default_timestamp_extractor, TimestampPolicy::FailOnInvalid);
    assert_eq!(s.deserialization_exception_handler, DeserializationPolicy::LogAndFail);
    assert_eq!(s.processing_exception_handler, ProcessingPolicy::LogAndFail);
    assert_eq!(s.production_exception_handler, ProductionPolicy::RetryOrFail);
    assert_eq!(s.default_dsl_store, DslStore::RocksDb);
    assert_eq!(s.metrics_recording_level, RecordingLevel::Info);
    assert_eq!(s.log_summary_interval, Some(Duration::from_secs(120)));
    assert!(!s.allow_os_group_write_access);
    assert_eq!((s.state_block_cache_bytes, s.state_write_buffer_bytes), (32 << 20, 32 << 20));
    assert_eq!(s.auto_offset_reset, OffsetReset::Earliest);
    assert!(!s.read_committed);
    assert_eq!((s.max_poll_records, s.max_poll_interval), (1000, Duration::from_secs(300)));
    assert_eq!(s.warnings, Vec::<String>::new());
}

#[test]
fn typed_methods_and_dotted_keys_end_in_the_same() {
    let typed = config()
        .client_id("front")
        .state_dir("/var/lib/app")
        .num_stream_threads(4)
        .commit_interval(Duration::from_millis(250))
        .statestore_cache_max_bytes(0)
        .statestore_uncommitted_max_bytes(None)
        .max_task_idle(None)
        .buffered_records_per_partition(10)
        .poll(Duration::from_millis(5))
        .task_timeout(Duration::from_secs(1))
        .replication_factor(3)
        .repartition_purge_interval(Duration::from_secs(2))
        .windowstore_changelog_additional_retention(Duration::ZERO)
        .state_cleanup_delay(Duration::from_secs(3))
        .upgrade_from(UpgradeFrom::V3_4)
        .state_cleanup_dir_max_age(Some(Duration::from_secs(86_400)))
        .default_timestamp_extractor(TimestampPolicy::WallClock)
        .deserialization_exception_handler(DeserializationPolicy::LogAndContinue)
        .processing_exception_handler(ProcessingPolicy::LogAndContinue)
        .production_exception_handler(ProductionPolicy::LogAndContinue)
        .default_dsl_store(DslStore::InMemory)
        .metrics_recording_level(RecordingLevel::Debug)
        .log_summary_interval(None)
        .allow_os_group_write_access(true)
        .state_block_cache_bytes(1 << 20)
        .state_write_buffer_bytes(2 << 20)
        .auto_offset_reset(OffsetReset::Latest)
        .processing_guarantee(ProcessingGuarantee::AtLeastOnce);
    let dotted = StreamsConfig::from_properties([
        ("application.id", "app"),
        ("bootstrap.servers", "localhost:9092"),
        ("client.id", "front"),
        ("state.dir", "/var/lib/app"),
        ("num.stream.threads", "4"),
        ("commit.interval.ms", "250"),
        ("statestore.cache.max.bytes", "0"),
        ("statestore.uncommitted.max.bytes", "-1"),
        ("max.task.idle.ms", "-1"),
        ("buffered.records.per.partition", "10"),
        ("poll.ms", "5"),
        ("task.timeout.ms", "1000"),
        ("replication.factor", "3"),
        ("repartition.purge.interval.ms", "2000"),
        ("windowstore.changelog.additional.retention.ms", "0"),
        ("state.cleanup.dir.max.age.ms", "86400000"),
        ("state.cleanup.delay.ms", "3000"),
        ("upgrade.from", "3.4"),
        ("default.timestamp.extractor", "WallclockTimestampExtractor"),
        ("deserialization.exception.handler", "LogAndContinueExceptionHandler"),
        ("processing.exception.handler", "LogAndContinueProcessingExceptionHandler"),
        ("production.exception.handler", "LogAndContinueProductionExceptionHandler"),
        ("default.dsl.store", "in_memory"),
        ("metrics.recording.level", "DEBUG"),
        ("log.summary.interval.ms", "-1"),
        ("allow.os.group.write.access", "true"),
        ("streams.state.block.cache.bytes", "1048576"),
        ("streams.state.write.buffer.bytes", "2097152"),
        ("consumer.auto.offset.reset", "latest"),
        ("processing.guarantee", "at_least_once"),
    ])
    .unwrap();
    assert_eq!(typed, dotted);
    let s = typed.settings().unwrap();
    assert_eq!(s, dotted.settings().unwrap());
    assert_eq!(s.client_id("1234"), "front");
    assert_eq!(s.state_dir, PathBuf::from("/var/lib/app"));
    assert_eq!((s.num_stream_threads, s.commit_interval, s.replication_factor), (4, Duration::from_millis(250), Some(3)));
    assert_eq!((s.statestore_cache_max_bytes, s.statestore_uncommitted_max_bytes, s.max_task_idle), (0, None, None));
    assert_eq!((s.buffered_records_per_partition, s.poll, s.task_timeout), (10, Duration::from_millis(5), Duration::from_secs(1)));
    assert_eq!(s.repartition_purge_interval, Duration::from_secs(2));
    assert_eq!((s.windowstore_changelog_additional_retention, s.state_cleanup_delay), (Duration::ZERO, Duration::from_secs(3)));
    assert_eq!((s.default_timestamp_extractor, s.upgrade_from), (TimestampPolicy::WallClock, Some(UpgradeFrom::V3_4)));
    assert_eq!(s.deserialization_exception_handler, DeserializationPolicy::LogAndContinue);
    assert_eq!(s.processing_exception_handler, ProcessingPolicy::LogAndContinue);
    assert_eq!(s.production_exception_handler, ProductionPolicy::LogAndContinue);
    assert_eq!((s.default_dsl_store, s.metrics_recording_level), (DslStore::InMemory, RecordingLevel::Debug));
    assert_eq!((s.log_summary_interval, s.allow_os_group_write_access), (None, true));
    assert_eq!((s.state_block_cache_bytes, s.state_write_buffer_bytes), (1 << 20, 2 << 20));
    assert_eq!(s.auto_offset_reset, OffsetReset::Latest);
}

#[test]
fn java_class_names_count_full_or_short() {
    for name in ["org.apache.kafka.streams.processor.UsePartitionTimeOnInvalidTimestamp", "UsePartitionTimeOnInvalidTimestamp"] {
        let s = config().set("default.timestamp.extractor", name).settings().unwrap();
        assert_eq!(s.default_timestamp_extractor, TimestampPolicy::UsePartitionTimeOnInvalid);
    }
    let nested = "org.apache.kafka.streams.state.BuiltInDslStoreSuppliers$InMemoryDslStoreSuppliers";
    let s = config().set("dsl.store.suppliers.class", nested).set("default.dsl.store", "rocksDB").settings().unwrap();
    assert_eq!(s.default_dsl_store, DslStore::InMemory, "the newer key wins");
    let message = refused(&config().set("deserialization.exception.handler", "com.example.Mine"));
    assert!(message.contains("`com.example.Mine`") && message.contains("LogAndContinueExceptionHandler"), "{message}");
}

#[test]
fn clusters() {
    let bootstrap = |value: &str| StreamsConfig::new("app", value).settings().map(|s| s.bootstrap);
    assert_eq!(bootstrap("embedded").unwrap(), Bootstrap::Embedded("default".into()));
    assert_eq!(bootstrap("embedded://tests").unwrap(), Bootstrap::Embedded("tests".into()));
    for servers in ["a:9092,b:9093", "embedded:9092", "[::1]:9092", "SASL_SSL://a:1", "a"] {
        assert_eq!(bootstrap(servers).unwrap(), Bootstrap::Servers(servers.into()));
    }
    for wrong in ["", "a:port", "a:0", "a:70000", ":9092", "a:1,,b:1", "embedded://", "two words:1"] {
        assert!(refused(&StreamsConfig::new("app", wrong)).starts_with("bootstrap.servers: "), "{wrong}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_named_all_at_once() {
    assert_eq!(
        refused(&StreamsConfig::default().set("bootstrap.servers", "a:1")),
        "application.id: required, and not given: set it to the name of the application"
    );
    let message = refused(&config().set("num.stream.threads", "many").set("commit.interval.ms", "-5"));
    assert_eq!(
        message,
        "2 settings are wrong: (1) commit.interval.ms: `-5` is not valid: expected a whole number of 64 bits, at least 0; \
         (2) num.stream.threads: `many` is not valid: expected a whole number of 32 bits, at least 1"
    );
    for (key, value) in [
        ("application.id", "my app"),
        ("application.id", ".."),
        ("application.id", "../other"),
        ("num.stream.threads", "0"),
        ("num.stream.threads", "4294967296"),
        ("replication.factor", "0"),
        ("allow.os.group.write.access", "yes"),
        ("processing.guarantee", "exactly_once"),
        ("default.dsl.store", "rocksdb"),
        ("state.dir", ""),
        ("security.protocol", "TLS"),
        ("reconnect.backoff.ms", "soon"),
        ("consumer.max.poll.records", "0"),
        ("auto.offset.reset", "by_duration:-PT1H"),
        ("main.consumer.isolation.level", "none"),
    ] {
        let message = refused(&config().set(key, value));
        assert!(message.contains("is not valid: expected ") && message.contains(&format!("`{value}`")), "{key}={value}: {message}");
    }
    assert!(config().set("security.protocol", "ssl").settings().is_ok(), "any letter case");
    let reset = config().auto_offset_reset(OffsetReset::ByDuration(Duration::from_secs(3_600))).settings().unwrap().auto_offset_reset;
    assert_eq!(reset, config().set("auto.offset.reset", "by_duration:PT1H").settings().unwrap().auto_offset_reset);
    assert!(config().set("num.stream.threads", " 2 ").settings().is_ok(), "blanks around numbers do not matter, as in Java");
}

#[test]
fn a_java_class_is_answered_with_the_place_for_an_object() {
    assert_eq!(
        refused(&config().set("processor.wrapper.class", "com.example.Tracing")),
        "processor.wrapper.class: `com.example.Tracing` cannot be loaded, as Java classes are not here: remove it, and give an object of yours to \
         `StreamsBuilder::processor_wrapper`"
    );
    let default = "org.apache.kafka.streams.processor.internals.NoOpProcessorWrapper";
    assert_eq!(warnings(&config().set("processor.wrapper.class", default)), Vec::<String>::new());
}

/// Those of Java, and none else: to 4.2 in 4.3 itself, to 4.3 after it.
#[test]
fn versions_to_come_from_are_javas() {
    for (major, minors) in [(2, 4..=8), (3, 0..=9), (4, 0..=3)] {
        for minor in minors {
            let version = config().set("upgrade.from", format!("{major}.{minor}")).settings().unwrap().upgrade_from.unwrap();
            assert_eq!(version.as_str(), format!("{major}.{minor}"));
            assert_eq!(version <= UpgradeFrom::V3_4, (major, minor) <= (3, 4));
        }
    }
    for wrong in ["", "null", "2.3", "2.9", "3.10", "3.4.0", "4.4", "34"] {
        let message = refused(&config().set("upgrade.from", wrong));
        assert!(message.starts_with(&format!("upgrade.from: `{wrong}` is not valid: ")) && message.contains("2.4"), "{message}");
    }
}

#[test]
fn generated_names_are_refused_where_the_config_says_so() {
    assert!(!config().settings().unwrap().ensure_explicit_internal_resource_naming);
    assert!(config().ensure_explicit_internal_resource_naming(true).settings().unwrap().ensure_explicit_internal_resource_naming);
    let message = refused(&config().set("ensure.explicit.internal.resource.naming", "perhaps"));
    assert!(message.contains("`true` or `false`"), "{message}");
}

#[test]
fn features_that_are_not_built_are_errors_except_their_defaults() {
    assert_eq!(
        refused(&config().set("num.standby.replicas", "1")),
        "num.standby.replicas: known to Kafka Streams, not supported yet: remove it, or leave it at its default `0`"
    );
    assert_eq!(
        refused(&config().set("group.protocol", "streams")),
        "group.protocol: `streams` is known to Kafka Streams, not supported yet: use `classic`"
    );
    for (key, value) in [
        ("group.protocol", "streams"),
        ("errors.dead.letter.queue.topic.name", "dead"),
        ("application.server", "host:1"),
        ("client.tag.zone", "a"),
    ] {
        let message = refused(&config().set(key, value));
        assert!(message.starts_with(key) && message.contains("not supported yet"), "{message}");
    }
    for (key, value) in [("num.standby.replicas", "0"), ("acceptable.recovery.lag", "10000"), ("group.protocol", "CLASSIC")] {
        assert_eq!(warnings(&config().set(key, value)), Vec::<String>::new());
    }
}

#[test]
fn old_spellings_count_and_are_told() {
    let old =
        config().set("cache.max.bytes.buffering", "5").set("default.deserialization.exception.handler", "LogAndContinueExceptionHandler");
    let s = old.settings().unwrap();
    assert_eq!(s.statestore_cache_max_bytes, 5);
    assert_eq!(s.deserialization_exception_handler, DeserializationPolicy::LogAndContinue);
    assert_eq!(s.warnings[0], "cache.max.bytes.buffering is an old spelling: write statestore.cache.max.bytes");
    let both = old.statestore_cache_max_bytes(7).settings().unwrap();
    assert_eq!(both.statestore_cache_max_bytes, 7);
    assert!(both.warnings[0].ends_with("`5` is ignored"), "{:?}", both.warnings);
    assert_eq!(both.to_properties()["statestore.cache.max.bytes"], "7");
}

#[test]
fn unknown_keys_are_named_with_the_nearest() {
    let all = warnings(&config().set("num.stream.thread", "3").set("consumer.fetch.min.byte", "1").set("qqqqqqqqqqqq", "1"));
    assert_eq!(
        all,
        [
            "consumer.fetch.min.byte is handed on to a client that is not known to have it: did you mean consumer.fetch.min.bytes?",
            "num.stream.thread is not known and is ignored: did you mean num.stream.threads?",
            "qqqqqqqqqqqq is not known and is ignored",
        ]
    );
}

#[test]
fn values_without_effect_are_told() {
    let all = warnings(
        &config().set("default.key.serde", "StringSerde").set("metrics.num.samples", "5").set("metrics.sample.window.ms", "30000"),
    );
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[0].starts_with("default.key.serde has no effect: serdes follow from the types"));
    assert!(all[1].starts_with("metrics.num.samples has no effect: "));
}

#[test]
fn secrets_are_not_printed() {
    let secret = config()
        .set("sasl.jaas.config", "hunter2")
        .set("consumer.ssl.key.password", "hunter2")
        .set("producer.sasl.password", "hunter2")
        .set("ssl.keystore.key", "hunter2")
        .set("ssl.key.pem", "hunter2")
        .set("sasl.oauthbearer.client.credentials.client.secret", "hunter2");
    let settings = secret.settings().unwrap();
    assert_eq!(secret.to_properties()["producer.sasl.password"], "[hidden]");
    assert_eq!(settings.to_properties()["num.stream.threads"], "1");
    for text in [format!("{secret:?}"), format!("{settings:?}"), format!("{:?}", settings.to_properties())] {
        assert!(!text.contains("hunter2") && text.contains("[hidden]"), "{text}");
    }
    assert_eq!(secret.get("sasl.jaas.config"), Some("hunter2"));
}

#[test]
fn paths_that_are_not_text_are_refused() {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let message = refused(&config().state_dir(std::ffi::OsStr::from_bytes(b"/tmp/\xff")));
        assert!(message.starts_with("state.dir: ") && message.contains("UTF-8"), "{message}");
    }
}
