package oracle.describe;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Parameters that are closures: where times come from and where records go; and several rows put at once. */
final class Parameters {
    private Parameters() {}

    @Case(id = "stream-timestamp-extractor", note = "times of a stream are later by its values' lengths, or those of the partition, or there is none")
    static void streamTimestampExtractor(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input", Consumed.with(new Later()));
        in.groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).count().toStream().to("output");
    }

    @Case(id = "table-timestamp-extractor", note = "the same of a table that is kept")
    static void tableTimestampExtractor(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Consumed.with(new Later()), Materialized.as("my-store"));
        table.toStream().to("output");
    }

    @Case(id = "to-partitioner", note = "a partitioner that names a partition, names none, or leaves it to the key")
    static void toPartitioner(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.to("output", Produced.streamPartitioner(new ByLength()));
    }

    @Case(id = "repartition-partitioner", note = "the same for a repartition topic")
    static void repartitionPartitioner(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.repartition(Repartitioned.<String, String>as("again").withStreamPartitioner(new ByLength())).to("output");
    }

    @Case(id = "process-put-all", note = "a processor puts several rows at once")
    static void processPutAll(StreamsBuilder b) {
        b.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("my-store"), Serdes.String(), Serdes.String()));
        KStream<String, String> in = b.stream("input");
        in.process(PutsAll::new, "my-store").to("output");
    }

    /** By 1 s for each character; of 5 characters that of the partition so far, and none for "c". */
    private static final class Later implements TimestampExtractor {
        @Override
        public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
            if (record.value() == null) {
                return record.timestamp();
            }
            String value = record.value().toString();
            if (value.equals("c")) {
                return -1;
            }
            return value.length() == 5 ? partitionTime : record.timestamp() + 1_000L * value.length();
        }
    }

    private static final class ByLength implements StreamPartitioner<String, String> {
        @Override
        public Optional<Set<Integer>> partitions(String topic, String key, String value, int numPartitions) {
            return switch (value == null ? 0 : value.length()) {
                case 1 -> Optional.of(Set.of());
                case 2 -> Optional.of(Set.of(0));
                default -> Optional.empty();
            };
        }
    }

    private static final class PutsAll extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(Record<String, String> record) {
            KeyValueStore<String, String> store = context().getStateStore("my-store");
            store.putAll(List.of(KeyValue.pair(record.key(), record.value()), KeyValue.pair(record.value(), record.key()), KeyValue.pair(record.key(), "last")));
            StringBuilder all = new StringBuilder();
            try (KeyValueIterator<String, String> rows = store.all()) {
                rows.forEachRemaining(row -> all.append(row.key).append('=').append(row.value).append(' '));
            }
            context().forward(record.withValue(all.toString()));
        }
    }
}
