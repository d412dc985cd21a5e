package oracle.describe;

import java.time.Duration;
import java.util.Map;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.StreamJoined;

/** Two streams joined in a window. */
final class StreamStreamJoins {
    private StreamStreamJoins() {}

    @Case(id = "stream-stream-join", note = "unnamed")
    static void streamStreamJoin(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-join-grace", note = "a grace period shows in the changelogs' retention")
    static void streamStreamJoinGrace(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).to("output");
    }

    @Case(id = "stream-stream-join-asymmetric", note = "before and after differ")
    static void streamStreamJoinAsymmetric(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)).before(Duration.ofSeconds(1)).after(Duration.ofSeconds(20))).to("output");
    }

    @Case(id = "stream-stream-join-named", note = "StreamJoined.as: stores, not nodes, as withStoreName")
    static void streamStreamJoinNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.as("my-join")).to("output");
    }

    @Case(id = "stream-stream-join-store-named", note = "withStoreName: stores, not nodes")
    static void streamStreamJoinStoreNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withStoreName("my-store")).to("output");
    }

    @Case(id = "stream-stream-join-named-store-named", note = "StreamJoined.as and withStoreName: the latter holds")
    static void streamStreamJoinNamedStoreNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>as("my-join").withStoreName("my-store")).to("output");
    }

    @Case(id = "stream-stream-join-left-re-keyed", note = "only the left side needs a repartition")
    static void streamStreamJoinLeftReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value).join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-join-right-re-keyed", note = "only the right side needs a repartition")
    static void streamStreamJoinRightReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right.selectKey((key, value) -> value), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-join-both-re-keyed", note = "both sides, unnamed")
    static void streamStreamJoinBothReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value).join(right.selectKey((key, value) -> value), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-join-both-re-keyed-named", note = "both sides; a name for the stores is none for the repartition topics")
    static void streamStreamJoinBothReKeyedNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value).join(right.selectKey((key, value) -> value), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>as("my-join").withStoreName("my-store")).to("output");
    }

    @Case(id = "stream-stream-join-twice-re-keyed", note = "one re-keyed stream joined twice, unnamed")
    static void streamStreamJoinTwiceReKeyed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        KStream<String, String> third = b.stream("third");
        KStream<String, String> keyed = left.selectKey((key, value) -> value);
        keyed.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output-1");
        keyed.join(third, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output-2");
    }

    @Case(id = "stream-stream-self-join", note = "a stream joined with itself, not optimised")
    static void streamStreamSelfJoin(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        left.join(left, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-join-logging-disabled", note = "no changelog topics")
    static void streamStreamJoinLoggingDisabled(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withLoggingDisabled()).to("output");
    }

    @Case(id = "stream-stream-left-join", note = "left join: one more, shared store")
    static void streamStreamLeftJoin(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-outer-join", note = "outer join")
    static void streamStreamOuterJoin(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-join-then-count", note = "a join keeps the key: count without repartition")
    static void streamStreamJoinThenCount(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).groupByKey().count().toStream().foreach((key, value) -> {});
    }

    @Case(id = "stream-stream-join-with-name", note = "withName: nodes, not stores")
    static void streamStreamJoinWithName(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withName("my-join")).to("output");
    }

    @Case(id = "stream-stream-join-with-name-store-named", note = "withName and withStoreName")
    static void streamStreamJoinWithNameStoreNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withName("my-join").withStoreName("my-store")).to("output");
    }

    @Case(id = "stream-stream-join-both-re-keyed-with-name", note = "withName: repartition topics -left and -right")
    static void streamStreamJoinBothReKeyedWithName(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value).join(right.selectKey((key, value) -> value), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withName("my-join")).to("output");
    }

    @Case(id = "stream-stream-join-twice-re-keyed-with-name", note = "one re-keyed stream joined twice, with names: two repartition topics")
    static void streamStreamJoinTwiceReKeyedWithName(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        KStream<String, String> third = b.stream("third");
        KStream<String, String> keyed = left.selectKey((key, value) -> value);
        keyed.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withName("one")).to("output-1");
        keyed.join(third, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withName("two")).to("output-2");
    }

    @Case(id = "stream-stream-join-upstreams-named", note = "named key changes name the repartition topics")
    static void streamStreamJoinUpstreamsNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.selectKey((key, value) -> value, Named.as("l")).join(right.selectKey((key, value) -> value, Named.as("r")), (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "stream-stream-join-logging-config", note = "own configs of the changelogs")
    static void streamStreamJoinLoggingConfig(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)), StreamJoined.<String, String, String>with(null, null, null).withLoggingEnabled(Map.of("segment.bytes", "5", "cleanup.policy", "compact"))).to("output");
    }

    @Case(id = "stream-stream-join-in-a-row", note = "a join of a join")
    static void streamStreamJoinInARow(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        KStream<String, String> third = b.stream("third");
        left.selectKey((key, value) -> value).join(right, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).join(third, (value, other) -> value + other, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }
}
