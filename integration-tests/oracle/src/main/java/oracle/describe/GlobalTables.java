package oracle.describe;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/** Tables and stores that every instance has whole. */
final class GlobalTables {
    private GlobalTables() {}

    private static final Consumed<String, String> STRINGS = Consumed.with(Serdes.String(), Serdes.String());

    @Case(id = "global-left-join", note = "left join: the same prefix as the inner one")
    static void globalLeftJoin(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.leftJoin(global, (key, value) -> value, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-table-named", note = "Consumed.as: two indices are burned, and a suffix makes the source's name")
    static void globalTableNamed(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global", Consumed.as("my-global"));
        KStream<String, String> in = b.stream("input");
        in.join(global, (key, value) -> key, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-join-named", note = "Named: an index is burned")
    static void globalJoinNamed(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.join(global, (key, value) -> key, (value, other) -> value + other, Named.as("my-join")).mapValues(value -> value).to("output");
    }

    @Case(id = "global-left-join-named", note = "the same as a left join")
    static void globalLeftJoinNamed(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.leftJoin(global, (key, value) -> key, (value, other) -> value + other, Named.as("my-join")).mapValues(value -> value)
            .to("output");
    }

    @Case(id = "global-table-materialized", note = "a named store burns no index")
    static void globalTableMaterialized(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global", Materialized.as("my-store"));
        KStream<String, String> in = b.stream("input");
        in.join(global, (key, value) -> key, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-table-named-in-memory", note = "named node and store, rows in memory")
    static void globalTableNamedInMemory(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable(
            "global",
            Consumed.with(Serdes.String(), Serdes.String()).withName("my-global"),
            Materialized.<String, String>as(Stores.inMemoryKeyValueStore("my-store")));
        KStream<String, String> in = b.stream("input");
        in.leftJoin(global, (key, value) -> key, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-join-with-key", note = "a joiner that sees the stream's key")
    static void globalJoinWithKey(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.join(global, (key, value) -> value, (key, value, other) -> key + value + other).to("output");
    }

    @Case(id = "global-left-join-with-key-named", note = "the same as a named left join")
    static void globalLeftJoinWithKeyNamed(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.leftJoin(global, (key, value) -> value, (key, value, other) -> key + value + other, Named.as("my-join")).to("output");
    }

    @Case(id = "global-join-without-a-key", note = "a key selector that gives null: the record is dropped")
    static void globalJoinWithoutAKey(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.join(global, (key, value) -> value.length() > 1 ? null : value, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-left-join-without-a-key", note = "a key selector that gives null: the record is joined with nothing")
    static void globalLeftJoinWithoutAKey(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.leftJoin(global, (key, value) -> value.length() > 1 ? null : value, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-join-of-null-keys", note = "the stream's own key may be null")
    static void globalJoinOfNullKeys(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value.length() > 1 ? null : value)
            .join(global, (key, value) -> value, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-left-join-of-null-keys-repartitioned", note = "a repartition before a global left join lets null keys through")
    static void globalLeftJoinOfNullKeysRepartitioned(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value.length() > 1 ? null : value).repartition()
            .leftJoin(global, (key, value) -> value, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-join-of-null-keys-repartitioned", note = "before a global inner join it does not")
    static void globalJoinOfNullKeysRepartitioned(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value.length() > 1 ? null : value).repartition()
            .join(global, (key, value) -> value, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-join-then-count", note = "the join keeps the key: no repartition")
    static void globalJoinThenCount(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.join(global, (key, value) -> value, (value, other) -> value + other).groupByKey().count().toStream().to("output");
    }

    @Case(id = "global-join-re-keyed-then-count", note = "the mark of a changed key stays behind the join, which needs no repartition itself")
    static void globalJoinReKeyedThenCount(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).join(global, (key, value) -> key, (value, other) -> value + other)
            .groupByKey().count(Materialized.as("counts")).toStream().to("output");
    }

    @Case(id = "global-tables-joined-in-a-row", note = "two global tables: two sub-topologies without tasks")
    static void globalTablesJoinedInARow(StreamsBuilder b) {
        GlobalKTable<String, String> first = b.globalTable("first");
        GlobalKTable<String, String> second = b.globalTable("second");
        KStream<String, String> in = b.stream("input");
        in.join(first, (key, value) -> key, (value, other) -> value + other)
            .leftJoin(second, (key, value) -> value, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-table-joined-twice", note = "one global table joined by two streams of two sub-topologies")
    static void globalTableJoinedTwice(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global", Materialized.as("my-store"));
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(global, (key, value) -> key, (value, other) -> value + other).to("output-left");
        right.leftJoin(global, (key, value) -> value, (value, other) -> value + other).to("output-right");
    }

    @Case(id = "global-table-declared-between", note = "its sub-topology has the number of its place")
    static void globalTableDeclaredBetween(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> right = b.stream("right");
        left.mapValues(value -> value).to("output-left");
        right.join(global, (key, value) -> key, (value, other) -> value + other).to("output-right");
    }

    @Case(id = "global-table-declared-last", note = "a global table that nobody reads, after everything else")
    static void globalTableDeclaredLast(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count().toStream().to("output");
        b.globalTable("global");
        b.globalTable("another", Materialized.as("my-store"));
    }

    @Case(id = "global-join-after-table-join", note = "a table and a global table")
    static void globalJoinAfterTableJoin(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.join(table, (value, other) -> value + other).leftJoin(global, (key, value) -> key, (value, other) -> value + other).to("output");
    }

    @Case(id = "global-join-filtered-and-merged", note = "both kinds of joins of one stream, merged")
    static void globalJoinFilteredAndMerged(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        KStream<String, String> inner = in.join(global, (key, value) -> key, (value, other) -> value + other);
        KStream<String, String> left = in.leftJoin(global, (key, value) -> value, (value, other) -> value + other);
        inner.filter((key, value) -> value.length() > 2).merge(left).to("output");
    }

    @Case(id = "global-store", note = "a store that a processor of its own keeps, read by another one")
    static void globalStore(StreamsBuilder b) {
        b.addGlobalStore(store("kept"), "global", STRINGS, () -> new Keep("kept"));
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Look("kept")).to("output");
    }

    @Case(id = "global-store-named", note = "Consumed.as names both nodes")
    static void globalStoreNamed(StreamsBuilder b) {
        b.addGlobalStore(store("kept"), "global", STRINGS.withName("my-global"), () -> new Keep("kept"));
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Look("kept"), Named.as("my-look")).to("output");
    }

    @Case(id = "global-stores-read-together", note = "a processor with a store of its own reads two global stores")
    static void globalStoresReadTogether(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        b.addGlobalStore(store("kept"), "global", STRINGS, () -> new Keep("kept"));
        b.globalTable("another", STRINGS, Materialized.as("my-store"));
        b.addStateStore(store("own"));
        in.process(() -> new LookAtAll(), "own").to("output");
    }

    private static StoreBuilder<KeyValueStore<String, String>> store(String name) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), Serdes.String());
    }

    /** Keeps the newest value of each key, with a mark. */
    static final class Keep implements Processor<String, String, Void, Void> {
        private final String name;
        private KeyValueStore<String, String> store;

        Keep(String name) {
            this.name = name;
        }

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            store = context.getStateStore(name);
        }

        @Override
        public void process(Record<String, String> record) {
            store.put(record.key(), record.value() == null ? null : record.value() + "!");
        }
    }

    /** Adds what the store has under the record's value. */
    static final class Look extends ContextualProcessor<String, String, String, String> {
        private final String name;
        private ReadOnlyKeyValueStore<String, String> store;

        Look(String name) {
            this.name = name;
        }

        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            store = context.getStateStore(name);
        }

        @Override
        public void process(Record<String, String> record) {
            context().forward(record.withValue(record.value() + store.get(record.value())));
        }
    }

    /** Adds what all three stores have under the record's key. */
    static final class LookAtAll extends ContextualProcessor<String, String, String, String> {
        private ReadOnlyKeyValueStore<String, String> kept;
        private ReadOnlyKeyValueStore<String, ValueAndTimestamp<String>> table;
        private KeyValueStore<String, String> own;

        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            kept = context.getStateStore("kept");
            table = context.getStateStore("my-store");
            own = context.getStateStore("own");
        }

        @Override
        public void process(Record<String, String> record) {
            String key = record.key();
            ValueAndTimestamp<String> row = table.get(key);
            String value = kept.get(key) + (row == null ? "-" : row.value() + "@" + row.timestamp()) + own.get(key);
            own.put(key, record.value());
            context().forward(record.withValue(value));
        }
    }
}
