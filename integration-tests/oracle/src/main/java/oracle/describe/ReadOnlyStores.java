package oracle.describe;

import java.lang.reflect.Field;
import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/** Stores that are filled from a topic, which is their changelog. */
final class ReadOnlyStores {
    private ReadOnlyStores() {}

    @Case(id = "read-only-store", note = "nobody reads it but queries")
    static void readOnlyStore(StreamsBuilder b) {
        add(b, plain("prices"), "prices", Fill::new);
    }

    @Case(id = "read-only-store-read", note = "a processor reads it")
    static void readOnlyStoreRead(StreamsBuilder b) {
        add(b, plain("prices"), "prices", Fill::new);
        KStream<String, String> in = b.stream("input");
        in.processValues(Look::new, "prices").to("output");
    }

    @Case(id = "read-only-store-timestamped", note = "rows with times, and a second store that the reader may write")
    static void readOnlyStoreTimestamped(StreamsBuilder b) {
        add(b, Stores.timestampedKeyValueStoreBuilder(Stores.persistentTimestampedKeyValueStore("prices"), Serdes.String(), Serdes.String()),
            "prices", FillWithTimes::new);
        b.addStateStore(plain("counts"));
        KStream<String, String> in = b.stream("input");
        in.processValues(LookAtTimes::new, "prices", "counts").to("output");
    }

    @Case(id = "read-only-window-store", note = "a window store, of the class of the same case of global stores")
    static void readOnlyWindowStore(StreamsBuilder b) {
        add(b,
            Stores.windowStoreBuilder(
                Stores.persistentWindowStore("kept", GlobalStores.KEPT, Duration.ofSeconds(10), false), Serdes.String(), Serdes.String()),
            "prices", GlobalStores.KeepWindows::new);
        KStream<String, String> in = b.stream("input");
        in.process(GlobalStores.LookAtWindows::new, "kept").to("output");
    }

    @Case(id = "read-only-session-store", note = "the same of a session store")
    static void readOnlySessionStore(StreamsBuilder b) {
        add(b, Stores.sessionStoreBuilder(Stores.persistentSessionStore("kept", GlobalStores.KEPT), Serdes.String(), Serdes.String()),
            "prices", GlobalStores.KeepSessions::new);
        KStream<String, String> in = b.stream("input");
        in.process(GlobalStores.LookAtSessions::new, "kept").to("output");
    }

    @Case(id = "read-only-versioned-store", note = "the same of a versioned store")
    static void readOnlyVersionedStore(StreamsBuilder b) {
        add(b,
            Stores.versionedKeyValueStoreBuilder(
                Stores.persistentVersionedKeyValueStore("kept", GlobalStores.KEPT), Serdes.String(), Serdes.String()),
            "prices", GlobalStores.KeepVersions::new);
        KStream<String, String> in = b.stream("input");
        in.process(GlobalStores.LookAtVersions::new, "kept").to("output");
    }

    private static StoreBuilder<KeyValueStore<String, String>> plain(String name) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), Serdes.String());
    }

    /** The topology that the builder writes to. The processor is called as a table's, so that its topic has deletions. */
    private static void add(StreamsBuilder b, StoreBuilder<?> store, String topic,
            org.apache.kafka.streams.processor.api.ProcessorSupplier<String, String, Void, Void> fill) {
        try {
            Field topology = StreamsBuilder.class.getDeclaredField("topology");
            topology.setAccessible(true);
            ((Topology) topology.get(b)).addReadOnlyStateStore(store, "list", new StringDeserializer(), new StringDeserializer(), topic,
                "KTABLE-SOURCE-fill", fill);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Fill extends ContextualProcessor<String, String, Void, Void> {
        @Override
        public void process(Record<String, String> record) {
            KeyValueStore<String, String> prices = context().getStateStore("prices");
            prices.put(record.key(), record.value());
        }
    }

    private static final class FillWithTimes extends ContextualProcessor<String, String, Void, Void> {
        @Override
        public void process(Record<String, String> record) {
            TimestampedKeyValueStore<String, String> prices = context().getStateStore("prices");
            prices.put(record.key(), record.value() == null ? null : ValueAndTimestamp.make(record.value(), record.timestamp()));
        }
    }

    private static final class Look extends ContextualFixedKeyProcessor<String, String, String> {
        @Override
        public void process(FixedKeyRecord<String, String> record) {
            KeyValueStore<String, String> prices = context().getStateStore("prices");
            context().forward(record.withValue(record.value() + " " + prices.get(record.key())));
        }
    }

    private static final class LookAtTimes extends ContextualFixedKeyProcessor<String, String, String> {
        @Override
        public void process(FixedKeyRecord<String, String> record) {
            TimestampedKeyValueStore<String, String> prices = context().getStateStore("prices");
            KeyValueStore<String, String> counts = context().getStateStore("counts");
            ValueAndTimestamp<String> price = prices.get(record.key());
            String found = price == null ? "null" : price.value() + "@" + price.timestamp();
            counts.put(record.key(), found);
            context().forward(record.withValue(record.value() + " " + found));
        }
    }
}
