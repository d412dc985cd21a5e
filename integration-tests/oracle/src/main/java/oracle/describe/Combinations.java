package oracle.describe;

import java.time.Duration;
import java.util.Map;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.Stores;

/** Operators behind one another where the one decides what the other needs or is called. */
final class Combinations {
    private Combinations() {}

    @Case(id = "merge-re-keyed-then-count", note = "one side of the merge was re-keyed: a repartition named after the store")
    static void mergeReKeyedThenCount(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value).merge(right).groupByKey().count().toStream().to("output");
    }

    @Case(id = "merge-re-keyed-then-join", note = "a repartition named after the merge")
    static void mergeReKeyedThenJoin(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.merge(right.selectKey((key, value) -> value)).join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "merge-then-join", note = "both sides of the merge are co-partitioned with the table")
    static void mergeThenJoin(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.merge(right).join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "join-then-count", note = "a join with a repartition, then a count without one")
    static void joinThenCount(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).join(table, (value, other) -> value + other).groupByKey().count().toStream().to("output");
    }

    @Case(id = "joins-and-count-of-one-re-keyed-stream", note = "joins share a repartition topic, a count makes its own")
    static void joinsAndCountOfOneReKeyedStream(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KStream<String, String> in = b.stream("input");
        KStream<String, String> keyed = in.selectKey((key, value) -> value, Named.as("keyed"));
        keyed.join(first, (value, other) -> value + other).to("output-1");
        keyed.groupByKey().count().toStream().to("counts");
        keyed.leftJoin(second, (value, other) -> value + other).to("output-2");
    }

    @Case(id = "join-named-and-unnamed-of-one-re-keyed-stream", note = "the named join comes first: the unnamed one takes its repartition topic")
    static void joinNamedAndUnnamedOfOneReKeyedStream(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KStream<String, String> in = b.stream("input");
        KStream<String, String> keyed = in.selectKey((key, value) -> value);
        keyed.join(first, (value, other) -> value + other, Joined.as("one")).to("output-1");
        keyed.join(second, (value, other) -> value + other).to("output-2");
    }

    @Case(id = "branch-re-keyed-then-count", note = "a branch of a re-keyed stream is re-keyed")
    static void branchReKeyedThenCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        Map<String, KStream<String, String>> branches = in.selectKey((key, value) -> value).split()
            .branch((key, value) -> value.startsWith("a"))
            .defaultBranch(Branched.as("-rest"));
        branches.get("KSTREAM-BRANCH-00000000021").groupByKey().count().toStream().to("counts");
        branches.get("KSTREAM-BRANCH-0000000002-rest").to("rest");
    }

    @Case(id = "branch-re-keyed-then-join", note = "a branch's name has eleven digits and is not taken for a generated one")
    static void branchReKeyedThenJoin(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        Map<String, KStream<String, String>> branches = in.selectKey((key, value) -> value).split()
            .branch((key, value) -> value.startsWith("a"))
            .noDefaultBranch();
        branches.get("KSTREAM-BRANCH-00000000051").join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "join-table-filtered-materialized", note = "the join reads the filter's own store")
    static void joinTableFilteredMaterialized(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.join(table.filter((key, value) -> true, Materialized.as("filtered")), (value, other) -> value + other).to("output");
    }

    @Case(id = "join-table-mapped-twice", note = "the join reads the source's store through two operators")
    static void joinTableMappedTwice(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Consumed.as("my-table"));
        KStream<String, String> in = b.stream("input");
        in.join(table.mapValues(value -> value).filterNot((key, value) -> false), (value, other) -> value + other).to("output");
    }

    @Case(id = "join-table-of-stream-re-keyed", note = "both sides are re-keyed: two repartition topics, co-partitioned")
    static void joinTableOfStreamReKeyed(StreamsBuilder b) {
        KStream<String, String> updates = b.stream("updates");
        KTable<String, String> latest = updates.selectKey((key, value) -> value).toTable(Materialized.as("latest"));
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).join(latest, (value, other) -> value + other).to("output");
    }

    @Case(id = "aggregate-table-filtered-twice", note = "filters of an aggregate, one kept, one not")
    static void aggregateTableFilteredTwice(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KTable<String, Long> counts = in.groupByKey().count();
        counts.filter((key, count) -> count > 1, Named.as("many"), Materialized.as("many-store")).toStream(Named.as("many-stream")).to("many");
        counts.filterNot((key, count) -> count > 1).mapValues(count -> count + 1, Materialized.with(Serdes.String(), Serdes.Long())).toStream().to("few");
    }

    @Case(id = "count-named-after-named-key-change", note = "neither the count's nor the key change's name is taken for the repartition topic")
    static void countNamedAfterNamedKeyChange(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value, Named.as("by-value")).groupByKey().count(Named.as("my-count")).toStream().to("output");
    }

    @Case(id = "group-by-named-twice", note = "two groupings of one stream, each with a name")
    static void groupByNamedTwice(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value, Grouped.as("first")).count().toStream().to("counts");
        in.groupBy((key, value) -> value + value, Grouped.as("second")).reduce((left, right) -> left + right).toStream().to("reduced");
    }

    @Case(id = "repartition-then-group-by-named", note = "an explicit repartition, then one for the grouping")
    static void repartitionThenGroupByNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.repartition(Repartitioned.as("first")).groupBy((key, value) -> value, Grouped.as("second")).count(Materialized.as("counts")).toStream().to("output");
    }

    @Case(id = "process-with-store-after-key-change", note = "a processor between a key change and a windowed count")
    static void processWithStoreAfterKeyChange(StreamsBuilder b) {
        b.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("seen"), Serdes.String(), Serdes.Long()));
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value)
            .processValues(Processors.PassValueOn::new, Named.as("first-only"), "seen")
            .groupByKey()
            .windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10)))
            .count(Materialized.as("windowed"))
            .toStream()
            .foreach((key, value) -> {});
    }

    @Case(id = "to-table-twice", note = "one re-keyed stream as two tables: two repartition topics")
    static void toTableTwice(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KStream<String, String> keyed = in.selectKey((key, value) -> value);
        keyed.toTable(Named.as("first")).toStream().to("output-1");
        keyed.toTable(Materialized.with(Serdes.String(), Serdes.String())).toStream().to("output-2");
    }

    @Case(id = "table-to-stream-grouped", note = "a table's changes grouped by a new key")
    static void tableToStreamGrouped(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Materialized.as("table-store"));
        table.toStream(Named.as("changes")).groupBy((key, value) -> value, Grouped.as("by-value")).reduce((left, right) -> right).toStream().to("output");
    }

    @Case(id = "table-to-stream-joined", note = "a table's changes joined with another table")
    static void tableToStreamJoined(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.toStream().join(second, (value, other) -> value + other).to("output");
    }
}
