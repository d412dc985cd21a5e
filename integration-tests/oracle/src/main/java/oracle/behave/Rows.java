package oracle.behave;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;

/**
 * The rows of a store as they lie at the bottom, below serdes, caches and changelogs: {@code [key, value]}, {@code [key, value, start]} of a window,
 * {@code [key, value, start, end]} of a session. A value begins with its timestamp where the store keeps one. Rows that have expired are not there.
 */
final class Rows {
    private Rows() {}

    /** Null where the store is none whose rows can be read, such as the buffer of a suppressed table, or a versioned one. */
    static List<String> of(StateStore store) {
        if (store instanceof VersionedKeyValueStore<?, ?>) {
            return null;
        }
        StateStore bottom = store;
        for (StateStore below = below(store); hasRows(below); below = below(below)) {
            bottom = below;
        }
        if (bottom instanceof KeyValueStore<?, ?>) {
            return Rows.<Bytes>read(Rows.<KeyValueStore<Bytes, byte[]>>as(bottom).all(), key -> "", Bytes::get);
        }
        if (bottom instanceof WindowStore<?, ?>) {
            return read(Rows.<WindowStore<Bytes, byte[]>>as(bottom).all(), key -> ", " + key.window().start(), key -> key.key().get());
        }
        if (bottom instanceof SessionStore<?, ?>) {
            return read(Rows.<SessionStore<Bytes, byte[]>>as(bottom).fetch(null, null),
                key -> ", " + key.window().start() + ", " + key.window().end(), key -> key.key().get());
        }
        return null;
    }

    /** Adapters, which show the rows of a store in the form of another kind, do not tell what they stand on. */
    private static StateStore below(StateStore store) {
        if (store instanceof WrappedStateStore<?, ?, ?> layer) {
            return layer.wrapped();
        }
        if (!store.getClass().getSimpleName().endsWith("Adapter")) {
            return null;
        }
        try {
            Field field = store.getClass().getDeclaredField("store");
            field.setAccessible(true);
            return (StateStore) field.get(store);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(store.name(), e);
        }
    }

    private static boolean hasRows(StateStore store) {
        return store instanceof KeyValueStore<?, ?> || store instanceof WindowStore<?, ?> || store instanceof SessionStore<?, ?>;
    }

    @SuppressWarnings("unchecked")
    private static <S> S as(StateStore store) {
        return (S) store;
    }

    private static <K> List<String> read(KeyValueIterator<K, byte[]> rows, Function<K, String> window, Function<K, byte[]> key) {
        List<String> all = new ArrayList<>();
        try (rows) {
            rows.forEachRemaining(row -> all.add("[" + Json.bytes(key.apply(row.key)) + ", " + Json.bytes(row.value) + window.apply(row.key) + "]"));
        }
        return all;
    }
}
