package oracle.describe;

import java.time.Duration;
import java.util.Map;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;

/** Records without a key and without a value, passed on or left out. */
final class NullRecords {
    private NullRecords() {}

    @Case(id = "null-pass", note = "operators without state pass them", nullKeys = true, nullValues = true)
    static void nullPass(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.filter((key, value) -> key != null || value != null).peek((key, value) -> {}).mapValues(value -> value == null ? "none" : value + "!").to("output");
    }

    @Case(id = "null-swap", note = "a value that is null becomes the key", nullKeys = true, nullValues = true)
    static void nullSwap(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.map((key, value) -> KeyValue.pair(value, key)).to("output");
    }

    @Case(id = "null-branches", note = "one branch for those without a key", nullKeys = true, nullValues = true)
    static void nullBranches(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        Map<String, KStream<String, String>> branches = in.split(Named.as("s-")).branch((key, value) -> key == null).defaultBranch();
        branches.get("s-1").to("keyless");
        branches.get("s-0").to("keyed");
    }

    @Case(id = "null-merge", note = "merged", nullKeys = true, nullValues = true)
    static void nullMerge(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.merge(right).to("output");
    }

    @Case(id = "null-repartition", note = "a repartition topic that the user asks for", nullKeys = true, nullValues = true)
    static void nullRepartition(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.repartition().to("output");
    }

    @Case(id = "null-count", note = "left out by a count", nullKeys = true, nullValues = true)
    static void nullCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count().toStream().to("output");
    }

    @Case(id = "null-select-key-then-count", note = "keys that become null do not reach the repartition topic", nullKeys = true, nullValues = true)
    static void nullSelectKeyThenCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).groupByKey().count().toStream().to("output");
    }

    @Case(id = "null-group-by-then-reduce", note = "the same of a grouping by the value", nullKeys = true, nullValues = true)
    static void nullGroupByThenReduce(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).reduce((left, right) -> left + right).toStream().to("output");
    }

    @Case(id = "null-windowed-count", note = "left out by a count in windows, which in Java counts values that are null", nullKeys = true)
    static void nullWindowedCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KTable<Windowed<String>, Long> counts =
            in.groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).count();
        counts.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "null-session-count", note = "left out by a count in sessions, which in Java counts values that are null", nullKeys = true)
    static void nullSessionCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofSeconds(61))).count()
            .toStream().to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
    }

    @Case(id = "null-cogroup", note = "left out by a cogroup", nullKeys = true, nullValues = true)
    static void nullCogroup(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.groupByKey().<String>cogroup((key, value, text) -> text + value).cogroup(right.groupByKey(), (key, value, text) -> value + text)
            .aggregate(() -> "").toStream().to("output");
    }

    @Case(id = "null-to-table", note = "a value that is null deletes, a key that is null is left out", nullKeys = true, nullValues = true)
    static void nullToTable(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.toTable(Materialized.as("rows")).toStream().to("output");
    }

    @Case(id = "null-join-table", note = "left out by a join with a table", nullKeys = true, nullValues = true)
    static void nullJoinTable(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KTable<String, String> table = b.table("table");
        in.join(table, (value, row) -> value + row).to("output");
    }

    @Case(id = "null-stream-stream-join", note = "left out by a join of two streams", nullKeys = true, nullValues = true)
    static void nullStreamStreamJoin(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).to("output");
    }

    @Case(id = "null-outer-join", note = "keys that are null have no partner, values that are null are left out", nullKeys = true, nullValues = true)
    static void nullOuterJoin(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + "+" + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).to("output");
    }
}
