package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Windows that are forwarded once, when they close. Stores without a cache have a long retention here: Java looks for closed windows after it has
 * written the record, and hides rows that are older than the retention by then, so that it loses the results of windows that a jump in time closes.
 */
final class FinalResults {
    private FinalResults() {}

    private static final Duration LONG = Duration.ofHours(2);

    private static TimeWindows tumbling() {
        return TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5));
    }

    private static SlidingWindows sliding() {
        return SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5));
    }

    private static KGroupedStream<String, String> byKey(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupByKey();
    }

    private static KGroupedStream<String, String> byValue(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupBy((key, value) -> value);
    }

    private static <K, V> TimeWindowedKStream<K, V> atClose(TimeWindowedKStream<K, V> windowed) {
        return windowed.emitStrategy(EmitStrategy.onWindowClose());
    }

    private static <V> Materialized<String, V, WindowStore<Bytes, byte[]>> kept() {
        return Materialized.<String, V, WindowStore<Bytes, byte[]>>as("my-store").withRetention(LONG);
    }

    private static void counts(KTable<Windowed<String>, Long> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    private static void texts(KTable<Windowed<String>, String> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.String()));
    }

    @Case(id = "final-count", note = "tumbling, grace 5 s, unnamed")
    static void finalCount(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(tumbling())).count());
    }

    @Case(id = "final-count-update", note = "onWindowUpdate is the default said aloud")
    static void finalCountUpdate(StreamsBuilder b) {
        counts(byKey(b).windowedBy(tumbling()).emitStrategy(EmitStrategy.onWindowUpdate()).count());
    }

    @Case(id = "final-count-no-grace", note = "no grace")
    static void finalCountNoGrace(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10)))).count());
    }

    @Case(id = "final-count-hopping", note = "hopping by 2 s")
    static void finalCountHopping(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(tumbling().advanceBy(Duration.ofSeconds(2)))).count());
    }

    @Case(id = "final-count-hopping-uneven", note = "hopping by 3 s, no grace")
    static void finalCountHoppingUneven(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10)).advanceBy(Duration.ofSeconds(3)))).count());
    }

    @Case(id = "final-count-repartition", note = "after groupBy, a named store")
    static void finalCountRepartition(StreamsBuilder b) {
        counts(atClose(byValue(b).windowedBy(tumbling())).count(Materialized.as("my-store")));
    }

    @Case(id = "final-count-named", note = "a processor name")
    static void finalCountNamed(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(tumbling())).count(Named.as("my-count")));
    }

    @Case(id = "final-count-materialized-unnamed", note = "Materialized without a store name burns one more index")
    static void finalCountMaterializedUnnamed(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(tumbling())).count(Materialized.with(Serdes.String(), Serdes.Long())));
    }

    @Case(id = "final-count-uncached", note = "without a cache every change is logged")
    static void finalCountUncached(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(tumbling())).count(FinalResults.<Long>kept().withCachingDisabled()));
    }

    @Case(id = "final-count-in-memory", note = "rows in memory")
    static void finalCountInMemory(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(tumbling())).count(FinalResults.<Long>kept().withStoreType(BuiltInDslStoreSuppliers.IN_MEMORY)));
    }

    @Case(id = "final-reduce", note = "reduce, unnamed")
    static void finalReduce(StreamsBuilder b) {
        texts(atClose(byKey(b).windowedBy(tumbling())).reduce((left, right) -> left + right));
    }

    @Case(id = "final-aggregate", note = "aggregate after groupBy, both names")
    static void finalAggregate(StreamsBuilder b) {
        texts(atClose(byValue(b).windowedBy(tumbling())).aggregate(() -> "", (key, value, text) -> text + value, Named.as("my-aggregate"),
            Materialized.<String, String, WindowStore<Bytes, byte[]>>as("my-store").withValueSerde(Serdes.String())));
    }

    @Case(id = "final-re-keyed", note = "final counts by key, added up")
    static void finalReKeyed(StreamsBuilder b) {
        atClose(byKey(b).windowedBy(tumbling())).count().toStream((windowed, count) -> windowed.key()).groupByKey().count().toStream().to("output");
    }

    @Case(id = "final-filtered", note = "a table operator behind it")
    static void finalFiltered(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(tumbling())).count().filter((windowed, count) -> count > 1));
    }

    @Case(id = "final-sliding-count", note = "sliding windows, which have no cache then")
    static void finalSlidingCount(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(sliding())).count(kept()));
    }

    @Case(id = "final-sliding-count-no-grace", note = "sliding windows, no grace")
    static void finalSlidingCountNoGrace(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)))).count(kept()));
    }

    @Case(id = "final-sliding-reduce", note = "sliding windows after groupBy, both names")
    static void finalSlidingReduce(StreamsBuilder b) {
        texts(atClose(byValue(b).windowedBy(sliding())).reduce((left, right) -> left + right, Named.as("my-reduce"), kept()));
    }

    @Case(id = "final-sliding-aggregate", note = "sliding windows, rows in memory")
    static void finalSlidingAggregate(StreamsBuilder b) {
        texts(atClose(byKey(b).windowedBy(sliding())).aggregate(() -> "", (key, value, text) -> text + value,
            FinalResults.<String>kept().withValueSerde(Serdes.String()).withStoreType(BuiltInDslStoreSuppliers.IN_MEMORY)));
    }

    @Case(id = "final-sliding-early", note = "windows of the first records, which would begin before 1970")
    static void finalSlidingEarly(StreamsBuilder b) {
        counts(atClose(byKey(b).windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(10_060_000), Duration.ofSeconds(5))))
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("my-store").withRetention(Duration.ofHours(7))));
    }
}
