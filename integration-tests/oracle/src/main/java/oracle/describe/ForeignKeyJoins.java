package oracle.describe;

import java.util.Collections;
import java.util.Optional;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** A table joined with a table by a key that is found in its values. */
final class ForeignKeyJoins {
    private ForeignKeyJoins() {}

    private static String letter(String value) {
        return value.substring(0, 1);
    }

    private static String letterIfAny(String value) {
        return Character.isLetter(value.charAt(0)) ? letter(value) : null;
    }

    @Case(id = "foreign-key-join", note = "inner, unnamed")
    static void foreignKeyJoin(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, ForeignKeyJoins::letter, (value, other) -> value + "+" + other).toStream().to("output");
    }

    @Case(id = "foreign-key-left-join", note = "left, unnamed")
    static void foreignKeyLeftJoin(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.leftJoin(second, ForeignKeyJoins::letter, (value, other) -> value + "+" + other).toStream().to("output");
    }

    @Case(id = "foreign-key-join-null", note = "some rows have no foreign key")
    static void foreignKeyJoinNull(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, ForeignKeyJoins::letterIfAny, (value, other) -> value + "+" + other).toStream().to("output");
    }

    @Case(id = "foreign-key-left-join-null", note = "some rows have no foreign key")
    static void foreignKeyLeftJoinNull(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.leftJoin(second, ForeignKeyJoins::letterIfAny, (value, other) -> value + "+" + other).toStream().to("output");
    }

    @Case(id = "foreign-key-join-of-key", note = "the foreign key is found in key and value")
    static void foreignKeyJoinOfKey(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, (key, value) -> key.compareTo("c") < 0 ? key : letterIfAny(value), (value, other) -> value + "+" + other)
            .toStream()
            .to("output");
    }

    @Case(id = "foreign-key-join-named", note = "TableJoined.as names everything")
    static void foreignKeyJoinNamed(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, ForeignKeyJoins::letter, (value, other) -> value + "+" + other, TableJoined.as("my-join")).toStream().to("output");
    }

    @Case(id = "foreign-key-join-materialized", note = "the result has a named store")
    static void foreignKeyJoinMaterialized(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, ForeignKeyJoins::letter, (value, other) -> value + "+" + other, Materialized.as("joined")).toStream().to("output");
    }

    @Case(id = "foreign-key-join-materialized-unnamed", note = "Materialized without a name makes no store")
    static void foreignKeyJoinMaterializedUnnamed(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, ForeignKeyJoins::letter, (value, other) -> value + "+" + other, Materialized.with(Serdes.String(), Serdes.String()))
            .toStream()
            .to("output");
    }

    @Case(id = "foreign-key-left-join-named-materialized", note = "names and a store in memory without a cache")
    static void foreignKeyLeftJoinNamedMaterialized(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.leftJoin(second, ForeignKeyJoins::letterIfAny, (value, other) -> value + "+" + other, TableJoined.as("my-join"),
            Materialized.<String, String>as(Stores.inMemoryKeyValueStore("joined")).withCachingDisabled()).toStream().to("output");
    }

    @Case(id = "foreign-key-join-partitioners", note = "with partitioners of both topics")
    static void foreignKeyJoinPartitioners(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, ForeignKeyJoins::letter, (value, other) -> value + "+" + other,
            TableJoined.with((topic, key, value, count) -> Optional.of(Collections.singleton(0)), (topic, key, value, count) -> Optional.empty()))
            .toStream()
            .to("output");
    }

    @Case(id = "foreign-key-join-no-cache", note = "both tables without a cache")
    static void foreignKeyJoinNoCache(StreamsBuilder b) {
        KTable<String, String> first = b.table("first", Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("one").withCachingDisabled());
        KTable<String, String> second = b.table("second", Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("two").withCachingDisabled());
        first.join(second, ForeignKeyJoins::letterIfAny, (value, other) -> value + "+" + other).toStream().to("output");
    }

    @Case(id = "foreign-key-join-computed", note = "of tables that are computed")
    static void foreignKeyJoinComputed(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.filter((key, value) -> value.length() < 5)
            .leftJoin(second.mapValues(value -> value + "!"), ForeignKeyJoins::letterIfAny, (value, other) -> value + "+" + other)
            .filter((key, value) -> !value.endsWith("null"))
            .toStream()
            .to("output");
    }

    @Case(id = "foreign-key-join-of-counts", note = "an aggregate on the foreign side")
    static void foreignKeyJoinOfCounts(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KStream<String, String> in = b.stream("input");
        KTable<String, Long> counts = in.groupByKey().count();
        first.join(counts, ForeignKeyJoins::letter, (value, count) -> value + "+" + count).toStream().to("output");
    }

    @Case(id = "foreign-key-join-with-itself", note = "a table with itself")
    static void foreignKeyJoinWithItself(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.leftJoin(table, ForeignKeyJoins::letterIfAny, (value, other) -> value + "+" + other).toStream().to("output");
    }

    @Case(id = "foreign-key-join-twice", note = "the result joined once more")
    static void foreignKeyJoinTwice(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        KTable<String, String> third = b.table("third");
        first.join(second, ForeignKeyJoins::letter, (value, other) -> value + "+" + other)
            .leftJoin(third, value -> value.substring(value.length() - 1), (value, other) -> value + "-" + other)
            .toStream()
            .to("output");
    }

    @Case(id = "foreign-key-join-then-join", note = "the result joined by its key, and grouped")
    static void foreignKeyJoinThenJoin(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.leftJoin(second, ForeignKeyJoins::letterIfAny, (value, other) -> value + "+" + other)
            .join(first, (value, other) -> value + "-" + other)
            .groupBy((key, value) -> KeyValue.pair(value.substring(0, 1), key))
            .count()
            .toStream()
            .to("output");
    }
}
