package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;

/** A stream joined with a table. */
final class StreamTableJoins {
    private StreamTableJoins() {}

    @Case(id = "stream-table-join", note = "no repartition: the table gets a store")
    static void streamTableJoin(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-join-named", note = "Joined.as without a repartition")
    static void streamTableJoinNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.join(table, (value, other) -> value + other, Joined.as("my-join")).to("output");
    }

    @Case(id = "stream-table-join-stream-first", note = "the same, the stream made before the table")
    static void streamTableJoinStreamFirst(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KTable<String, String> table = b.table("table");
        in.join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-join-after-key-change", note = "unnamed, with repartition: named after the upstream processor")
    static void streamTableJoinAfterKeyChange(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-join-after-key-change-named", note = "Joined.as names the repartition topic")
    static void streamTableJoinAfterKeyChangeNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).join(table, (value, other) -> value + other, Joined.as("my-join")).to("output");
    }

    @Case(id = "stream-table-join-upstream-named", note = "unnamed join after a named key change")
    static void streamTableJoinUpstreamNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value, Named.as("by-value")).join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-join-after-map-values", note = "a value operator between key change and join")
    static void streamTableJoinAfterMapValues(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).mapValues(value -> value).join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-left-join", note = "leftJoin")
    static void streamTableLeftJoin(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-left-join-after-key-change", note = "leftJoin with repartition")
    static void streamTableLeftJoinAfterKeyChange(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).leftJoin(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-join-materialized", note = "the table has a named store")
    static void streamTableJoinMaterialized(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Materialized.as("table-store"));
        KStream<String, String> in = b.stream("input");
        in.join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-join-filtered", note = "the table is filtered, not materialised: the join reads its parent's store")
    static void streamTableJoinFiltered(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.join(table.filter((key, value) -> true), (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-join-aggregate", note = "the table is an aggregate of the stream itself")
    static void streamTableJoinAggregate(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KTable<String, Long> counts = in.groupByKey().count();
        in.join(counts, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-joined-twice-after-key-change", note = "two unnamed joins of one re-keyed stream share a repartition topic; the indices burn again")
    static void streamJoinedTwiceAfterKeyChange(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KStream<String, String> in = b.stream("input");
        KStream<String, String> keyed = in.selectKey((key, value) -> value);
        keyed.join(first, (value, other) -> value + other).to("output-1");
        keyed.join(second, (value, other) -> value + other).to("output-2");
    }

    @Case(id = "stream-joined-twice-after-key-change-named", note = "two named joins: two repartition topics")
    static void streamJoinedTwiceAfterKeyChangeNamed(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KStream<String, String> in = b.stream("input");
        KStream<String, String> keyed = in.selectKey((key, value) -> value);
        keyed.join(first, (value, other) -> value + other, Joined.as("one")).to("output-1");
        keyed.join(second, (value, other) -> value + other, Joined.as("two")).to("output-2");
    }

    @Case(id = "stream-joined-in-a-row", note = "two joins one after the other: one repartition")
    static void streamJoinedInARow(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value)
            .join(first, (value, other) -> value + other)
            .join(second, (value, other) -> value + other)
            .to("output");
    }

    private static String withKey(String key, String value, String other) {
        return key + value + other;
    }

    @Case(id = "stream-table-join-keyed", note = "the joiner is told the key")
    static void streamTableJoinKeyed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.join(table, StreamTableJoins::withKey).to("output");
    }

    @Case(id = "stream-table-join-keyed-after-key-change-named", note = "the joiner is told the key, behind a repartition")
    static void streamTableJoinKeyedAfterKeyChangeNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).join(table, StreamTableJoins::withKey, Joined.as("my-join")).to("output");
    }

    @Case(id = "stream-table-left-join-null-keys", note = "records without a key are joined with nothing at once", nullKeys = true)
    static void streamTableLeftJoinNullKeys(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table, StreamTableJoins::withKey).to("output");
    }

    @Case(id = "stream-table-left-join-null-keys-re-keyed", note = "the repartition topic keeps records without a key", nullKeys = true)
    static void streamTableLeftJoinNullKeysReKeyed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> key).leftJoin(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-table-left-join-null-keys-named", note = "the same with a name", nullKeys = true)
    static void streamTableLeftJoinNullKeysNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> key).leftJoin(table, StreamTableJoins::withKey, Joined.as("my-join")).to("output");
    }

    @Case(id = "stream-table-left-join-null-keys-versioned", note = "the table is versioned", nullKeys = true)
    static void streamTableLeftJoinNullKeysVersioned(StreamsBuilder b) {
        KTable<String, String> table = VersionedTables.table(b, "table");
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table, StreamTableJoins::withKey).to("output");
    }

    @Case(id = "stream-table-left-join-null-keys-filtered", note = "the table's rows are computed", nullKeys = true)
    static void streamTableLeftJoinNullKeysFiltered(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table.filter((key, value) -> value.length() == 1), (value, other) -> value + other).to("output");
    }

    @Case(id = "stream-joined-twice-after-null-keys", note = "two left joins behind one repartition topic", nullKeys = true)
    static void streamJoinedTwiceAfterNullKeys(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KStream<String, String> in = b.stream("input");
        KStream<String, String> keyed = in.selectKey((key, value) -> key);
        keyed.leftJoin(first, (value, other) -> value + other).to("output-1");
        keyed.leftJoin(second, (value, other) -> value + other).to("output-2");
    }

    @Case(id = "stream-table-join-grace-keyed", note = "records wait; the joiner is told the key")
    static void streamTableJoinGraceKeyed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.join(VersionedTables.table(b, "table"), StreamTableJoins::withKey,
            Joined.<String, String, String>with(Serdes.String(), Serdes.String(), Serdes.String()).withGracePeriod(Duration.ofSeconds(5)))
            .to("output");
    }
}
