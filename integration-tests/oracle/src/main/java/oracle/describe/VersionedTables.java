package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;

/** Versioned tables and what is computed from them. */
final class VersionedTables {
    private VersionedTables() {}

    /** Short enough for records to come too late. */
    static final Duration HISTORY = Duration.ofSeconds(15);

    static Materialized<String, String, KeyValueStore<Bytes, byte[]>> versioned(String name) {
        return Materialized.as(Stores.persistentVersionedKeyValueStore(name, HISTORY));
    }

    static KTable<String, String> table(StreamsBuilder b, String topic) {
        return b.table(topic, versioned(topic + "-versions"));
    }

    @Case(id = "versioned-table", note = "a versioned table from a topic")
    static void versionedTable(StreamsBuilder b) {
        table(b, "table").toStream().to("output");
    }

    @Case(id = "versioned-table-segments", note = "the same with a segment interval, and a longer history")
    static void versionedTableSegments(StreamsBuilder b) {
        KTable<String, String> table = b.table("table",
            Materialized.as(Stores.persistentVersionedKeyValueStore("versions", Duration.ofMinutes(2), Duration.ofSeconds(1))));
        table.toStream().to("output");
    }

    @Case(id = "versioned-table-no-history", note = "a history retention of 0: nothing may be late")
    static void versionedTableNoHistory(StreamsBuilder b) {
        KTable<String, String> table = b.table("table",
            Materialized.as(Stores.persistentVersionedKeyValueStore("versions", Duration.ZERO)));
        table.toStream().to("output");
    }

    @Case(id = "versioned-table-filter", note = "every deletion passes a filter of a versioned table")
    static void versionedTableFilter(StreamsBuilder b) {
        table(b, "table").filter((key, value) -> value.length() == 1).toStream().to("output");
    }

    @Case(id = "versioned-table-filter-materialized", note = "filtered into a store that is not versioned")
    static void versionedTableFilterMaterialized(StreamsBuilder b) {
        table(b, "table").filter((key, value) -> value.length() == 1, Materialized.as("filtered")).toStream().to("output");
    }

    @Case(id = "versioned-table-filter-versioned", note = "filtered into a versioned store")
    static void versionedTableFilterVersioned(StreamsBuilder b) {
        table(b, "table").filterNot((key, value) -> value.length() == 1, versioned("filtered")).toStream().to("output");
    }

    @Case(id = "versioned-filter-of-table", note = "an ordinary table filtered into a versioned store")
    static void versionedFilterOfTable(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filter((key, value) -> value.length() == 1, versioned("filtered")).toStream().to("output");
    }

    @Case(id = "versioned-table-map-values", note = "mapped, not kept")
    static void versionedTableMapValues(StreamsBuilder b) {
        table(b, "table").mapValues(value -> value + "!").toStream().to("output");
    }

    @Case(id = "versioned-table-map-values-materialized", note = "mapped into a store that is not versioned, and one that is")
    static void versionedTableMapValuesMaterialized(StreamsBuilder b) {
        KTable<String, String> table = table(b, "table");
        table.mapValues(value -> value + "!", Materialized.as("mapped")).toStream().to("output-1");
        table.mapValues(value -> value + "?", versioned("mapped-versions")).toStream().to("output-2");
    }

    @Case(id = "versioned-table-group-count", note = "changes out of order do not reach the groups")
    static void versionedTableGroupCount(StreamsBuilder b) {
        table(b, "table").groupBy((key, value) -> KeyValue.pair(value, key)).count().toStream().to("output");
    }

    @Case(id = "versioned-table-filter-group-aggregate", note = "the same behind a filter")
    static void versionedTableFilterGroupAggregate(StreamsBuilder b) {
        table(b, "table").filter((key, value) -> value.length() == 1).groupBy((key, value) -> KeyValue.pair(value, key))
            .aggregate(() -> "", (key, value, all) -> all + "+" + value, (key, value, all) -> all + "-" + value)
            .toStream().to("output");
    }

    @Case(id = "versioned-table-unnamed-filter-group", note = "Java takes a filter with Materialized for one that is not versioned, kept or not")
    static void versionedTableUnnamedFilterGroup(StreamsBuilder b) {
        table(b, "table").filter((key, value) -> value.length() == 1, Materialized.with(Serdes.String(), Serdes.String()))
            .groupBy((key, value) -> KeyValue.pair(value, key)).count().toStream().to("output");
    }

    @Case(id = "versioned-group-of-table", note = "a group's aggregate in a versioned store")
    static void versionedGroupOfTable(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value, key))
            .reduce((all, value) -> all + "+" + value, (all, value) -> all + "-" + value, versioned("reduced"))
            .toStream().to("output");
    }

    @Case(id = "versioned-count", note = "a count in a versioned store")
    static void versionedCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count(Materialized.as(Stores.persistentVersionedKeyValueStore("counts", HISTORY))).toStream().to("output");
    }

    @Case(id = "versioned-aggregate-deletes", note = "an aggregate in a versioned store that is deleted now and then")
    static void versionedAggregateDeletes(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().aggregate(() -> "", (key, value, all) -> all.length() > 5 ? null : all + value, versioned("texts"))
            .filter((key, value) -> true).toStream().to("output");
    }

    @Case(id = "versioned-reduce", note = "a reduction in a versioned store")
    static void versionedReduce(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().reduce((all, value) -> all.length() > 5 ? value : all + value, versioned("texts")).toStream().to("output");
    }

    @Case(id = "versioned-to-table", note = "a stream taken as a versioned table")
    static void versionedToTable(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.toTable(versioned("versions")).toStream().to("output");
    }

    @Case(id = "versioned-to-table-after-key-change", note = "the same with a repartition")
    static void versionedToTableAfterKeyChange(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).toTable(versioned("versions")).groupBy((key, value) -> KeyValue.pair(value, key)).count()
            .toStream().to("output");
    }

    @Case(id = "process-with-versioned-store", note = "a processor puts, deletes and looks up versions")
    static void processWithVersionedStore(StreamsBuilder b) {
        b.addStateStore(Stores.versionedKeyValueStoreBuilder(
            Stores.persistentVersionedKeyValueStore("versions", HISTORY), Serdes.String(), Serdes.String()));
        KStream<String, String> in = b.stream("input");
        in.process(Versions::new, "versions").to("output");
    }

    /** Tells what each call answers. */
    private static final class Versions extends ContextualProcessor<String, String, String, String> {
        private static String shown(VersionedRecord<String> found) {
            return found == null ? "none" : found.value() + "@" + found.timestamp() + ".." + found.validTo().map(String::valueOf).orElse("");
        }

        @Override
        public void process(Record<String, String> record) {
            VersionedKeyValueStore<String, String> store = context().getStateStore("versions");
            String key = record.key();
            long time = record.timestamp();
            String did;
            if (record.value().startsWith("b")) {
                did = "deleted " + shown(store.delete(key, time));
            } else {
                long validTo = store.put(key, record.value().startsWith("d") ? null : record.value(), time);
                did = "put " + (validTo == Long.MIN_VALUE ? "late" : validTo);
            }
            String all = did + ", latest " + shown(store.get(key));
            for (long ago : new long[] {0, 1, 1_000, 5_000, 15_000, 15_001, 40_000}) {
                all += ", " + shown(store.get(key, time - ago));
            }
            context().forward(record.withValue(all));
        }
    }
}
