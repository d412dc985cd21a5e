package oracle.describe;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Tables grouped by another key, and what is aggregated of them. */
final class TableGroups {
    private TableGroups() {}

    @Case(id = "table-group-by-aggregate", note = "unnamed")
    static void tableGroupByAggregate(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value, key))
            .aggregate(() -> "", (key, value, sum) -> sum + "+" + value, (key, value, sum) -> sum + "-" + value)
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-aggregate-materialized", note = "a named store")
    static void tableGroupByAggregateMaterialized(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value))
            .aggregate(() -> "", (key, value, sum) -> sum + "+" + value, (key, value, sum) -> sum + "-" + value, Materialized.as("my-store"))
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-aggregate-named", note = "a name for the node and those of its topic")
    static void tableGroupByAggregateNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value))
            .aggregate(() -> "", (key, value, sum) -> sum + "+" + value, (key, value, sum) -> sum + "-" + value, Named.as("my-aggregate"))
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-aggregate-all-named", note = "grouping, node and store have names")
    static void tableGroupByAggregateAllNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value), Grouped.as("by-letter"))
            .aggregate(() -> "", (key, value, sum) -> sum + "+" + value, (key, value, sum) -> sum + "-" + value,
                Named.as("my-aggregate"), Materialized.as("my-store"))
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-reduce", note = "unnamed")
    static void tableGroupByReduce(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value))
            .reduce((sum, value) -> sum + "+" + value, (sum, value) -> sum + "-" + value)
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-aggregate-deletes", note = "a subtractor that answers null deletes the row")
    static void tableGroupByAggregateDeletes(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value))
            .aggregate(() -> "", (key, value, sum) -> sum + "+" + value,
                (key, value, sum) -> sum.equals("+" + value) ? null : sum + "-" + value, Materialized.as("my-store"))
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-same-key", note = "the key stays: old and new value are one record")
    static void tableGroupBySameKey(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(key, value))
            .reduce((sum, value) -> sum + "+" + value, (sum, value) -> sum + "-" + value, Materialized.with(Serdes.String(), Serdes.String()))
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-count-materialized", note = "a named store")
    static void tableGroupByCountMaterialized(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value, key)).count(Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "table-group-by-count-materialized-unnamed", note = "no index is burned for nothing, other than of a stream")
    static void tableGroupByCountMaterializedUnnamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value, key)).count(Materialized.with(Serdes.String(), Serdes.Long())).toStream().to("output");
    }

    @Case(id = "table-group-by-count-named", note = "a name for the node")
    static void tableGroupByCountNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value, key)).count(Named.as("my-count")).toStream().to("output");
    }

    @Case(id = "table-group-by-count-no-cache", note = "no cache and no changelog, and the table has no cache either")
    static void tableGroupByCountNoCache(StreamsBuilder b) {
        KTable<String, String> table =
            b.table("table", Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("table-store").withCachingDisabled());
        table.groupBy((key, value) -> KeyValue.pair(value, key), Grouped.with("by-value", Serdes.String(), Serdes.String()))
            .count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("my-store").withCachingDisabled().withLoggingDisabled())
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-count-in-memory", note = "a store in memory")
    static void tableGroupByCountInMemory(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value, key))
            .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("my-store")))
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-twice", note = "two aggregations of an unnamed grouping have a topic each")
    static void tableGroupByTwice(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KGroupedTable<String, String> grouped = table.groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value));
        grouped.count().toStream().to("counts");
        grouped.reduce((sum, value) -> sum + "+" + value, (sum, value) -> sum + "-" + value).toStream().to("output");
    }

    @Case(id = "table-group-by-twice-named", note = "with a name they share one")
    static void tableGroupByTwiceNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KGroupedTable<String, String> grouped =
            table.groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value), Grouped.as("by-letter"));
        grouped.count(Materialized.as("counted")).toStream().to("counts");
        grouped.reduce((sum, value) -> sum + "+" + value, (sum, value) -> sum + "-" + value, Materialized.as("reduced")).toStream().to("output");
    }

    @Case(id = "table-group-by-of-count", note = "an aggregate grouped again")
    static void tableGroupByOfCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .count()
            .groupBy((key, count) -> KeyValue.pair(count % 2 == 0 ? "even" : "odd", count), Grouped.with(Serdes.String(), Serdes.Long()))
            .aggregate(() -> 0L, (key, count, sum) -> sum + count, (key, count, sum) -> sum - count)
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-of-filter", note = "of a table that is computed")
    static void tableGroupByOfFilter(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filter((key, value) -> value.length() < 5)
            .mapValues(value -> value + "!")
            .groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), key + value))
            .reduce((sum, value) -> sum + "+" + value, (sum, value) -> sum + "-" + value)
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-of-join", note = "of a join that is not kept")
    static void tableGroupByOfJoin(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, (value, other) -> value + "/" + other)
            .groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), key + value))
            .reduce((sum, value) -> sum + "+" + value, (sum, value) -> sum + "-" + value)
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-of-left-join-materialized", note = "of a join that is kept")
    static void tableGroupByOfLeftJoinMaterialized(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.leftJoin(second, (value, other) -> value + "/" + other, Materialized.as("joined"))
            .groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), key + value))
            .reduce((sum, value) -> sum + "+" + value, (sum, value) -> sum + "-" + value)
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-of-outer-join-no-cache", note = "of a join that is kept without a cache")
    static void tableGroupByOfOuterJoinNoCache(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.outerJoin(second, (value, other) -> value + "/" + other,
                Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("joined").withCachingDisabled())
            .groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), key + value))
            .reduce((sum, value) -> sum + "+" + value, (sum, value) -> sum + "-" + value)
            .toStream()
            .to("output");
    }

    @Case(id = "table-group-by-joined", note = "an aggregate joined with a table, then filtered")
    static void tableGroupByJoined(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KTable<String, String> second = b.table("second");
        table.groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value))
            .count()
            .leftJoin(second, (count, other) -> count + "/" + other)
            .filter((key, value) -> !value.startsWith("0"))
            .toStream()
            .to("output");
    }
}
