package oracle.describe;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.AggregationWithHeaders;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionStoreWithHeaders;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStoreWithHeaders;
import org.apache.kafka.streams.state.TimestampedWindowStoreWithHeaders;
import org.apache.kafka.streams.state.ValueTimestampHeaders;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowStoreIterator;

/** Processors with stores that keep headers: numbers delete, long values keep the headers of the row and one more. */
final class HeaderStores {
    private HeaderStores() {}

    @Case(id = "headers-key-value", note = "a key-value store that keeps headers")
    static void keyValue(StreamsBuilder b) {
        told(b, rows(Stores.persistentTimestampedKeyValueStoreWithHeaders("rows")), KeyValues::new);
    }

    @Case(id = "headers-key-value-cached", note = "the same with a cache")
    static void keyValueCached(StreamsBuilder b) {
        told(b, rows(Stores.persistentTimestampedKeyValueStoreWithHeaders("rows")).withCachingEnabled(), KeyValues::new);
    }

    @Case(id = "headers-key-value-in-memory", note = "the same in memory")
    static void keyValueInMemory(StreamsBuilder b) {
        told(b, rows(Stores.inMemoryKeyValueStore("rows")), KeyValues::new);
    }

    @Case(id = "headers-key-value-not-logged", note = "the same without a changelog")
    static void keyValueNotLogged(StreamsBuilder b) {
        told(b, rows(Stores.persistentTimestampedKeyValueStoreWithHeaders("rows")).withLoggingDisabled(), KeyValues::new);
    }

    @Case(id = "headers-windows", note = "a window store that keeps headers")
    static void windows(StreamsBuilder b) {
        told(b, windowRows(Stores.persistentTimestampedWindowStoreWithHeaders("rows", Duration.ofMinutes(2), Duration.ofSeconds(10), false)), Windows::new);
    }

    @Case(id = "headers-windows-cached", note = "the same with a cache")
    static void windowsCached(StreamsBuilder b) {
        var supplier = Stores.persistentTimestampedWindowStoreWithHeaders("rows", Duration.ofMinutes(2), Duration.ofSeconds(10), false);
        told(b, windowRows(supplier).withCachingEnabled(), Windows::new);
    }

    @Case(id = "headers-windows-in-memory", note = "the same in memory")
    static void windowsInMemory(StreamsBuilder b) {
        told(b, windowRows(Stores.inMemoryWindowStore("rows", Duration.ofMinutes(2), Duration.ofSeconds(10), false)), Windows::new);
    }

    @Case(id = "headers-windows-with-duplicates", note = "the same with every put as a row")
    static void windowsWithDuplicates(StreamsBuilder b) {
        told(b, windowRows(Stores.persistentTimestampedWindowStoreWithHeaders("rows", Duration.ofMinutes(2), Duration.ofSeconds(10), true)), Appended::new);
    }

    @Case(id = "headers-sessions", note = "a session store that keeps headers")
    static void sessions(StreamsBuilder b) {
        told(b, sessionRows(Stores.persistentSessionStoreWithHeaders("rows", Duration.ofMillis(120_500))), Sessions::new);
    }

    @Case(id = "headers-sessions-cached", note = "the same with a cache")
    static void sessionsCached(StreamsBuilder b) {
        told(b, sessionRows(Stores.persistentSessionStoreWithHeaders("rows", Duration.ofMillis(120_500))).withCachingEnabled(), Sessions::new);
    }

    @Case(id = "headers-sessions-in-memory", note = "the same in memory")
    static void sessionsInMemory(StreamsBuilder b) {
        told(b, sessionRows(Stores.inMemorySessionStore("rows", Duration.ofMillis(120_500))), Sessions::new);
    }

    @Case(id = "headers-global", note = "a global store that keeps headers, read by another processor")
    static void global(StreamsBuilder b) {
        b.addGlobalStore(rows(Stores.persistentTimestampedKeyValueStoreWithHeaders("rows")), "global", Consumed.with(Serdes.String(), Serdes.String()), Kept::new);
        KStream<String, String> in = b.stream("input");
        in.process(Reads::new).to("output");
    }

    private static StoreBuilder<TimestampedKeyValueStoreWithHeaders<String, String>> rows(KeyValueBytesStoreSupplier supplier) {
        return Stores.timestampedKeyValueStoreWithHeadersBuilder(supplier, Serdes.String(), Serdes.String());
    }

    private static StoreBuilder<TimestampedWindowStoreWithHeaders<String, String>> windowRows(WindowBytesStoreSupplier supplier) {
        return Stores.timestampedWindowStoreWithHeadersBuilder(supplier, Serdes.String(), Serdes.String());
    }

    private static StoreBuilder<SessionStoreWithHeaders<String, String>> sessionRows(SessionBytesStoreSupplier supplier) {
        return Stores.sessionStoreWithHeadersBuilder(supplier, Serdes.String(), Serdes.String());
    }

    private static <S extends StateStore> void told(StreamsBuilder b, StoreBuilder<S> store, ProcessorSupplier<String, String, String, String> supplier) {
        b.addStateStore(store);
        KStream<String, String> in = b.stream("input");
        in.process(supplier, "rows").to("output");
    }

    private static boolean deletes(String value) {
        return Character.isDigit(value.charAt(0));
    }

