package oracle.describe;

import java.time.Duration;
import java.util.Map;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

/** Two streams joined in a window: left and outer joins, joiners that see the key, streams joined with themselves. */
final class OuterStreamJoins {
    private OuterStreamJoins() {}

    @Case(id = "stream-stream-left-join-grace", note = "unmatched records wait for the grace period, too")
    static void streamStreamLeftJoinGrace(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).to("output");
    }

    @Case(id = "stream-stream-left-join-asymmetric", note = "before and after differ: a side waits for its own part of the window")
    static void streamStreamLeftJoinAsymmetric(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)).before(Duration.ofSeconds(1)).after(Duration.ofSeconds(20))).to("output");
    }

    @Case(id = "stream-stream-left-join-before-only", note = "nothing but earlier records of the other side meet, with grace")
    static void streamStreamLeftJoinBeforeOnly(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)).before(Duration.ofSeconds(20)).after(Duration.ofSeconds(0))).to("output");
    }

    @Case(id = "stream-stream-left-join-store-named", note = "withStoreName: all three stores")
    static void streamStreamLeftJoinStoreNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withStoreName("my-store")).to("output");
    }

    @Case(id = "stream-stream-left-join-with-name", note = "withName: nodes, not stores")
    static void streamStreamLeftJoinWithName(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withName("my-join")).to("output");
    }

    @Case(id = "stream-stream-left-join-with-name-store-named", note = "withName and withStoreName")
    static void streamStreamLeftJoinWithNameStoreNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)), StreamJoined.<String, String, String>with(null, null, null).withName("my-join").withStoreName("my-store")).to("output");
    }

    @Case(id = "stream-stream-left-join-logging-disabled", note = "no changelog topics")
    static void streamStreamLeftJoinLoggingDisabled(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withLoggingDisabled()).to("output");
    }

    @Case(id = "stream-stream-left-join-logging-config", note = "own configs of the changelogs")
    static void streamStreamLeftJoinLoggingConfig(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withLoggingEnabled(Map.of("segment.bytes", "5", "cleanup.policy", "delete"))).to("output");
    }

    @Case(id = "stream-stream-left-join-in-memory", note = "all three stores in memory")
    static void streamStreamLeftJoinInMemory(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withDslStoreSuppliers(BuiltInDslStoreSuppliers.IN_MEMORY)).to("output");
    }

    @Case(id = "stream-stream-left-join-with-key", note = "the joiner sees the key")
    static void streamStreamLeftJoinWithKey(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (key, value, other) -> key + value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-left-join-both-re-keyed", note = "both sides, unnamed")
    static void streamStreamLeftJoinBothReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value).leftJoin(right.selectKey((key, value) -> value), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-left-join-both-re-keyed-with-name", note = "withName: repartition topics -left and -right")
    static void streamStreamLeftJoinBothReKeyedWithName(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value).leftJoin(right.selectKey((key, value) -> value), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withName("my-join")).to("output");
    }

    @Case(id = "stream-stream-left-join-null-keys", note = "records without a key are joined with nothing at once", nullKeys = true)
    static void streamStreamLeftJoinNullKeys(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (key, value, other) -> key + value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-left-join-null-keys-re-keyed", note = "the repartition topic keeps records without a key", nullKeys = true)
    static void streamStreamLeftJoinNullKeysReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> key).leftJoin(right.selectKey((key, value) -> key), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-left-join-then-count", note = "a join keeps the key: count without repartition")
    static void streamStreamLeftJoinThenCount(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).groupByKey().count().toStream().to("output");
    }

    @Case(id = "stream-stream-left-join-of-itself", note = "a stream joined with itself")
    static void streamStreamLeftJoinOfItself(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        left.leftJoin(left, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-left-join-twice-re-keyed", note = "one re-keyed stream joined twice, this way and inner")
    static void streamStreamLeftJoinTwiceReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        KStream<String, String> third = b.stream("third");
        KStream<String, String> keyed = left.selectKey((key, value) -> value);
        keyed.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output-1");
        keyed.leftJoin(third, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output-2");
    }

    @Case(id = "stream-stream-outer-join-grace", note = "unmatched records wait for the grace period, too")
    static void streamStreamOuterJoinGrace(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).to("output");
    }

    @Case(id = "stream-stream-outer-join-asymmetric", note = "before and after differ: a side waits for its own part of the window")
    static void streamStreamOuterJoinAsymmetric(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)).before(Duration.ofSeconds(1)).after(Duration.ofSeconds(20))).to("output");
    }

    @Case(id = "stream-stream-outer-join-before-only", note = "nothing but earlier records of the other side meet, with grace")
    static void streamStreamOuterJoinBeforeOnly(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)).before(Duration.ofSeconds(20)).after(Duration.ofSeconds(0))).to("output");
    }

    @Case(id = "stream-stream-outer-join-store-named", note = "withStoreName: all three stores")
    static void streamStreamOuterJoinStoreNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withStoreName("my-store")).to("output");
    }

    @Case(id = "stream-stream-outer-join-with-name", note = "withName: nodes, not stores")
    static void streamStreamOuterJoinWithName(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withName("my-join")).to("output");
    }

    @Case(id = "stream-stream-outer-join-with-name-store-named", note = "withName and withStoreName")
    static void streamStreamOuterJoinWithNameStoreNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)), StreamJoined.<String, String, String>with(null, null, null).withName("my-join").withStoreName("my-store")).to("output");
    }

    @Case(id = "stream-stream-outer-join-logging-disabled", note = "no changelog topics")
    static void streamStreamOuterJoinLoggingDisabled(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withLoggingDisabled()).to("output");
    }

    @Case(id = "stream-stream-outer-join-logging-config", note = "own configs of the changelogs")
    static void streamStreamOuterJoinLoggingConfig(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withLoggingEnabled(Map.of("segment.bytes", "5", "cleanup.policy", "delete"))).to("output");
    }

    @Case(id = "stream-stream-outer-join-in-memory", note = "all three stores in memory")
    static void streamStreamOuterJoinInMemory(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withDslStoreSuppliers(BuiltInDslStoreSuppliers.IN_MEMORY)).to("output");
    }

    @Case(id = "stream-stream-outer-join-with-key", note = "the joiner sees the key")
    static void streamStreamOuterJoinWithKey(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (key, value, other) -> key + value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-outer-join-both-re-keyed", note = "both sides, unnamed")
    static void streamStreamOuterJoinBothReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value).outerJoin(right.selectKey((key, value) -> value), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-outer-join-both-re-keyed-with-name", note = "withName: repartition topics -left and -right")
    static void streamStreamOuterJoinBothReKeyedWithName(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value).outerJoin(right.selectKey((key, value) -> value), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withName("my-join")).to("output");
    }

    @Case(id = "stream-stream-outer-join-null-keys", note = "records without a key are joined with nothing at once", nullKeys = true)
    static void streamStreamOuterJoinNullKeys(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (key, value, other) -> key + value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-outer-join-null-keys-re-keyed", note = "the repartition topic keeps records without a key", nullKeys = true)
    static void streamStreamOuterJoinNullKeysReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> key).outerJoin(right.selectKey((key, value) -> key), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-outer-join-then-count", note = "a join keeps the key: count without repartition")
    static void streamStreamOuterJoinThenCount(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).groupByKey().count().toStream().to("output");
    }

    @Case(id = "stream-stream-outer-join-of-itself", note = "a stream joined with itself")
    static void streamStreamOuterJoinOfItself(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        left.outerJoin(left, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-outer-join-twice-re-keyed", note = "one re-keyed stream joined twice, this way and inner")
    static void streamStreamOuterJoinTwiceReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        KStream<String, String> third = b.stream("third");
        KStream<String, String> keyed = left.selectKey((key, value) -> value);
        keyed.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output-1");
        keyed.outerJoin(third, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output-2");
    }

    @Case(id = "stream-stream-left-join-then-outer-join", note = "a join of a join")
    static void streamStreamLeftJoinThenOuterJoin(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        KStream<String, String> third = b.stream("third");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).mapValues(value -> value + ".").outerJoin(third, (value, other) -> value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).to("output");
    }

    @Case(id = "stream-stream-outer-join-then-re-keyed-left-join", note = "a new key between two joins")
    static void streamStreamOuterJoinThenReKeyedLeftJoin(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        KStream<String, String> third = b.stream("third");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).selectKey((key, value) -> value).leftJoin(third, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-join-with-key", note = "inner: the joiner sees the key")
    static void streamStreamJoinWithKey(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (key, value, other) -> key + value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-join-with-key-store-named", note = "inner: the joiner sees the key; stores have names")
    static void streamStreamJoinWithKeyStoreNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (key, value, other) -> key + value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withStoreName("my-store")).to("output");
    }

    @Case(id = "stream-stream-self-join-with-key-grace", note = "a stream joined with itself; the joiner sees the key")
    static void streamStreamSelfJoinWithKeyGrace(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        left.join(left, (key, value, other) -> key + value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).to("output");
    }
}
