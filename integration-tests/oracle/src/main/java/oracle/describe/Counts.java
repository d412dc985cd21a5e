package oracle.describe;

import java.util.Map;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.state.KeyValueStore;

/** count over streams, in every way of naming. */
final class Counts {
    private Counts() {}

    @Case(id = "count", note = "groupByKey straight from the source: no repartition")
    static void count(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count().toStream().to("output");
    }

    @Case(id = "count-after-map-values", note = "mapValues keeps the key: no repartition")
    static void countAfterMapValues(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.mapValues(value -> value).groupByKey().count().toStream().to("output");
    }

    @Case(id = "count-after-key-change", note = "selectKey, then groupByKey")
    static void countAfterKeyChange(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).groupByKey().count().toStream().to("output");
    }

    @Case(id = "count-after-key-change-grouped-named", note = "Grouped.as with groupByKey names the repartition topic only")
    static void countAfterKeyChangeGroupedNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).groupByKey(Grouped.as("by-value")).count().toStream().to("output");
    }

    @Case(id = "count-grouped-named-no-repartition", note = "a Grouped name without a repartition shows nowhere")
    static void countGroupedNamedNoRepartition(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey(Grouped.as("by-key")).count().toStream().to("output");
    }

    @Case(id = "count-named", note = "count(Named): the processor has the name, the store a generated one")
    static void countNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).count(Named.as("my-count")).toStream().to("output");
    }

    @Case(id = "count-materialized", note = "count(Materialized.as)")
    static void countMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).count(Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "count-named-materialized", note = "count(Named, Materialized.as)")
    static void countNamedMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).count(Named.as("my-count"), Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "count-materialized-unnamed", note = "count(Materialized) without a store name burns one more index")
    static void countMaterializedUnnamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count(Materialized.with(Serdes.String(), Serdes.Long())).toStream().to("output");
    }

    @Case(id = "count-named-materialized-unnamed", note = "count(Named, Materialized) without a store name")
    static void countNamedMaterializedUnnamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count(Named.as("my-count"), Materialized.with(Serdes.String(), Serdes.Long())).toStream().to("output");
    }

    @Case(id = "count-grouped-and-store-named", note = "Grouped.as wins over the store's name in the repartition topic")
    static void countGroupedAndStoreNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value, Grouped.as("by-value")).count(Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "count-logging-disabled", note = "no changelog topic")
    static void countLoggingDisabled(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("my-store").withLoggingDisabled()).toStream().to("output");
    }

    @Case(id = "count-logging-config", note = "own configs of the changelog topic")
    static void countLoggingConfig(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("my-store")
                .withLoggingEnabled(Map.of("retention.ms", "1000", "cleanup.policy", "compact,delete")))
            .toStream()
            .to("output");
    }

    @Case(id = "count-caching-disabled", note = "caching does not show")
    static void countCachingDisabled(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("my-store").withCachingDisabled()).toStream().to("output");
    }
}