    /** Those of the record; where the value is long those of the row and one more. */
    private static Headers headers(Record<String, String> record, Headers before) {
        if (record.value().length() <= 3) {
            return record.headers();
        }
        return new RecordHeaders(before == null ? new RecordHeaders() : before).add("seen", record.value().getBytes(StandardCharsets.UTF_8));
    }

    private static String shown(Headers headers) {
        StringBuilder told = new StringBuilder("[");
        for (Header header : headers) {
            told.append(header.key()).append(":").append(header.value() == null ? "null" : new String(header.value(), StandardCharsets.UTF_8)).append(";");
        }
        return told.append("]").toString();
    }

    private static String shown(ValueTimestampHeaders<String> row) {
        return row == null ? "null" : row.value() + "@" + row.timestamp() + shown(row.headers());
    }

    private static String shown(AggregationWithHeaders<String> row) {
        return row == null ? "null" : row.aggregation() + shown(row.headers());
    }

    private static String all(KeyValueIterator<String, ValueTimestampHeaders<String>> rows) {
        StringBuilder told = new StringBuilder();
        rows.forEachRemaining(row -> told.append(", ").append(row.key).append("=").append(shown(row.value)));
        rows.close();
        return told.toString();
    }

    private static final class KeyValues extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(Record<String, String> record) {
            TimestampedKeyValueStoreWithHeaders<String, String> store = context().getStateStore("rows");
            ValueTimestampHeaders<String> before = store.get(record.key());
            String told = shown(before) + " > ";
            if (deletes(record.value())) {
                told += shown(store.delete(record.key()));
            } else {
                Headers headers = headers(record, before == null ? null : before.headers());
                told += shown(store.putIfAbsent(record.key(), ValueTimestampHeaders.make("first", record.timestamp(), headers)));
                store.put(record.key(), ValueTimestampHeaders.make(record.value(), record.timestamp() + 1, headers));
            }
            context().forward(record.withValue(told + all(store.all())));
        }
    }

    private static final class Kept extends ContextualProcessor<String, String, Void, Void> {
        @Override
        public void process(Record<String, String> record) {
            TimestampedKeyValueStoreWithHeaders<String, String> store = context().getStateStore("rows");
            if (record.value() == null) {
                store.delete(record.key());
            } else {
                store.put(record.key(), ValueTimestampHeaders.make(record.value(), record.timestamp(), record.headers()));
            }
        }
    }

    private static final class Reads extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(Record<String, String> record) {
            TimestampedKeyValueStoreWithHeaders<String, String> store = context().getStateStore("rows");
            context().forward(record.withValue(shown(store.get(record.key())) + all(store.all())));
        }
    }

    private static String windows(WindowStoreIterator<ValueTimestampHeaders<String>> rows) {
        StringBuilder told = new StringBuilder();
        rows.forEachRemaining(row -> told.append(", ").append(row.key).append("=").append(shown(row.value)));
        rows.close();
        return told.toString();
    }

    private static final class Windows extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(Record<String, String> record) {
            TimestampedWindowStoreWithHeaders<String, String> store = context().getStateStore("rows");
            long start = record.timestamp() - record.timestamp() % 10_000;
            ValueTimestampHeaders<String> before = store.fetch(record.key(), start);
            if (deletes(record.value())) {
                store.put(record.key(), null, start);
            } else {
                Headers headers = headers(record, before == null ? null : before.headers());
                store.put(record.key(), ValueTimestampHeaders.make(record.value(), record.timestamp(), headers), start);
            }
            long from = Math.max(0, record.timestamp() - 60_000);
            context().forward(record.withValue(shown(before) + windows(store.fetch(record.key(), from, record.timestamp()))));
        }
    }

    private static final class Appended extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(Record<String, String> record) {
            TimestampedWindowStoreWithHeaders<String, String> store = context().getStateStore("rows");
            long start = record.timestamp() - record.timestamp() % 10_000;
            store.put(record.key(), ValueTimestampHeaders.make(record.value(), record.timestamp(), headers(record, null)), start);
            long from = Math.max(0, record.timestamp() - 60_000);
            context().forward(record.withValue(windows(store.fetch(record.key(), from, record.timestamp()))));
        }
    }

    private static final class Sessions extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(Record<String, String> record) {
            SessionStoreWithHeaders<String, String> store = context().getStateStore("rows");
            long start = record.timestamp() - record.timestamp() % 10_000;
            long end = start + 5_000;
            AggregationWithHeaders<String> before = store.fetchSession(record.key(), start, end);
            Windowed<String> session = new Windowed<>(record.key(), new SessionWindow(start, end));
            if (!deletes(record.value())) {
                Headers headers = headers(record, before == null ? null : before.headers());
                store.put(session, AggregationWithHeaders.make(record.value(), headers));
            } else if (before != null) {
                store.remove(session);
            }
            StringBuilder told = new StringBuilder(shown(before));
            try (KeyValueIterator<Windowed<String>, AggregationWithHeaders<String>> rows = store.findSessions(record.key(), start, end)) {
                rows.forEachRemaining(row -> told.append(", ").append(row.key.window().start()).append("=").append(shown(row.value)));
            }
            context().forward(record.withValue(told.toString()));
        }
    }
}
