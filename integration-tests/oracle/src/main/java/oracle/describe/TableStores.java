package oracle.describe;

import java.time.Duration;
import java.util.function.BiFunction;

import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.ValueTransformerWithKey;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.ProcessorContext;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.TimestampedWindowStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.WindowStore;

/** Processors that use the store of a table. */
final class TableStores {
    private TableStores() {}

    @Case(id = "table-store-of-count", note = "a processor of another stream reads the store of a count: one sub-topology")
    static void ofCount(StreamsBuilder b) {
        left(b).groupByKey().count(Materialized.as("counts"));
        right(b).process(() -> new Tells<TimestampedKeyValueStore<String, Long>>("counts", TableStores::rows), "counts").to("output");
    }

    @Case(id = "table-store-of-count-re-keyed", note = "the same of a count behind a repartition topic")
    static void ofCountReKeyed(StreamsBuilder b) {
        left(b).groupBy((key, value) -> value).count(Materialized.as("counts")).toStream().to("output");
        right(b).process(() -> new Tells<TimestampedKeyValueStore<String, Long>>("counts", TableStores::rows), "counts").to("output-right");
    }

    @Case(id = "table-store-of-source", note = "the store of a table that is read from a topic, with process_values")
    static void ofSource(StreamsBuilder b) {
        b.table("table", Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("rows"));
        KStream<String, String> in = b.stream("input");
        in.processValues(() -> new TellsFixed("rows"), "rows").to("output");
    }

