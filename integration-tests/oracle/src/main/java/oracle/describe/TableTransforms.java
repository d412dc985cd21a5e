package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.ValueTransformerWithKey;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.ProcessorContext;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** KTable.transformValues: kept and not, with stores, and read by what follows. */
final class TableTransforms {
    private TableTransforms() {}

    @Case(id = "table-transform-values", note = "not materialised")
    static void plain(StreamsBuilder b) {
        table(b, "table").transformValues(Tells::new).toStream().to("output");
    }

    @Case(id = "table-transform-values-named", note = "a name without a store")
    static void named(StreamsBuilder b) {
        table(b, "table").transformValues(Tells::new, Named.as("my-transform")).toStream().to("output");
    }

    @Case(id = "table-transform-values-materialized", note = "a named store")
    static void materialized(StreamsBuilder b) {
        table(b, "table").transformValues(Tells::new, Materialized.as("transformed")).toStream().to("output");
    }

    @Case(id = "table-transform-values-named-materialized", note = "a name and a store")
    static void namedMaterialized(StreamsBuilder b) {
        table(b, "table").transformValues(Tells::new, Materialized.as("transformed"), Named.as("my-transform")).toStream().to("output");
    }

    @Case(id = "table-transform-values-materialized-unnamed", note = "Materialized without a name makes no store, and burns nothing")
    static void materializedUnnamed(StreamsBuilder b) {
        table(b, "table").transformValues(Tells::new, Materialized.with(Serdes.String(), Serdes.String())).toStream().to("output");
    }

