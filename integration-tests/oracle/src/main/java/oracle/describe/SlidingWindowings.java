package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.WindowStore;

/** Aggregations in sliding windows. */
final class SlidingWindowings {
    private SlidingWindowings() {}

    private static SlidingWindows windows() {
        return SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5));
    }

    private static TimeWindowedKStream<String, String> byKey(StreamsBuilder b, SlidingWindows windows) {
        KStream<String, String> in = b.stream("input");
        return in.groupByKey().windowedBy(windows);
    }

    private static TimeWindowedKStream<String, String> byValue(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupBy((key, value) -> value).windowedBy(windows());
    }

    private static void counts(KTable<Windowed<String>, Long> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    private static void texts(KTable<Windowed<String>, String> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.String()));
    }

    @Case(id = "sliding-count", note = "10 s, grace 5 s, unnamed")
    static void slidingCount(StreamsBuilder b) {
        counts(byKey(b, windows()).count());
    }

    @Case(id = "sliding-count-no-grace", note = "no grace")
    static void slidingCountNoGrace(StreamsBuilder b) {
        counts(byKey(b, SlidingWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).count());
    }

    @Case(id = "sliding-count-small", note = "a difference of 1 s, much grace")
    static void slidingCountSmall(StreamsBuilder b) {
        counts(byKey(b, SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(1), Duration.ofMinutes(2))).count());
    }

    @Case(id = "sliding-count-early", note = "a difference so long that most windows would begin before 1970")
    static void slidingCountEarly(StreamsBuilder b) {
        counts(byKey(b, SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(10_200_000), Duration.ofSeconds(5))).count());
    }

    @Case(id = "sliding-aggregate-early", note = "the same, without a cache")
    static void slidingAggregateEarly(StreamsBuilder b) {
        texts(byKey(b, SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(10_200_000), Duration.ofSeconds(5)))
            .aggregate(() -> "", (key, value, text) -> text + value,
                Materialized.<String, String, WindowStore<Bytes, byte[]>>with(Serdes.String(), Serdes.String()).withCachingDisabled()));
    }

    @Case(id = "sliding-count-repartition", note = "after groupBy")
    static void slidingCountRepartition(StreamsBuilder b) {
        counts(byValue(b).count());
    }

    @Case(id = "sliding-count-named", note = "a processor name")
    static void slidingCountNamed(StreamsBuilder b) {
        counts(byKey(b, windows()).count(Named.as("my-count")));
    }

    @Case(id = "sliding-count-store-named", note = "a named store, with repartition")
    static void slidingCountStoreNamed(StreamsBuilder b) {
        counts(byValue(b).count(Materialized.as("my-store")));
    }

    @Case(id = "sliding-count-named-materialized", note = "both names, and a Grouped name")
    static void slidingCountNamedMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        counts(in.groupBy((key, value) -> value, Grouped.as("by-value")).windowedBy(windows())
            .count(Named.as("my-count"), Materialized.as("my-store")));
    }

    @Case(id = "sliding-count-materialized-unnamed", note = "Materialized without a store name: no index is burned for it, unlike time windows")
    static void slidingCountMaterializedUnnamed(StreamsBuilder b) {
        counts(byKey(b, windows()).count(Materialized.with(Serdes.String(), Serdes.Long())));
    }

    @Case(id = "sliding-count-uncached", note = "every update is forwarded")
    static void slidingCountUncached(StreamsBuilder b) {
        counts(byKey(b, windows()).count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("my-store").withCachingDisabled()));
    }

    @Case(id = "sliding-count-in-memory", note = "rows in memory, longer retention")
    static void slidingCountInMemory(StreamsBuilder b) {
        counts(byKey(b, windows()).count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("my-store")
            .withStoreType(BuiltInDslStoreSuppliers.IN_MEMORY).withRetention(Duration.ofHours(2))));
    }

    @Case(id = "sliding-reduce", note = "reduce, unnamed")
    static void slidingReduce(StreamsBuilder b) {
        texts(byKey(b, windows()).reduce((left, right) -> left + right));
    }

    @Case(id = "sliding-reduce-uncached", note = "reduce without a cache, both names")
    static void slidingReduceUncached(StreamsBuilder b) {
        texts(byKey(b, windows()).reduce((left, right) -> left + right, Named.as("my-reduce"),
            Materialized.<String, String, WindowStore<Bytes, byte[]>>as("my-store").withCachingDisabled()));
    }

    @Case(id = "sliding-aggregate", note = "aggregate after groupBy")
    static void slidingAggregate(StreamsBuilder b) {
        texts(byValue(b).aggregate(() -> "", (key, value, text) -> text + value, Materialized.with(Serdes.String(), Serdes.String())));
    }

    @Case(id = "sliding-aggregate-uncached", note = "aggregate without a cache, no grace")
    static void slidingAggregateUncached(StreamsBuilder b) {
        texts(byKey(b, SlidingWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)))
            .aggregate(() -> "", (key, value, text) -> text + value, Named.as("my-aggregate"),
                Materialized.<String, String, WindowStore<Bytes, byte[]>>as("my-store").withCachingDisabled()));
    }

    @Case(id = "sliding-re-keyed", note = "the windowed key is mapped back and counted again")
    static void slidingReKeyed(StreamsBuilder b) {
        byKey(b, windows()).count().toStream((windowed, count) -> windowed.key()).groupByKey().count().toStream().to("output");
    }
}
