package oracle.describe;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** process and processValues, with and without stores. */
final class Processors {
    private Processors() {}

    @Case(id = "process", note = "a processor without state")
    static void process(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.process(PassOn::new).to("output");
    }

    @Case(id = "process-named", note = "a name, and nothing is burned: the sink has index 1")
    static void processNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.process(PassOn::new, Named.as("my-processor")).to("output");
    }

    @Case(id = "process-with-store", note = "a processor with a store that the builder knows")
    static void processWithStore(StreamsBuilder b) {
        b.addStateStore(store("my-store"));
        KStream<String, String> in = b.stream("input");
        in.process(PassOn::new, "my-store").to("output");
    }

    @Case(id = "process-with-two-stores", note = "a processor with two stores, and one that shares one of them")
    static void processWithTwoStores(StreamsBuilder b) {
        b.addStateStore(store("one"));
        b.addStateStore(store("two"));
        KStream<String, String> in = b.stream("input");
        in.process(PassOn::new, "two", "one").process(PassOn::new, "one").to("output");
    }

    @Case(id = "process-values", note = "a fixed-key processor without state")
    static void processValues(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.processValues(PassValueOn::new).to("output");
    }

    @Case(id = "process-values-named-with-store", note = "a named fixed-key processor with a store")
    static void processValuesNamedWithStore(StreamsBuilder b) {
        b.addStateStore(store("my-store"));
        KStream<String, String> in = b.stream("input");
        in.processValues(PassValueOn::new, Named.as("my-processor"), "my-store").to("output");
    }

    @Case(id = "process-then-group", note = "process may change the key, so groupByKey after it needs a repartition")
    static void processThenGroup(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.process(PassOn::new).groupByKey().count().toStream().to("output");
    }

    @Case(id = "process-values-then-group", note = "processValues keeps the key: no repartition")
    static void processValuesThenGroup(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.processValues(PassValueOn::new).groupByKey().count().toStream().to("output");
    }

    @Case(id = "store-shared-by-two-streams", note = "two streams that share a store are one sub-topology")
    static void storeSharedByTwoStreams(StreamsBuilder b) {
        b.addStateStore(store("shared"));
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.process(PassOn::new, "shared").to("output-left");
        right.process(PassOn::new, "shared").to("output-right");
    }

    @Case(id = "process-store-no-changelog", note = "a store with logging disabled")
    static void processStoreNoChangelog(StreamsBuilder b) {
        b.addStateStore(store("unlogged").withLoggingDisabled());
        KStream<String, String> in = b.stream("input");
        in.process(PassOn::new, "unlogged").to("output");
    }

    @Case(id = "process-lru-map", note = "a store for two keys: what is written, read, deleted and given up")
    static void processLruMap(StreamsBuilder b) {
        b.addStateStore(Stores.keyValueStoreBuilder(Stores.lruMap("lru", 2), Serdes.String(), Serdes.String()));
        KStream<String, String> in = b.stream("input");
        in.process(Remembers::new, "lru").to("output");
    }

    private static StoreBuilder<KeyValueStore<String, Long>> store(String name) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), Serdes.Long());
    }

    /** Passes records on. */
    static final class PassOn extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(Record<String, String> record) {
            context().forward(record);
        }
    }

    /** Tells what a store has of the key, and what it has in all. Long values delete, numbers read. */
    static final class Remembers extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(Record<String, String> record) {
            KeyValueStore<String, String> store = context().getStateStore("lru");
            String told;
            if (record.value().length() > 3) {
                told = "deleted " + store.delete(record.key());
            } else if (record.value().matches("[0-9]+")) {
                told = "read " + store.get(record.key());
            } else {
                told = "was absent " + (store.putIfAbsent(record.key(), record.value()) == null);
                store.put(record.key(), record.value());
            }
            StringBuilder all = new StringBuilder(told);
            try (KeyValueIterator<String, String> rows = store.all()) {
                rows.forEachRemaining(row -> all.append(", ").append(row.key).append(" = ").append(row.value));
            }
            context().forward(record.withValue(all + " of " + store.approximateNumEntries()));
        }
    }

    /** Passes records on, their keys fixed. */
    static final class PassValueOn extends ContextualFixedKeyProcessor<String, String, String> {
        @Override
        public void process(FixedKeyRecord<String, String> record) {
            context().forward(record);
        }
    }
}
