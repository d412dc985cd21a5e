package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Several grouped streams into one table. Inputs do not keep step, so windows are long or kept long: none expires by what another input has seen. */
final class Cogroups {
    private static final TimeWindows HOURS = TimeWindows.ofSizeAndGrace(Duration.ofHours(1), Duration.ofMinutes(5));
    private static final TimeWindows TUMBLING = TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5));

    private Cogroups() {}

    private static KStream<String, String> stream(StreamsBuilder b, String topic) {
        return b.stream(topic);
    }

    /** Both streams as they come. */
    private static CogroupedKStream<String, String> pair(StreamsBuilder b) {
        return stream(b, "left").groupByKey()
            .<String>cogroup((key, value, text) -> text + value)
            .cogroup(stream(b, "right").groupByKey(), (key, value, text) -> value + text);
    }

    /** The first one re-keyed. */
    private static CogroupedKStream<String, String> reKeyed(StreamsBuilder b) {
        return stream(b, "left").groupBy((key, value) -> value)
            .<String>cogroup((key, value, text) -> text + value)
            .cogroup(stream(b, "right").groupByKey(), (key, value, text) -> value + text);
    }

    private static void windowed(KTable<Windowed<String>, String> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.String()));
    }

    @Case(id = "cogroup-one", note = "a single input")
    static void cogroupOne(StreamsBuilder b) {
        stream(b, "input").groupByKey().<String>cogroup((key, value, text) -> text + value).aggregate(() -> "").toStream().to("output");
    }

    @Case(id = "cogroup-two", note = "two inputs, unnamed")
    static void cogroupTwo(StreamsBuilder b) {
        pair(b).aggregate(() -> "").toStream().to("output");
    }

    @Case(id = "cogroup-three-re-keyed", note = "three inputs, two of them re-keyed and named by their groupings")
    static void cogroupThreeReKeyed(StreamsBuilder b) {
        stream(b, "first").groupBy((key, value) -> value, Grouped.as("by-first"))
            .<String>cogroup((key, value, text) -> text + value)
            .cogroup(stream(b, "second").groupByKey(), (key, value, text) -> text + key)
            .cogroup(stream(b, "third").selectKey((key, value) -> value).groupByKey(Grouped.as("by-third")), (key, value, text) -> value + text)
            .aggregate(() -> "").toStream().to("output");
    }

    @Case(id = "cogroup-named", note = "a processor name")
    static void cogroupNamed(StreamsBuilder b) {
        pair(b).aggregate(() -> "", Named.as("both")).toStream().to("output");
    }

    @Case(id = "cogroup-materialized", note = "a named store")
    static void cogroupMaterialized(StreamsBuilder b) {
        pair(b).aggregate(() -> "", Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "cogroup-named-materialized", note = "both names")
    static void cogroupNamedMaterialized(StreamsBuilder b) {
        pair(b).aggregate(() -> "", Named.as("both"), Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "cogroup-materialized-unnamed", note = "Materialized without a store name, no cache, no changelog")
    static void cogroupMaterializedUnnamed(StreamsBuilder b) {
        pair(b).aggregate(() -> "", Materialized.<String, String, KeyValueStore<Bytes, byte[]>>with(Serdes.String(), Serdes.String())
            .withCachingDisabled().withLoggingDisabled()).toStream().to("output");
    }

    @Case(id = "cogroup-in-memory", note = "the store in memory")
    static void cogroupInMemory(StreamsBuilder b) {
        pair(b).aggregate(() -> "", Materialized.as(Stores.inMemoryKeyValueStore("in-memory"))).toStream().to("output");
    }

    @Case(id = "cogroup-re-keyed", note = "one input re-keyed: its repartition topic has the generated name of the store")
    static void cogroupReKeyed(StreamsBuilder b) {
        reKeyed(b).aggregate(() -> "").toStream().to("output");
    }

    @Case(id = "cogroup-re-keyed-materialized", note = "one input re-keyed, a named store and a processor name")
    static void cogroupReKeyedMaterialized(StreamsBuilder b) {
        reKeyed(b).aggregate(() -> "", Named.as("both"), Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "cogroup-aggregated-twice", note = "the second table uses the repartition topic of the first one")
    static void cogroupAggregatedTwice(StreamsBuilder b) {
        CogroupedKStream<String, String> cogrouped = reKeyed(b);
        cogrouped.aggregate(() -> "").toStream().to("output-1");
        cogrouped.aggregate(() -> "-").toStream().to("output-2");
    }

    @Case(id = "cogroup-then-filtered", note = "a filter asks for old values")
    static void cogroupThenFiltered(StreamsBuilder b) {
        pair(b).aggregate(() -> "").filter((key, text) -> text.length() % 3 != 0).toStream().to("output");
    }

    @Case(id = "cogroup-then-joined", note = "a stream joined with the table, and the table's changes counted")
    static void cogroupThenJoined(StreamsBuilder b) {
        KTable<String, String> table = pair(b).aggregate(() -> "");
        stream(b, "input").join(table, (value, text) -> value + text).to("output");
        table.toStream().groupByKey().count().toStream().to("counts");
    }

    @Case(id = "cogroup-windowed-one", note = "a single input by window")
    static void cogroupWindowedOne(StreamsBuilder b) {
        windowed(stream(b, "input").groupByKey().<String>cogroup((key, value, text) -> text + value).windowedBy(TUMBLING).aggregate(() -> ""));
    }

    @Case(id = "cogroup-windowed", note = "two inputs by window, unnamed")
    static void cogroupWindowed(StreamsBuilder b) {
        windowed(pair(b).windowedBy(HOURS).aggregate(() -> ""));
    }

    @Case(id = "cogroup-windowed-named", note = "a processor name")
    static void cogroupWindowedNamed(StreamsBuilder b) {
        windowed(pair(b).windowedBy(HOURS).aggregate(() -> "", Named.as("both")));
    }

    @Case(id = "cogroup-windowed-materialized", note = "short windows, kept long, both names")
    static void cogroupWindowedMaterialized(StreamsBuilder b) {
        windowed(pair(b).windowedBy(TUMBLING).aggregate(() -> "", Named.as("both"),
            Materialized.<String, String, WindowStore<Bytes, byte[]>>as("my-store").withRetention(Duration.ofHours(2))));
    }

    @Case(id = "cogroup-windowed-hopping", note = "hopping windows without grace, kept long, no cache")
    static void cogroupWindowedHopping(StreamsBuilder b) {
        TimeWindows hopping = TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10)).advanceBy(Duration.ofSeconds(3));
        windowed(pair(b).windowedBy(hopping).aggregate(() -> "",
            Materialized.<String, String, WindowStore<Bytes, byte[]>>as("my-store").withRetention(Duration.ofHours(2)).withCachingDisabled()));
    }

    @Case(id = "cogroup-windowed-re-keyed", note = "one input re-keyed, then by window")
    static void cogroupWindowedReKeyed(StreamsBuilder b) {
        windowed(reKeyed(b).windowedBy(HOURS).aggregate(() -> ""));
    }
}
