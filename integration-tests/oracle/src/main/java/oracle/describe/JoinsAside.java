package oracle.describe;

import java.time.Duration;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;

/** Two streams joined in a window that does not hold the record itself: before or after is negative. */
final class JoinsAside {
    private JoinsAside() {}

    /** From one to ten seconds later. */
    private static final JoinWindows FOLLOWS = JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10)).before(Duration.ofSeconds(-1));

    /** From ten to one seconds earlier. */
    private static final JoinWindows PRECEDES =
        JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)).after(Duration.ofSeconds(-1));

    @Case(id = "stream-stream-join-follows", note = "a negative before: the other record is younger")
    static void streamStreamJoinFollows(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, FOLLOWS).to("output");
    }

    @Case(id = "stream-stream-join-precedes", note = "a negative after: the other record is older")
    static void streamStreamJoinPrecedes(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.join(right, (value, other) -> value + other, PRECEDES).to("output");
    }

    @Case(id = "stream-stream-join-moment", note = "a window of a millisecond, five seconds later")
    static void streamStreamJoinMoment(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(5_001), Duration.ofSeconds(10)).before(Duration.ofSeconds(-5));
        left.join(right, (value, other) -> value + other, windows).to("output");
    }

    @Case(id = "stream-stream-left-join-follows", note = "a left join with a negative before")
    static void streamStreamLeftJoinFollows(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, FOLLOWS).to("output");
    }

    @Case(id = "stream-stream-left-join-precedes", note = "a left join with a negative after")
    static void streamStreamLeftJoinPrecedes(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.leftJoin(right, (value, other) -> value + other, PRECEDES).to("output");
    }

    @Case(id = "stream-stream-outer-join-follows", note = "an outer join with a negative before")
    static void streamStreamOuterJoinFollows(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, FOLLOWS).to("output");
    }

    @Case(id = "stream-stream-outer-join-precedes", note = "an outer join with a negative after")
    static void streamStreamOuterJoinPrecedes(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.outerJoin(right, (value, other) -> value + other, PRECEDES).to("output");
    }
}