    @Case(id = "table-transform-values-uncached", note = "a named store without a cache")
    static void uncached(StreamsBuilder b) {
        table(b, "table").transformValues(Counts::new, Materialized.<String, String, KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>>as("transformed").withCachingDisabled())
            .groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value)).reduce((one, two) -> one + two, (one, two) -> one + "-" + two)
            .toStream().to("output");
    }

    @Case(id = "table-transform-values-with-store", note = "a store that the transformer uses")
    static void withStore(StreamsBuilder b) {
        seen(b);
        table(b, "table").transformValues(Versions::new, "seen").toStream().to("output");
    }

    @Case(id = "table-transform-values-materialized-with-store", note = "a store that it uses and one that it is kept in")
    static void materializedWithStore(StreamsBuilder b) {
        seen(b);
        table(b, "table").transformValues(Versions::new, Materialized.as("transformed"), "seen").toStream().to("output");
    }

    @Case(id = "table-transform-values-punctuated", note = "a punctuation by the wall clock that writes the store")
    static void punctuated(StreamsBuilder b) {
        seen(b);
        table(b, "table").transformValues(() -> new Versions(Duration.ofSeconds(5)), "seen").toStream().to("output");
    }

    @Case(id = "table-transform-values-then-grouped", note = "old values are computed too, behind the new ones")
    static void thenGrouped(StreamsBuilder b) {
        table(b, "table").transformValues(Counts::new)
            .groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value)).reduce((one, two) -> one + two, (one, two) -> one + "-" + two)
            .toStream().to("output");
    }

    @Case(id = "table-transform-values-materialized-then-grouped", note = "old values come from the store")
    static void materializedThenGrouped(StreamsBuilder b) {
        table(b, "table").transformValues(Counts::new, Materialized.as("transformed"))
            .groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), value)).reduce((one, two) -> one + two, (one, two) -> one + "-" + two)
            .toStream().to("output");
    }

    @Case(id = "table-transform-values-then-filtered", note = "of a table that is kept: the filter needs old values")
    static void thenFiltered(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Materialized.as("kept"));
        table.transformValues(Counts::new).filter((key, value) -> value.length() > 3).toStream().to("output");
    }

    @Case(id = "table-transform-values-twice", note = "one behind the other")
    static void twice(StreamsBuilder b) {
        table(b, "table").transformValues(Counts::new).transformValues(Tells::new).toStream().to("output");
    }

    @Case(id = "table-transform-values-then-joined", note = "a join reads rows through a transformer of its own")
    static void thenJoined(StreamsBuilder b) {
        table(b, "first").transformValues(Tells::new).join(table(b, "second").transformValues(Counts::new), TableTransforms::plus)
            .toStream().to("output");
    }

    @Case(id = "table-transform-values-then-left-joined", note = "the same")
    static void thenLeftJoined(StreamsBuilder b) {
        table(b, "first").transformValues(Counts::new).leftJoin(table(b, "second").transformValues(Tells::new), TableTransforms::plus)
            .toStream().to("output");
    }

    @Case(id = "table-transform-values-then-outer-joined", note = "the same")
    static void thenOuterJoined(StreamsBuilder b) {
        table(b, "first").transformValues(Counts::new).outerJoin(table(b, "second").transformValues(Tells::new), TableTransforms::plus)
            .toStream().to("output");
    }

    @Case(id = "table-transform-values-materialized-then-joined", note = "a join reads rows from the store")
    static void materializedThenJoined(StreamsBuilder b) {
        table(b, "first").transformValues(Counts::new, Materialized.as("transformed")).join(table(b, "second"), TableTransforms::plus)
            .toStream().to("output");
    }

    @Case(id = "table-transform-values-of-a-join", note = "of what is computed itself, and joined again")
    static void ofAJoin(StreamsBuilder b) {
        table(b, "first").outerJoin(table(b, "second"), TableTransforms::plus).transformValues(Tells::new)
            .leftJoin(table(b, "third"), TableTransforms::plus).toStream().to("output");
    }

    @Case(id = "table-transform-values-and-stream", note = "a stream that looks rows up")
    static void andStream(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table(b, "table").transformValues(Tells::new), TableTransforms::plus).to("output");
    }

    @Case(id = "table-transform-values-foreign-key", note = "both sides of a join by foreign key")
    static void foreignKey(StreamsBuilder b) {
        KTable<String, String> left = table(b, "first").transformValues(Plain::new);
        KTable<String, String> right = table(b, "second").transformValues(Tells::new);
        left.leftJoin(right, value -> value.substring(0, 1), TableTransforms::plus).toStream().to("output");
    }

    @Case(id = "windowed-count-transform-values", note = "of a windowed table, grouped by key again")
    static void windowed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KTable<Windowed<String>, Long> counts = in.groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).count();
        counts.transformValues(Starts::new).groupBy((window, value) -> KeyValue.pair(window.key(), value))
            .reduce((one, two) -> one + two, (one, two) -> one + "-" + two).toStream().to("output");
    }

    private static KTable<String, String> table(StreamsBuilder b, String topic) {
        return b.table(topic);
    }

    private static void seen(StreamsBuilder b) {
        b.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("seen"), Serdes.String(), Serdes.Long()));
    }

    private static String plus(String left, String right) {
        return left + "+" + right;
    }

    /** The row and what the context says of it. Of key b there is always one. */
    static final class Tells implements ValueTransformerWithKey<String, String, String> {
        private ProcessorContext context;

        @Override
        public void init(ProcessorContext context) {
            this.context = context;
        }

        @Override
        public String transform(String key, String value) {
            if (value == null && !key.equals("b")) {
                return null;
            }
            String from = context.topic() == null ? "nowhere" : context.topic() + "/" + context.partition() + "/" + context.offset();
            return value + "@" + context.timestamp() + " from " + from;
        }

        @Override
        public void close() {}
    }

    /** Which call it was: tells who asks, and how often. */
    static final class Counts implements ValueTransformerWithKey<String, String, String> {
        private int calls;

        @Override
        public void init(ProcessorContext context) {}

        @Override
        public String transform(String key, String value) {
            calls++;
            return value == null ? null : value + calls;
        }

        @Override
        public void close() {}
    }

    /** Nothing but the row. */
    static final class Plain implements ValueTransformerWithKey<String, String, String> {
        @Override
        public void init(ProcessorContext context) {}

        @Override
        public String transform(String key, String value) {
            return value == null ? null : value + key;
        }

        @Override
        public void close() {}
    }

    /** Counts the changes of each key in a store. */
    static final class Versions implements ValueTransformerWithKey<String, String, String> {
        private final Duration interval;
        private KeyValueStore<String, Long> seen;

        Versions() {
            this(null);
        }

        Versions(Duration interval) {
            this.interval = interval;
        }

        @Override
        public void init(ProcessorContext context) {
            seen = context.getStateStore("seen");
            if (interval != null) {
                context.schedule(interval, PunctuationType.WALL_CLOCK_TIME, time -> seen.put("tick", time));
            }
        }

        @Override
        public String transform(String key, String value) {
            Long before = seen.get(key);
            long version = before == null ? 1 : before + 1;
            seen.put(key, version);
            return value == null ? null : value + " v" + version;
        }

        @Override
        public void close() {}
    }

    /** A count and the start of its window. */
    static final class Starts implements ValueTransformerWithKey<Windowed<String>, Long, String> {
        @Override
        public void init(ProcessorContext context) {}

        @Override
        public String transform(Windowed<String> key, Long value) {
            return value == null ? null : value + "/" + key.window().start();
        }

        @Override
        public void close() {}
    }
}
