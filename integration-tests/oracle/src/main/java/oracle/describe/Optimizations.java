package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.KeyValueStore;

/** What optimisation rewrites, and what it must leave alone. */
final class Optimizations {
    private Optimizations() {}

    private static JoinWindows windows() {
        return JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10));
    }

    private static KStream<String, String> byValue(KStream<String, String> stream) {
        return stream.selectKey((key, value) -> value);
    }

    @Case(id = "optimize-filtered-between", note = "filter and peek between the key change and the groupings: the topic comes before them")
    static void filteredBetween(StreamsBuilder b) {
        KStream<String, String> keyed = byValue(b.stream("input"));
        keyed.filter((key, value) -> !value.startsWith("a")).peek((key, value) -> {}).groupByKey().count().toStream().to("counts");
        keyed.groupByKey().reduce((left, right) -> left + right).toStream().to("reduced");
        keyed.to("keyed");
    }

    @Case(id = "optimize-values-changed-between", note = "a grouping behind mapValues keeps its own topic")
    static void valuesChangedBetween(StreamsBuilder b) {
        KStream<String, String> keyed = byValue(b.stream("input"));
        keyed.mapValues(value -> value + "!").groupByKey().count().toStream().to("counts");
        keyed.groupByKey().reduce((left, right) -> left + right).toStream().to("reduced");
        keyed.toTable().toStream().to("table");
    }

    @Case(id = "optimize-two-key-changes", note = "each key change has a topic of its own")
    static void twoKeyChanges(StreamsBuilder b) {
        KStream<String, String> first = byValue(b.stream("input"));
        KStream<String, String> second = first.map((key, value) -> KeyValue.pair(key + value, value));
        first.groupByKey().count().toStream().to("first");
        second.groupByKey().count().toStream().to("second");
        second.groupByKey().reduce((left, right) -> left + right).toStream().to("reduced");
    }

    @Case(id = "optimize-explicit-repartition", note = "a repartition that was asked for stays")
    static void explicitRepartition(StreamsBuilder b) {
        KStream<String, String> keyed = byValue(b.stream("input"));
        keyed.repartition().groupByKey().count().toStream().to("counts");
        keyed.groupByKey().reduce((left, right) -> left + right).toStream().to("reduced");
    }

    @Case(id = "optimize-merged-re-keyed", note = "two re-keyed streams merged: one topic behind the merge")
    static void mergedReKeyed(StreamsBuilder b) {
        KStream<String, String> merged = byValue(b.stream("one")).merge(byValue(b.stream("two")));
        merged.groupByKey().count().toStream().to("counts");
        merged.filter((key, value) -> true).groupByKey().reduce((left, right) -> left + right).toStream().to("reduced");
    }

    @Case(id = "optimize-merged-with-plain", note = "a re-keyed stream merged with one that is not")
    static void mergedWithPlain(StreamsBuilder b) {
        KStream<String, String> plain = b.stream("one");
        KStream<String, String> merged = plain.merge(byValue(b.stream("two")));
        merged.groupByKey().count().toStream().to("counts");
        merged.groupByKey().reduce((left, right) -> left + right).toStream().to("reduced");
        merged.to("merged");
    }

    @Case(id = "optimize-merged-changed-values", note = "one of the merged streams has other values since its key change: nothing is merged")
    static void mergedChangedValues(StreamsBuilder b) {
        KStream<String, String> changed = byValue(b.stream("one")).mapValues(value -> value + "!");
        KStream<String, String> merged = changed.merge(byValue(b.stream("two")));
        merged.groupByKey().count().toStream().to("counts");
        merged.groupByKey().reduce((left, right) -> left + right).toStream().to("reduced");
    }

    @Case(id = "optimize-names-and-table", note = "named groupings, a table and a join of one re-keyed stream: named after the first")
    static void namesAndTable(StreamsBuilder b) {
        KStream<String, String> keyed = byValue(b.stream("input"));
        KTable<String, String> table = b.table("table", Materialized.as("table-store"));
        keyed.groupByKey(Grouped.as("first")).count(Materialized.as("first-store")).toStream().to("counts");
        keyed.groupByKey(Grouped.as("second")).reduce((left, right) -> left + right).toStream().to("reduced");
        keyed.toTable().toStream().to("as-table");
        keyed.join(table, (value, other) -> value + other).to("joined");
    }

    @Case(id = "optimize-windows-and-count", note = "a windowed and a plain count of one re-keyed stream")
    static void windowsAndCount(StreamsBuilder b) {
        KGroupedStream<String, String> grouped = b.<String, String>stream("input").groupBy((key, value) -> value);
        grouped.count().toStream().to("counts");
        grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10)))
            .count().toStream().foreach((key, value) -> {});
    }

    @Case(id = "optimize-table-unlogged", note = "a table without logging is restored from its topic all the same")
    static void tableUnlogged(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("store").withLoggingDisabled());
        b.<String, String>stream("input").leftJoin(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "optimize-table-derived", note = "the table's own store has no changelog, that of the filtered one has")
    static void tableDerived(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Materialized.as("store"));
        table.filter((key, value) -> !value.startsWith("a"), Materialized.as("filtered")).toStream().to("output");
    }

    @Case(id = "optimize-table-of-stream", note = "a table made of a stream keeps its changelog")
    static void tableOfStream(StreamsBuilder b) {
        b.<String, String>stream("input").toTable(Materialized.as("store")).toStream().to("output");
        b.table("table").toStream().to("tables");
    }

    @Case(id = "optimize-self-join-of-a-topic", note = "two streams of one topic are one stream")
    static void selfJoinOfATopic(StreamsBuilder b) {
        KStream<String, String> left = b.stream("input");
        KStream<String, String> right = b.stream("input");
        left.join(right, (value, other) -> value + other, windows()).to("output");
    }

    @Case(id = "optimize-self-join-asymmetric", note = "before and after differ, with grace, stores and nodes named")
    static void selfJoinAsymmetric(StreamsBuilder b) {
        KStream<String, String> stream = b.stream("input");
        JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)).before(Duration.ofSeconds(1)).after(Duration.ofSeconds(20));
        stream.join(stream, (value, other) -> value + other, windows, StreamJoined.<String, String, String>as("my-store").withName("my-join")).to("output");
    }

    @Case(id = "optimize-self-join-re-keyed", note = "the stream is re-keyed, and counted too")
    static void selfJoinReKeyed(StreamsBuilder b) {
        KStream<String, String> keyed = byValue(b.stream("input"));
        keyed.join(keyed, (value, other) -> value + other, windows()).to("output");
        keyed.groupByKey().count().toStream().to("counts");
    }

    @Case(id = "optimize-self-join-filtered", note = "one side is filtered: no self join")
    static void selfJoinFiltered(StreamsBuilder b) {
        KStream<String, String> stream = b.stream("input");
        stream.join(stream.filter((key, value) -> !value.startsWith("a")), (value, other) -> value + other, windows()).to("output");
    }

    @Case(id = "optimize-self-join-thrice", note = "a self join of a self join, and one with another stream")
    static void selfJoinThrice(StreamsBuilder b) {
        KStream<String, String> stream = b.stream("input");
        KStream<String, String> joined = stream.join(stream, (value, other) -> value + other, windows());
        joined.join(stream, (value, other) -> value + other, windows()).to("output");
    }
}
