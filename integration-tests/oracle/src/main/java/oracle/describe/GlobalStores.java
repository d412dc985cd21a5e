package oracle.describe;

import java.time.Duration;
import java.time.Instant;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlySessionStore;
import org.apache.kafka.streams.state.ReadOnlyWindowStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/** Stores of windows, sessions and versions that every instance has whole. */
final class GlobalStores {
    private GlobalStores() {}

    /** Not whole seconds, since sessions that are as old as that are kept a millisecond longer here. */
    static final Duration KEPT = Duration.ofMillis(30_500);
    private static final Instant END = Instant.ofEpochMilli(Long.MAX_VALUE);
    private static final Consumed<String, String> STRINGS = Consumed.with(Serdes.String(), Serdes.String());

    @Case(id = "global-window-store", note = "a window store that a processor keeps, read by another one")
    static void globalWindowStore(StreamsBuilder b) {
        b.addGlobalStore(
            Stores.windowStoreBuilder(
                Stores.persistentWindowStore("kept", KEPT, Duration.ofSeconds(10), false), Serdes.String(), Serdes.String()),
            "global", STRINGS, KeepWindows::new);
        KStream<String, String> in = b.stream("input");
        in.process(LookAtWindows::new).to("output");
    }

    @Case(id = "global-session-store", note = "the same of a session store")
    static void globalSessionStore(StreamsBuilder b) {
        b.addGlobalStore(
            Stores.sessionStoreBuilder(Stores.persistentSessionStore("kept", KEPT), Serdes.String(), Serdes.String()),
            "global", STRINGS, KeepSessions::new);
        KStream<String, String> in = b.stream("input");
        in.process(LookAtSessions::new).to("output");
    }

    @Case(id = "global-versioned-store", note = "the same of a versioned store")
    static void globalVersionedStore(StreamsBuilder b) {
        b.addGlobalStore(
            Stores.versionedKeyValueStoreBuilder(Stores.persistentVersionedKeyValueStore("kept", KEPT), Serdes.String(), Serdes.String()),
            "global", STRINGS, KeepVersions::new);
        KStream<String, String> in = b.stream("input");
        in.process(LookAtVersions::new).to("output");
    }

    /** Keeps each value in the window of ten seconds that it lies in; a null deletes. */
    static final class KeepWindows extends ContextualProcessor<String, String, Void, Void> {
        private WindowStore<String, String> store;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            super.init(context);
            store = context.getStateStore("kept");
        }

        @Override
        public void process(Record<String, String> record) {
            store.put(record.key(), record.value(), record.timestamp() / 10_000 * 10_000);
        }
    }

    /** Adds the window of the record's time, then all windows of its key, the newest first, then those of all keys. */
    static final class LookAtWindows extends ContextualProcessor<String, String, String, String> {
        private ReadOnlyWindowStore<String, String> store;

        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            store = context.getStateStore("kept");
        }

        @Override
        public void process(Record<String, String> record) {
            StringBuilder found = new StringBuilder(record.value());
            found.append(store.fetch(record.key(), record.timestamp() / 10_000 * 10_000));
            try (WindowStoreIterator<String> rows = store.backwardFetch(record.key(), Instant.EPOCH, END)) {
                rows.forEachRemaining(row -> found.append(";").append(row.key).append("=").append(row.value));
            }
            try (KeyValueIterator<Windowed<String>, String> rows = store.fetchAll(Instant.EPOCH, END)) {
                rows.forEachRemaining(row -> found.append(",").append(row.key.key()).append(row.value));
            }
            context().forward(record.withValue(found.toString()));
        }
    }

    /** Makes a session of the last second before each record; a null deletes it, if it is there. */
    static final class KeepSessions extends ContextualProcessor<String, String, Void, Void> {
        private SessionStore<String, String> store;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            super.init(context);
            store = context.getStateStore("kept");
        }

        @Override
        public void process(Record<String, String> record) {
            SessionWindow window = new SessionWindow(Math.max(0, record.timestamp() - 1_000), record.timestamp());
            Windowed<String> session = new Windowed<>(record.key(), window);
            if (record.value() != null) {
                store.put(session, record.value());
            } else if (store.fetchSession(record.key(), window.start(), window.end()) != null) {
                store.remove(session);
            }
        }
    }

    /** Adds the sessions of the record's key that meet the ten seconds before it, then all of the key, the newest first. */
    static final class LookAtSessions extends ContextualProcessor<String, String, String, String> {
        private ReadOnlySessionStore<String, String> store;

        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            store = context.getStateStore("kept");
        }

        @Override
        public void process(Record<String, String> record) {
            StringBuilder found = new StringBuilder(record.value());
            long time = record.timestamp();
            try (KeyValueIterator<Windowed<String>, String> rows = store.findSessions(record.key(), Math.max(0, time - 10_000), time)) {
                rows.forEachRemaining(row -> found.append(",").append(row.key.window().end()).append("=").append(row.value));
            }
            try (KeyValueIterator<Windowed<String>, String> rows = store.backwardFetch(record.key())) {
                rows.forEachRemaining(row -> found.append(";").append(row.key.window().end()).append("=").append(row.value));
            }
            context().forward(record.withValue(found.toString()));
        }
    }

    /** Keeps each value with its time; a null deletes. */
    static final class KeepVersions extends ContextualProcessor<String, String, Void, Void> {
        private VersionedKeyValueStore<String, String> store;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            super.init(context);
            store = context.getStateStore("kept");
        }

        @Override
        public void process(Record<String, String> record) {
            store.put(record.key(), record.value(), record.timestamp());
        }
    }

    /** Adds the version of the record's key at its time and the latest one, with the times at which they begin. */
    static final class LookAtVersions extends ContextualProcessor<String, String, String, String> {
        private VersionedKeyValueStore<String, String> store;

        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            store = context.getStateStore("kept");
        }

        @Override
        public void process(Record<String, String> record) {
            String then = text(store.get(record.key(), record.timestamp()));
            context().forward(record.withValue(record.value() + then + text(store.get(record.key()))));
        }

        private static String text(VersionedRecord<String> found) {
            return found == null ? "-" : found.value() + "@" + found.timestamp();
        }
    }
}
