package oracle.describe;

import java.util.HashSet;
import java.util.Set;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.ProcessorWrapper;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.WrappedFixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.WrappedProcessorSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Code around processors (KIP-1112). */
final class Wrappers {
    private Wrappers() {}

    @Case(id = "wrapper-replaces-map-values", note = "another processor, which forwards lengths, in the place of one of the DSL")
    static void replacesMapValues(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.mapValues(value -> value + "!", Named.as("replaced-values")).to("output");
    }

    @Case(id = "wrapper-adds-a-store", note = "a store for the code around a processor: every third record of a key is left out")
    static void addsAStore(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.process(Processors.PassOn::new, Named.as("counted-pass")).to("output");
    }

    @Case(id = "wrapper-adds-stores-to-two", note = "each processor has a store of its own, beside those that it had")
    static void addsStoresToTwo(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        b.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("my-store"), Serdes.String(), Serdes.Long()));
        in.process(Processors.PassOn::new, Named.as("counted-first"), "my-store").process(Processors.PassOn::new, Named.as("counted-second")).to("output");
    }

    @Case(id = "wrapper-around-an-aggregation", note = "code around a grouping's aggregation, which has a store and a changelog")
    static void aroundAnAggregation(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value.substring(0, 1), Grouped.as("by-letter"))
            .reduce((sum, value) -> sum + "+" + value, Named.as("counted-sums"), Materialized.as("sums"))
            .toStream()
            .to("output");
    }

    /**
     * By the name of the node: {@code replaced-..} forwards the length of each value, {@code counted-..} counts records of each key and leaves out every third.
     * Others stay as they are.
     */
    public static final class Wrapper implements ProcessorWrapper {
        @Override
        public <KIn, VIn, KOut, VOut> WrappedProcessorSupplier<KIn, VIn, KOut, VOut> wrapProcessorSupplier(
            String name, ProcessorSupplier<KIn, VIn, KOut, VOut> supplier
        ) {
            if (!name.startsWith("counted-")) {
                return ProcessorWrapper.asWrapped(supplier);
            }
            StoreBuilder<KeyValueStore<String, Long>> store =
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name + "-counts"), Serdes.String(), Serdes.Long());
            return new WrappedProcessorSupplier<>() {
                @Override
                public Processor<KIn, VIn, KOut, VOut> get() {
                    return new Counted<>(supplier.get(), store.name());
                }

                @Override
                public Set<StoreBuilder<?>> stores() {
                    Set<StoreBuilder<?>> stores = new HashSet<>(Set.of(store));
                    if (supplier.stores() != null) {
                        stores.addAll(supplier.stores());
                    }
                    return stores;
                }
            };
        }

        @Override
        public <KIn, VIn, VOut> WrappedFixedKeyProcessorSupplier<KIn, VIn, VOut> wrapFixedKeyProcessorSupplier(
            String name, FixedKeyProcessorSupplier<KIn, VIn, VOut> supplier
        ) {
            return name.startsWith("replaced-") ? Lengths::new : ProcessorWrapper.asWrappedFixedKey(supplier);
        }
    }

    private static final class Counted<KIn, VIn, KOut, VOut> implements Processor<KIn, VIn, KOut, VOut> {
        private final Processor<KIn, VIn, KOut, VOut> inner;
        private final String name;
        private KeyValueStore<String, Long> counts;

        Counted(Processor<KIn, VIn, KOut, VOut> inner, String name) {
            this.inner = inner;
            this.name = name;
        }

        @Override
        public void init(ProcessorContext<KOut, VOut> context) {
            counts = context.getStateStore(name);
            inner.init(context);
        }

        @Override
        public void process(Record<KIn, VIn> record) {
            Long before = counts.get((String) record.key());
            long count = before == null ? 1 : before + 1;
            counts.put((String) record.key(), count);
            if (count % 3 != 0) {
                inner.process(record);
            }
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    private static final class Lengths<KIn, VIn, VOut> implements FixedKeyProcessor<KIn, VIn, VOut> {
        private FixedKeyProcessorContext<KIn, VOut> context;

        @Override
        public void init(FixedKeyProcessorContext<KIn, VOut> of) {
            context = of;
        }

        @Override
        @SuppressWarnings("unchecked")
        public void process(FixedKeyRecord<KIn, VIn> record) {
            context.forward(record.withValue((VOut) String.valueOf(record.value().toString().length())));
        }
    }
}
