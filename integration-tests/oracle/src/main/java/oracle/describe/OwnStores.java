package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/** Stores that the user describes: of joins, tables, windows and sessions. */
final class OwnStores {
    private OwnStores() {}

    private static final Duration TEN = Duration.ofSeconds(10);

    private static JoinWindows windows() {
        return JoinWindows.ofTimeDifferenceAndGrace(TEN, Duration.ofSeconds(5));
    }

    private static WindowBytesStoreSupplier disk(String name) {
        return Stores.persistentWindowStore(name, Duration.ofSeconds(25), Duration.ofSeconds(20), true);
    }

    private static StreamJoined<String, String, String> options() {
        return StreamJoined.with(null, null, null);
    }

    @Case(id = "own-join-stores", note = "both are given")
    static void ownJoinStores(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, windows(),
            options().withThisStoreSupplier(disk("mine")).withOtherStoreSupplier(disk("yours"))).to("output");
    }

    @Case(id = "own-store-of-stream-stream-left-join", note = "what waits for a partner is named after it")
    static void ownJoinStoreOfThisSide(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, windows(), options().withThisStoreSupplier(disk("mine")).withStoreName("base"))
            .to("output");
    }

    @Case(id = "own-store-of-stream-stream-outer-join", note = "what waits for a partner has a generated name")
    static void ownJoinStoreOfOtherSide(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, windows(), options().withOtherStoreSupplier(disk("yours")).withName("my-join"))
            .to("output");
    }

    @Case(id = "own-stores-not-logged-of-stream-stream-outer-join", note = "only what waits for a partner is not logged")
    static void ownJoinStoresNotLogged(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, windows(),
            options().withThisStoreSupplier(disk("mine")).withOtherStoreSupplier(disk("yours")).withLoggingDisabled()).to("output");
    }

    @Case(id = "own-stores-of-self-join", note = "a self-join with two stores")
    static void ownJoinStoresOfItself(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.join(in, (value, other) -> value + other, windows(),
            options().withThisStoreSupplier(disk("mine")).withOtherStoreSupplier(disk("yours"))).to("output");
    }

    @Case(id = "own-table-store", note = "a filter kept in memory")
    static void ownTableStore(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filter((key, value) -> true, Materialized.as(Stores.inMemoryKeyValueStore("rows"))).toStream().to("output");
    }

    @Case(id = "own-table-store-timestamped", note = "a reduction")
    static void ownTableStoreTimestamped(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().reduce((left, right) -> left + right, Materialized.as(Stores.persistentTimestampedKeyValueStore("rows")))
            .toStream().to("output");
    }

    @Case(id = "own-table-store-not-cached", note = "a count without cache and changelog")
    static void ownTableStoreNotCached(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count(Materialized.<String, Long>as(Stores.persistentTimestampedKeyValueStore("rows")).withCachingDisabled()
            .withLoggingDisabled().withValueSerde(Serdes.Long())).toStream().to("output");
    }

    @Case(id = "own-table-store-plain", note = "a reduction in a store without times")
    static void ownTableStorePlain(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().reduce((left, right) -> left + right,
            Materialized.<String, String>as(Stores.persistentKeyValueStore("rows")).withCachingDisabled()).toStream().to("output");
    }

    @Case(id = "own-table-store-lru", note = "a source table of two keys, grouped: of rows that are forgotten nothing is taken back")
    static void ownTableStoreLru(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Materialized.<String, String>as(Stores.lruMap("rows", 2)).withCachingDisabled());
        table.groupBy((key, value) -> KeyValue.pair(value, key))
            .aggregate(() -> "", (key, value, sum) -> sum + "+" + value, (key, value, sum) -> sum + "-" + value).toStream().to("output");
    }

    @Case(id = "own-table-store-lru-count", note = "what is forgotten is counted anew")
    static void ownTableStoreLruCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count(Materialized.<String, Long>as(Stores.lruMap("rows", 2)).withCachingDisabled().withValueSerde(Serdes.Long()))
            .toStream().to("output");
    }

    @Case(id = "own-table-store-lru-joined", note = "a lookup is a use")
    static void ownTableStoreLruJoined(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Materialized.<String, String>as(Stores.lruMap("rows", 2)).withCachingDisabled());
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "own-table-store-lru-cached", note = "a reduction with a record cache in front")
    static void ownTableStoreLruCached(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().reduce((left, right) -> left + right, Materialized.as(Stores.lruMap("rows", 2))).toStream().to("output");
    }

    @Case(id = "own-window-store", note = "on disk")
    static void ownWindowStore(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(TEN, Duration.ofSeconds(5)))
            .count(Materialized.as(Stores.persistentTimestampedWindowStore("counts", Duration.ofSeconds(15), TEN, false)))
            .toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "own-window-store-in-memory", note = "without a cache")
    static void ownWindowStoreInMemory(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(TEN, Duration.ofSeconds(5)))
            .count(Materialized.<String, Long>as(Stores.inMemoryWindowStore("counts", Duration.ofSeconds(15), TEN, false)).withCachingDisabled())
            .toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    @Case(id = "own-session-store", note = "on disk")
    static void ownSessionStore(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofSeconds(61)))
            .count(Materialized.as(Stores.persistentSessionStore("sessions", Duration.ofSeconds(66))))
            .toStream().to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
    }
}
