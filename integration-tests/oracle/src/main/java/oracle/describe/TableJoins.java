package oracle.describe;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** A table joined with a table by the keys of both. */
final class TableJoins {
    private TableJoins() {}

    @Case(id = "table-table-left-join", note = "left join, not materialised")
    static void tableTableLeftJoin(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.leftJoin(second, (value, other) -> value + "+" + other).toStream().to("output");
    }

    @Case(id = "table-table-outer-join", note = "outer join, not materialised")
    static void tableTableOuterJoin(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.outerJoin(second, (value, other) -> value + "+" + other).toStream().to("output");
    }

    @Case(id = "table-table-join-named", note = "a name for the three nodes")
    static void tableTableJoinNamed(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, (value, other) -> value + "+" + other, Named.as("my-join")).toStream().to("output");
    }

    @Case(id = "table-table-join-materialized", note = "a named store")
    static void tableTableJoinMaterialized(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, (value, other) -> value + "+" + other, Materialized.as("joined")).toStream().to("output");
    }

    @Case(id = "table-table-join-materialized-unnamed", note = "Materialized without a name makes a store of a generated name")
    static void tableTableJoinMaterializedUnnamed(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, (value, other) -> value + "+" + other, Materialized.with(Serdes.String(), Serdes.String())).toStream().to("output");
    }

    @Case(id = "table-table-left-join-named-materialized", note = "a name and a store")
    static void tableTableLeftJoinNamedMaterialized(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.leftJoin(second, (value, other) -> value + "+" + other, Named.as("my-join"), Materialized.as("joined")).toStream().to("output");
    }

    @Case(id = "table-table-outer-join-materialized", note = "a named store")
    static void tableTableOuterJoinMaterialized(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.outerJoin(second, (value, other) -> value + "+" + other, Materialized.as("joined")).toStream().to("output");
    }

    @Case(id = "table-table-left-join-in-memory", note = "a store in memory, no cache")
    static void tableTableLeftJoinInMemory(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.leftJoin(second, (value, other) -> value + "+" + other,
            Materialized.<String, String>as(Stores.inMemoryKeyValueStore("joined")).withCachingDisabled()).toStream().to("output");
    }

    @Case(id = "table-table-outer-join-no-cache", note = "neither the tables nor the join have a cache")
    static void tableTableOuterJoinNoCache(StreamsBuilder b) {
        KTable<String, String> first = b.table("first", Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("one").withCachingDisabled());
        KTable<String, String> second = b.table("second", Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("two").withCachingDisabled());
        first.outerJoin(second, (value, other) -> value + "+" + other,
            Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("joined").withCachingDisabled().withLoggingDisabled())
            .toStream()
            .to("output");
    }

    @Case(id = "table-table-join-chain", note = "three tables, the first join is computed when it is looked up")
    static void tableTableJoinChain(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KTable<String, String> third = b.table("third");
        first.join(second, (value, other) -> value + "+" + other)
            .leftJoin(third, (value, other) -> value + "-" + other)
            .toStream()
            .to("output");
    }

    @Case(id = "table-table-outer-joins-of-outer-joins", note = "both sides are outer joins, old values are asked for")
    static void tableTableOuterJoinsOfOuterJoins(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KTable<String, String> third = b.table("third");
        KTable<String, String> fourth = b.table("fourth");
        KTable<String, String> left = first.outerJoin(second, (value, other) -> value + "+" + other);
        KTable<String, String> right = third.leftJoin(fourth, (value, other) -> value + "-" + other);
        left.outerJoin(right, (value, other) -> value + "/" + other).toStream().to("output");
    }

    @Case(id = "table-table-join-filtered", note = "of tables that are computed, then filtered")
    static void tableTableJoinFiltered(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.filter((key, value) -> value.length() > 1)
            .leftJoin(second.mapValues(value -> value + "!"), (value, other) -> value + "+" + other)
            .filter((key, value) -> !value.contains("a"))
            .toStream()
            .to("output");
    }

    @Case(id = "table-table-join-materialized-filtered", note = "a filter behind a join that is kept asks for old values")
    static void tableTableJoinMaterializedFiltered(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.outerJoin(second, (value, other) -> value + "+" + other, Materialized.as("joined"))
            .filter((key, value) -> value.contains("a"), Materialized.as("filtered"))
            .mapValues(value -> value + "!")
            .toStream()
            .to("output");
    }

    @Case(id = "table-table-join-of-counts", note = "two aggregates of one stream")
    static void tableTableJoinOfCounts(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KTable<String, Long> counts = in.groupByKey().count();
        KTable<String, Long> byValue = in.groupBy((key, value) -> value).count(Materialized.as("by-value"));
        counts.outerJoin(byValue, (count, other) -> count + "/" + other).toStream().to("output");
    }

    @Case(id = "table-table-join-with-itself", note = "a table with what is computed of it")
    static void tableTableJoinWithItself(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.join(table.mapValues(value -> value + "!"), (value, other) -> value + "+" + other).toStream().to("output");
    }

    @Case(id = "table-table-join-joined-by-stream", note = "a stream looks up a join that is not kept")
    static void tableTableJoinJoinedByStream(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KStream<String, String> in = b.stream("input");
        in.leftJoin(first.outerJoin(second, (value, other) -> value + "+" + other), (value, other) -> value + "-" + other).to("output");
    }

    @Case(id = "table-table-join-after-key-change", note = "a stream of another key as a table, which goes through a repartition topic")
    static void tableTableJoinAfterKeyChange(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KStream<String, String> in = b.stream("input");
        first.leftJoin(in.selectKey((key, value) -> value.substring(0, 1)).toTable(), (value, other) -> value + "+" + other)
            .toStream()
            .to("output");
    }
}
