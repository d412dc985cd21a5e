use super::super::*;

/// The keys of Java's `StreamsConfig`, in the order of its documentation.
const JAVA: &str = "application.id bootstrap.servers num.standby.replicas state.dir ensure.explicit.internal.resource.naming \
    processing.exception.handler.global.enabled acceptable.recovery.lag cache.max.bytes.buffering statestore.cache.max.bytes \
    statestore.uncommitted.max.bytes client.id default.deserialization.exception.handler deserialization.exception.handler \
    default.production.exception.handler production.exception.handler processing.exception.handler errors.dead.letter.queue.topic.name \
    default.key.serde default.value.serde default.list.key.serde.inner default.list.value.serde.inner default.list.key.serde.type \
    default.list.value.serde.type default.timestamp.extractor max.task.idle.ms max.warmup.replicas num.stream.threads \
    processing.guarantee task.assignor.class replication.factor security.protocol task.timeout.ms topology.optimization group.protocol \
    allow.os.group.write.access application.server buffered.records.per.partition built.in.metrics.version commit.interval.ms \
    config.providers enable.metrics.push enable.transactional.statestores default.interactive.query.isolation.level \
    rack.aware.assignment.strategy rack.aware.assignment.traffic_cost rack.aware.assignment.non_overlap_cost rack.aware.assignment.tags \
    repartition.purge.interval.ms default.dsl.store dsl.store.suppliers.class dsl.store.format default.client.supplier \
    log.summary.interval.ms poll.ms probing.rebalance.interval.ms processor.wrapper.class rocksdb.config.setter state.cleanup.delay.ms \
    state.cleanup.dir.max.age.ms upgrade.from windowstore.changelog.additional.retention.ms windowed.inner.class.serde window.size.ms \
    topology.description.push.enabled metric.reporters metrics.num.samples metrics.recording.level metrics.sample.window.ms \
    connections.max.idle.ms metadata.max.age.ms request.timeout.ms receive.buffer.bytes send.buffer.bytes reconnect.backoff.ms \
    reconnect.backoff.max.ms retry.backoff.ms metadata.recovery.strategy metadata.recovery.rebootstrap.trigger.ms \
    metadata.cluster.check.enable";

#[test]
fn every_key_of_java_is_defined_once_and_ours_have_their_prefix() {
    let java: Vec<&str> = JAVA.split_whitespace().collect();
    assert_eq!(java.len(), 79);
    for key in &java {
        assert_eq!(definitions().iter().filter(|d| d.name == *key).count(), 1, "{key}");
    }
    for d in definitions() {
        assert!(java.contains(&d.name) || d.name.starts_with("streams."), "{}", d.name);
    }
}

#[test]
fn every_default_is_valid() {
    for d in definitions() {
        if let Some(default) = d.default {
            assert_eq!(d.check(default), Ok(()), "{}", d.name);
            assert!(d.is_default(default), "{}", d.name);
        }
        if let Support::Renamed(new) = d.support {
            assert_eq!(definition(new).and_then(|n| n.default), d.default, "{}", d.name);
        }
        assert!(!d.doc.is_empty());
    }
}
