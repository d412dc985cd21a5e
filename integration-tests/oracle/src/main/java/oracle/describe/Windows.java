package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.WindowStore;

/** Counts in tumbling and hopping windows. */
final class Windows {
    private Windows() {}

    @Case(id = "windowed-count-tumbling", note = "tumbling, grace 5 s, unnamed")
    static void windowedCountTumbling(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .count()
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-tumbling-no-grace", note = "tumbling, no grace")
    static void windowedCountTumblingNoGrace(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10)))
            .count()
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-tumbling-repartition", note = "tumbling after groupBy")
    static void windowedCountTumblingRepartition(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value)
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .count()
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-tumbling-store-named", note = "a named store, with repartition")
    static void windowedCountTumblingStoreNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value)
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .count(Materialized.as("my-store"))
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-hopping", note = "hopping by 2 s, grace 5 s, unnamed")
    static void windowedCountHopping(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)).advanceBy(Duration.ofSeconds(2)))
            .count()
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-hopping-store-named", note = "hopping, a named store, with repartition")
    static void windowedCountHoppingStoreNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value)
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)).advanceBy(Duration.ofSeconds(2)))
            .count(Materialized.as("my-store"))
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-named", note = "a processor name")
    static void windowedCountNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .count(Named.as("my-count"))
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-named-materialized", note = "both names, and a Grouped name")
    static void windowedCountNamedMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value, Grouped.as("by-value"))
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .count(Named.as("my-count"), Materialized.as("my-store"))
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-materialized-unnamed", note = "Materialized without a store name burns one more index")
    static void windowedCountMaterializedUnnamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .count(Materialized.with(Serdes.String(), Serdes.Long()))
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-retention", note = "a longer retention shows in the changelog's config")
    static void windowedCountRetention(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("my-store").withRetention(Duration.ofHours(2)))
            .toStream()
            .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "windowed-count-re-keyed", note = "the windowed key is mapped back and counted again")
    static void windowedCountReKeyed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .count()
            .toStream((windowed, count) -> windowed.key())
            .groupByKey()
            .count()
            .toStream()
            .to("output");
    }
}