    @Case(id = "table-store-of-filtered", note = "the store of a filtered table")
    static void ofFiltered(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filter((key, value) -> value.length() == 1, Materialized.as("rows"));
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Tells<TimestampedKeyValueStore<String, String>>("rows", TableStores::rows), "rows").to("output");
    }

    @Case(id = "table-store-of-windows", note = "the windows of a key, read by a processor of another stream")
    static void ofWindows(StreamsBuilder b) {
        left(b).groupByKey().windowedBy(hopping()).count(keptLong());
        right(b).process(() -> new Tells<>("windows", TableStores::windows), "windows").to("output");
    }

    @Case(id = "table-store-of-windows-behind", note = "read behind the table itself, without a cache: rows are told one by one")
    static void ofWindowsBehind(StreamsBuilder b) {
        KTable<Windowed<String>, Long> counts =
            left(b).groupByKey().windowedBy(hopping()).count(keptLong().withCachingDisabled());
        counts.toStream((window, count) -> window.key()).mapValues(count -> String.valueOf(count))
            .process(() -> new Tells<>("windows", TableStores::windows), "windows").to("output");
    }

    @Case(id = "table-store-of-sessions", note = "the sessions of a key, read by a processor of another stream")
    static void ofSessions(StreamsBuilder b) {
        left(b).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofSeconds(61)))
            .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("sessions").withRetention(Duration.ofHours(2)));
        right(b).process(() -> new Tells<>("sessions", TableStores::sessions), "sessions").to("output");
    }

    @Case(id = "table-store-of-versions", note = "a versioned table, read as of a time")
    static void ofVersions(StreamsBuilder b) {
        VersionedTables.table(b, "table");
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Tells<>("table-versions", TableStores::versions), "table-versions").to("output");
    }

    @Case(id = "table-store-cached", note = "a processor of the stream that is counted sees what the cache holds back")
    static void cached(StreamsBuilder b) {
        KStream<String, String> in = left(b);
        in.groupByKey().count(Materialized.as("counts")).toStream().to("output");
        in.process(() -> new Tells<TimestampedKeyValueStore<String, Long>>("counts", TableStores::rows), "counts").to("output-told");
    }

    @Case(id = "table-store-uncached", note = "the same without a cache")
    static void uncached(StreamsBuilder b) {
        KStream<String, String> in = left(b);
        in.groupByKey().count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("counts").withCachingDisabled()).toStream().to("output");
        in.process(() -> new Tells<TimestampedKeyValueStore<String, Long>>("counts", TableStores::rows), "counts").to("output-told");
    }

    @Case(id = "table-store-written-cached", note = "what a processor writes to a cached table is told behind the table")
    static void writtenCached(StreamsBuilder b) {
        left(b).groupByKey().count(Materialized.as("counts")).toStream().process(Bare::new).to("output");
        right(b).process(() -> new Tells<>("counts", TableStores::write), "counts").to("output-told");
    }

    @Case(id = "table-store-written-uncached", note = "without a cache only the store knows of it")
    static void writtenUncached(StreamsBuilder b) {
        left(b).groupByKey().count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("counts").withCachingDisabled()).toStream().process(Bare::new).to("output");
        right(b).process(() -> new Tells<>("counts", TableStores::write), "counts").to("output-told");
    }

    @Case(id = "table-store-transform-values", note = "a transformer of one table reads the store of another")
    static void transformValues(StreamsBuilder b) {
        left(b).groupByKey().count(Materialized.as("counts"));
        KTable<String, String> table = b.table("table");
        table.transformValues(() -> new Counted(), "counts").toStream().to("output");
    }

    private static KStream<String, String> left(StreamsBuilder b) {
        return b.stream("left");
    }

    private static KStream<String, String> right(StreamsBuilder b) {
        return b.stream("right");
    }

    private static TimeWindows hopping() {
        return TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)).advanceBy(Duration.ofSeconds(4));
    }

    /** Java's cache finds windows, and sessions, that have expired in the store below. */
    private static Materialized<String, Long, WindowStore<Bytes, byte[]>> keptLong() {
        return Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("windows").withRetention(Duration.ofHours(2));
    }

    private static <V> String rows(TimestampedKeyValueStore<String, V> store, Record<String, String> record) {
        StringBuilder told = new StringBuilder(shown(store.get(record.key())));
        try (KeyValueIterator<String, ValueAndTimestamp<V>> rows = store.all()) {
            rows.forEachRemaining(row -> told.append(", ").append(row.key).append(" = ").append(shown(row.value)));
        }
        return told.toString();
    }

    private static String write(TimestampedKeyValueStore<String, Long> store, Record<String, String> record) {
        if (record.value().startsWith("b")) {
            return "deleted " + shown(store.delete(record.key()));
        }
        store.put(record.key(), ValueAndTimestamp.make((long) record.value().length(), record.timestamp()));
        return "put, " + rows(store, record);
    }

    private static String windows(TimestampedWindowStore<String, Long> store, Record<String, String> record) {
        StringBuilder told = new StringBuilder();
        try (var rows = store.fetch(record.key(), record.timestamp() - 20_000, record.timestamp() + 20_000)) {
            rows.forEachRemaining(row -> told.append(row.key).append(" = ").append(shown(row.value)).append(", "));
        }
        return told.toString();
    }

    private static String sessions(SessionStore<String, Long> store, Record<String, String> record) {
        StringBuilder told = new StringBuilder();
        try (KeyValueIterator<Windowed<String>, Long> rows = store.fetch(record.key())) {
            rows.forEachRemaining(row -> told.append(row.key.window().start()).append("-").append(row.key.window().end()).append(" = ").append(row.value).append(", "));
        }
        return told.toString();
    }

    private static String versions(VersionedKeyValueStore<String, String> store, Record<String, String> record) {
        String told = "";
        for (long ago : new long[] {0, 1_000, 5_000}) {
            var found = store.get(record.key(), record.timestamp() - ago);
            told += (found == null ? "null" : found.value() + "@" + found.timestamp()) + ", ";
        }
        return told;
    }

    private static String shown(ValueAndTimestamp<?> row) {
        return row == null ? "null" : row.value() + "@" + row.timestamp();
    }

    /** Passes on what a store tells. */
    private static final class Tells<S extends StateStore> extends ContextualProcessor<String, String, String, String> {
        private final String name;
        private final BiFunction<S, Record<String, String>, String> tell;

        Tells(String name, BiFunction<S, Record<String, String>, String> tell) {
            this.name = name;
            this.tell = tell;
        }

        @Override
        public void process(Record<String, String> record) {
            S store = context().getStateStore(name);
            context().forward(record.withValue(tell.apply(store, record)));
        }
    }

    /** Takes the headers away. */
    private static final class Bare extends ContextualProcessor<String, Long, String, Long> {
        @Override
        public void process(Record<String, Long> record) {
            context().forward(record.withHeaders(new RecordHeaders()));
        }
    }

    /** The same where keys stay. */
    private static final class TellsFixed extends ContextualFixedKeyProcessor<String, String, String> {
        private final String name;

        TellsFixed(String name) {
            this.name = name;
        }

        @Override
        public void process(FixedKeyRecord<String, String> record) {
            TimestampedKeyValueStore<String, String> store = context().getStateStore(name);
            context().forward(record.withValue(shown(store.get(record.key()))));
        }
    }

    /** The row, and the count of its key. */
    private static final class Counted implements ValueTransformerWithKey<String, String, String> {
        private TimestampedKeyValueStore<String, Long> counts;

        @Override
        public void init(ProcessorContext context) {
            counts = context.getStateStore("counts");
        }

        @Override
        public String transform(String key, String value) {
            return value == null ? null : value + " " + shown(counts.get(key));
        }

        @Override
        public void close() {}
    }
}
