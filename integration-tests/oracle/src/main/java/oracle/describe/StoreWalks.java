package oracle.describe;

import java.time.Duration;
import java.util.function.BiFunction;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/** Processors that walk over their stores, there and back. */
final class StoreWalks {
    private StoreWalks() {}

    @Case(id = "walk-key-value", note = "ranges, prefixes and all rows of a key-value store")
    static void keyValue(StreamsBuilder b) {
        var store = Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("rows"), Serdes.String(), Serdes.String());
        told(b, store, StoreWalks::rows);
    }

    @Case(id = "walk-key-value-cached", note = "the same through a cache")
    static void keyValueCached(StreamsBuilder b) {
        var store = Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("rows"), Serdes.String(), Serdes.String());
        told(b, store.withCachingEnabled(), StoreWalks::rows);
    }

    @Case(id = "walk-windows", note = "the windows of a key, of several, and all of them")
    static void windows(StreamsBuilder b) {
        var supplier = Stores.persistentWindowStore("rows", Duration.ofMinutes(2), Duration.ofSeconds(10), false);
        told(b, Stores.windowStoreBuilder(supplier, Serdes.String(), Serdes.String()), StoreWalks::windowRows);
    }

    @Case(id = "walk-windows-in-memory", note = "the windows of a key in memory: those of several come in another order here")
    static void windowsInMemory(StreamsBuilder b) {
        var supplier = Stores.inMemoryWindowStore("rows", Duration.ofMinutes(2), Duration.ofSeconds(10), false);
        told(b, Stores.windowStoreBuilder(supplier, Serdes.String(), Serdes.String()), StoreWalks::windowsOfKey);
    }

    @Case(id = "walk-sessions", note = "the sessions of a key, and of several")
    static void sessions(StreamsBuilder b) {
        // no two records are so far apart: sessions of just that age are kept by one of the two only
        var supplier = Stores.persistentSessionStore("rows", Duration.ofMillis(120_500));
        told(b, Stores.sessionStoreBuilder(supplier, Serdes.String(), Serdes.String()), StoreWalks::sessionRows);
    }

    @Case(id = "walk-global", note = "a global store, read by another processor")
    static void global(StreamsBuilder b) {
        global(b, Stores.persistentKeyValueStore("rows"));
    }

    @Case(id = "walk-global-in-memory", note = "the same in memory")
    static void globalInMemory(StreamsBuilder b) {
        global(b, Stores.inMemoryKeyValueStore("rows"));
    }

    private static void global(StreamsBuilder b, KeyValueBytesStoreSupplier rows) {
        var store = Stores.keyValueStoreBuilder(rows, Serdes.String(), Serdes.String());
        b.addGlobalStore(store, "global", Consumed.with(Serdes.String(), Serdes.String()), () -> new Processor<String, String, Void, Void>() {
            private KeyValueStore<String, String> kept;

            @Override
            public void init(ProcessorContext<Void, Void> context) {
                kept = context.getStateStore("rows");
            }

            @Override
            public void process(Record<String, String> record) {
                kept.put(record.key() + (record.value() == null ? 1 : record.value().length()), record.value());
            }
        });
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Walks<KeyValueStore<String, String>>(StoreWalks::read)).to("output");
    }

    private static <S extends StateStore> void told(StreamsBuilder b, StoreBuilder<S> store, BiFunction<S, Record<String, String>, String> tell) {
        b.addStateStore(store);
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Walks<>(tell), "rows").to("output");
    }

    private static String rows(KeyValueStore<String, String> store, Record<String, String> record) {
        store.put(record.key() + record.value().length(), record.value());
        return read(store, record);
    }

    private static String read(ReadOnlyKeyValueStore<String, String> store, Record<String, String> record) {
        return pairs(store.range("b", "d2")) + pairs(store.reverseRange("b", "d2")) + pairs(store.range(null, "c1"))
            + pairs(store.reverseRange("c", null)) + pairs(store.prefixScan(record.key(), new StringSerializer()))
            + pairs(store.all()) + pairs(store.reverseAll());
    }

    private static String windowRows(WindowStore<String, String> store, Record<String, String> record) {
        long from = Math.max(0, record.timestamp() - 20_000);
        long to = record.timestamp() + 20_000;
        return windowsOfKey(store, record)
            + windows(store.fetch("b", "d", from, to)) + windows(store.backwardFetch("a", "c", from, to))
            + windows(store.fetchAll(from, to)) + windows(store.backwardFetchAll(from, to)) + windows(store.all()) + windows(store.backwardAll());
    }

    private static String windowsOfKey(WindowStore<String, String> store, Record<String, String> record) {
        long from = Math.max(0, record.timestamp() - 20_000);
        long to = record.timestamp() + 20_000;
        store.put(record.key(), record.value(), record.timestamp());
        return times(store.fetch(record.key(), from, to)) + times(store.backwardFetch(record.key(), from, to));
    }

    private static String sessionRows(SessionStore<String, String> store, Record<String, String> record) {
        long from = Math.max(0, record.timestamp() - 20_000);
        long to = record.timestamp() + 20_000;
        long start = record.timestamp() - record.timestamp() % 5_000;
        store.put(new Windowed<>(record.key(), new SessionWindow(start, record.timestamp())), record.value());
        return windows(store.findSessions(record.key(), from, to)) + windows(store.backwardFindSessions(record.key(), from, to))
            + windows(store.findSessions("b", "d", from, to)) + windows(store.backwardFindSessions("a", "c", from, to))
            + windows(store.fetch(record.key())) + windows(store.backwardFetch(record.key()));
    }

    private static String pairs(KeyValueIterator<String, String> rows) {
        StringBuilder told = new StringBuilder();
        rows.forEachRemaining(row -> told.append(row.key).append("=").append(row.value).append(", "));
        rows.close();
        return told.append("| ").toString();
    }

    private static String times(WindowStoreIterator<String> rows) {
        StringBuilder told = new StringBuilder();
        rows.forEachRemaining(row -> told.append(row.key).append("=").append(row.value).append(", "));
        rows.close();
        return told.append("| ").toString();
    }

    private static String windows(KeyValueIterator<Windowed<String>, String> rows) {
        StringBuilder told = new StringBuilder();
        rows.forEachRemaining(row -> told.append(row.key.key()).append("@").append(row.key.window().start()).append("-")
            .append(row.key.window().end()).append("=").append(row.value).append(", "));
        rows.close();
        return told.append("| ").toString();
    }

    /** Puts each record into the store, and tells what walks over it find. */
    private static final class Walks<S extends StateStore> extends ContextualProcessor<String, String, String, String> {
        private final BiFunction<S, Record<String, String>, String> tell;

        Walks(BiFunction<S, Record<String, String>, String> tell) {
            this.tell = tell;
        }

        @Override
        public void process(Record<String, String> record) {
            S store = context().getStateStore("rows");
            context().forward(record.withValue(tell.apply(store, record)));
        }
    }
}
