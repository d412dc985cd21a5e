package oracle.describe;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.UnlimitedWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.kstream.Windows;
import org.apache.kafka.streams.kstream.internals.TimeWindow;
import org.apache.kafka.streams.state.WindowStore;

/** Unlimited windows, and windows of the user. */
final class OtherWindows {
    private OtherWindows() {}

    /** The first fifteen of every twenty seconds, and four of every ten: some records lie in two windows, some in none. */
    static final class Uneven extends Windows<TimeWindow> {
        @Override
        public Map<Long, TimeWindow> windowsFor(long timestamp) {
            Map<Long, TimeWindow> found = new TreeMap<>();
            add(found, timestamp, 20_000, 0, 15_000);
            add(found, timestamp, 10_000, 3_000, 4_000);
            return found;
        }

        private static void add(Map<Long, TimeWindow> found, long timestamp, long every, long after, long size) {
            long start = Math.floorDiv(timestamp - after, every) * every + after;
            if (timestamp < start + size) {
                found.put(start, new TimeWindow(start, start + size));
            }
        }

        @Override
        public long size() {
            return 15_000;
        }

        @Override
        public long gracePeriodMs() {
            return 2_000;
        }
    }

    private static KGroupedStream<String, String> byKey(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupByKey();
    }

    private static KGroupedStream<String, String> byValue(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupBy((key, value) -> value);
    }

    private static void counts(KTable<Windowed<String>, Long> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    private static void texts(KTable<Windowed<String>, String> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.String()));
    }

    @Case(id = "unlimited-count", note = "one window without an end")
    static void unlimitedCount(StreamsBuilder b) {
        counts(byKey(b).windowedBy(UnlimitedWindows.of()).count());
    }

    @Case(id = "unlimited-count-start", note = "it begins later than the first records")
    static void unlimitedCountStart(StreamsBuilder b) {
        counts(byKey(b).windowedBy(UnlimitedWindows.of().startOn(Instant.ofEpochMilli(10_060_000))).count());
    }

    @Case(id = "unlimited-count-store-named", note = "a named store, with repartition")
    static void unlimitedCountStoreNamed(StreamsBuilder b) {
        counts(byValue(b).windowedBy(UnlimitedWindows.of()).count(Materialized.as("my-store")));
    }

    @Case(id = "unlimited-count-materialized-unnamed", note = "Materialized without a store name burns one more index")
    static void unlimitedCountMaterializedUnnamed(StreamsBuilder b) {
        counts(byKey(b).windowedBy(UnlimitedWindows.of()).count(Materialized.with(Serdes.String(), Serdes.Long())));
    }

    @Case(id = "unlimited-reduce", note = "reduce with a processor name")
    static void unlimitedReduce(StreamsBuilder b) {
        texts(byKey(b).windowedBy(UnlimitedWindows.of()).reduce((left, right) -> left + right, Named.as("my-reduce")));
    }

    @Case(id = "unlimited-aggregate-uncached", note = "aggregate without a cache")
    static void unlimitedAggregateUncached(StreamsBuilder b) {
        texts(byKey(b).windowedBy(UnlimitedWindows.of()).aggregate(() -> "", (key, value, text) -> text + value,
            Materialized.<String, String, WindowStore<Bytes, byte[]>>as("my-store").withValueSerde(Serdes.String()).withCachingDisabled()));
    }

    @Case(id = "custom-count", note = "windows of the user, unnamed")
    static void customCount(StreamsBuilder b) {
        counts(byKey(b).windowedBy(new Uneven()).count());
    }

    @Case(id = "custom-count-uncached", note = "windows of the user, without a cache")
    static void customCountUncached(StreamsBuilder b) {
        counts(byKey(b).windowedBy(new Uneven())
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("my-store").withCachingDisabled()));
    }

    @Case(id = "custom-reduce-repartition", note = "windows of the user after groupBy")
    static void customReduceRepartition(StreamsBuilder b) {
        texts(byValue(b).windowedBy(new Uneven()).reduce((left, right) -> left + right));
    }

    @Case(id = "custom-aggregate-named", note = "windows of the user, both names, longer retention")
    static void customAggregateNamed(StreamsBuilder b) {
        texts(byKey(b).windowedBy(new Uneven()).aggregate(() -> "", (key, value, text) -> text + value, Named.as("my-aggregate"),
            Materialized.<String, String, WindowStore<Bytes, byte[]>>as("my-store").withValueSerde(Serdes.String())
                .withRetention(Duration.ofHours(2))));
    }
}
