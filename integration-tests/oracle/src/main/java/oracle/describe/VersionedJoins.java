package oracle.describe;

import static oracle.describe.VersionedTables.table;
import static oracle.describe.VersionedTables.versioned;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;

/** Joins with versioned tables. */
final class VersionedJoins {
    private VersionedJoins() {}

    private static String both(String value, String other) {
        return value + "+" + other;
    }

    @Case(id = "versioned-join", note = "both tables are versioned")
    static void versionedJoin(StreamsBuilder b) {
        table(b, "first").join(table(b, "second"), VersionedJoins::both).toStream().to("output");
    }

    @Case(id = "versioned-join-one-side", note = "only the first table is versioned")
    static void versionedJoinOneSide(StreamsBuilder b) {
        KTable<String, String> second = b.table("second");
        table(b, "first").join(second, VersionedJoins::both).toStream().to("output");
    }

    @Case(id = "versioned-left-join", note = "both tables are versioned")
    static void versionedLeftJoin(StreamsBuilder b) {
        table(b, "first").leftJoin(table(b, "second"), VersionedJoins::both).toStream().to("output");
    }

    @Case(id = "versioned-left-join-other-side", note = "only the second table is versioned")
    static void versionedLeftJoinOtherSide(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        first.leftJoin(table(b, "second"), VersionedJoins::both).toStream().to("output");
    }

    @Case(id = "versioned-outer-join", note = "both tables are versioned")
    static void versionedOuterJoin(StreamsBuilder b) {
        table(b, "first").outerJoin(table(b, "second"), VersionedJoins::both).toStream().to("output");
    }

    @Case(id = "versioned-outer-join-derived", note = "tables made of versioned ones row by row are versioned too")
    static void versionedOuterJoinDerived(StreamsBuilder b) {
        table(b, "first").filter((key, value) -> value.length() == 1)
            .outerJoin(table(b, "second").mapValues(value -> value + "!"), VersionedJoins::both).toStream().to("output");
    }

    @Case(id = "versioned-join-result", note = "the result is kept in a versioned store, and grouped")
    static void versionedJoinResult(StreamsBuilder b) {
        table(b, "first").outerJoin(table(b, "second"), VersionedJoins::both, versioned("joined"))
            .groupBy((key, value) -> KeyValue.pair(key, value)).count().toStream().to("output");
    }

    @Case(id = "versioned-join-then-filter", note = "a join of versioned tables is not versioned")
    static void versionedJoinThenFilter(StreamsBuilder b) {
        table(b, "first").leftJoin(table(b, "second"), VersionedJoins::both).filter((key, value) -> value.length() < 5, Materialized.as("short"))
            .toStream().to("output");
    }

    @Case(id = "versioned-foreign-key-join", note = "both tables are versioned")
    static void versionedForeignKeyJoin(StreamsBuilder b) {
        table(b, "first").join(table(b, "second"), value -> value.substring(0, 1), VersionedJoins::both).toStream().to("output");
    }

    @Case(id = "versioned-foreign-key-left-join", note = "only the first table is versioned; the result is")
    static void versionedForeignKeyLeftJoin(StreamsBuilder b) {
        KTable<String, String> second = b.table("second");
        table(b, "first").leftJoin(second, value -> value.substring(0, 1), VersionedJoins::both, versioned("joined")).toStream().to("output");
    }

    @Case(id = "versioned-foreign-key-join-other-side", note = "only the second table is versioned")
    static void versionedForeignKeyJoinOtherSide(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        first.join(table(b, "second"), value -> value.substring(0, 1), VersionedJoins::both).toStream().to("output");
    }

    @Case(id = "stream-versioned-table-join", note = "the row as it was at the record's time")
    static void streamVersionedTableJoin(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.join(table(b, "table"), VersionedJoins::both).to("output");
    }

    @Case(id = "stream-versioned-table-left-join", note = "the row as it was at the record's time, or null")
    static void streamVersionedTableLeftJoin(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table(b, "table"), VersionedJoins::both).to("output");
    }

    @Case(id = "stream-versioned-table-join-derived", note = "the table is computed of a versioned one")
    static void streamVersionedTableJoinDerived(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table(b, "table").filter((key, value) -> value.length() == 1).mapValues(value -> value + "!"), VersionedJoins::both)
            .to("output");
    }

    @Case(id = "stream-versioned-count-join", note = "the table is a count of the stream itself")
    static void streamVersionedCountJoin(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KTable<String, String> texts = in.groupByKey().reduce((all, value) -> all + value, versioned("texts"));
        in.leftJoin(texts, VersionedJoins::both).to("output");
    }

    @Case(id = "stream-table-join-grace", note = "records wait")
    static void streamTableJoinGrace(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.join(table(b, "table"), VersionedJoins::both, grace(5)).to("output");
    }

    @Case(id = "stream-table-left-join-grace", note = "records wait as long as the table's history")
    static void streamTableLeftJoinGrace(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table(b, "table"), VersionedJoins::both, grace(15)).to("output");
    }

    @Case(id = "stream-table-join-no-grace", note = "a grace period of 0: records go through the buffer")
    static void streamTableJoinNoGrace(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table(b, "table"), VersionedJoins::both, grace(0)).to("output");
    }

    @Case(id = "stream-table-join-grace-named", note = "the join's name names the buffer")
    static void streamTableJoinGraceNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.join(table(b, "table"), VersionedJoins::both, grace(1).withName("my-join")).to("output");
    }

    @Case(id = "stream-table-join-grace-after-key-change", note = "with a repartition, and a filtered table")
    static void streamTableJoinGraceAfterKeyChange(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value.substring(0, 1))
            .leftJoin(table(b, "table").filter((key, value) -> value.length() == 1), VersionedJoins::both, grace(5)).to("output");
    }

    private static Joined<String, String, String> grace(int seconds) {
        return Joined.<String, String, String>with(Serdes.String(), Serdes.String(), Serdes.String())
            .withGracePeriod(Duration.ofSeconds(seconds));
    }
}
