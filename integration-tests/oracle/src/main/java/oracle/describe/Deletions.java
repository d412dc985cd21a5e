package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.UnlimitedWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Aggregators that answer null, which deletes the row. Windows have caches, for without one a deletion has another time here; and stores a long
 * retention, for Java's do not learn the time of a deletion of what was not there, if a cache has held it back.
 */
final class Deletions {
    private static final Duration LONG = Duration.ofHours(2);
    private static final TimeWindows TUMBLING = TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5));
    private static final SlidingWindows SLIDING = SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5));
    private static final SessionWindows SESSIONS = SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofMillis(7_345));
    private static final Aggregator<String, String, String> APPEND =
        (key, value, text) -> value.startsWith("b") ? null : (text == null ? "<" : text) + value;
    private static final Merger<String, String> JOIN = (key, one, other) -> one + other + ">";
    private static final Merger<String, String> JOIN_OR_DELETE =
        (key, one, other) -> other.endsWith("c") ? null : (one == null ? "<" : one) + other + ">";

    private Deletions() {}

    private static KGroupedStream<String, String> grouped(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupByKey();
    }

    private static TimeWindowedKStream<String, String> atClose(TimeWindowedKStream<String, String> windowed) {
        return windowed.emitStrategy(EmitStrategy.onWindowClose());
    }

    private static SessionWindowedKStream<String, String> bySession(StreamsBuilder b) {
        return grouped(b).windowedBy(SESSIONS);
    }

    /** One of both streams deletes. */
    private static CogroupedKStream<String, String> pair(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        return left.groupByKey().<String>cogroup(APPEND).cogroup(right.groupByKey(), (key, value, text) -> value + text);
    }

    private static void windowed(KTable<Windowed<String>, String> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.String()));
    }

    private static void sessions(KTable<Windowed<String>, String> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.String()));
    }

    private static Materialized<String, String, WindowStore<Bytes, byte[]>> windows() {
        return Materialized.<String, String, WindowStore<Bytes, byte[]>>as("my-store").withRetention(LONG);
    }

    private static Materialized<String, String, SessionStore<Bytes, byte[]>> kept() {
        return Materialized.<String, String, SessionStore<Bytes, byte[]>>as("my-store").withRetention(LONG);
    }

    @Case(id = "deleting-aggregate", note = "without windows")
    static void deletingAggregate(StreamsBuilder b) {
        grouped(b).aggregate(() -> "<", APPEND).toStream().to("output");
    }

    @Case(id = "deleting-windows", note = "tumbling windows")
    static void deletingWindows(StreamsBuilder b) {
        windowed(grouped(b).windowedBy(TUMBLING).aggregate(() -> "<", APPEND, windows()));
    }

    @Case(id = "deleting-windows-hopping", note = "hopping windows, a named store in memory")
    static void deletingWindowsHopping(StreamsBuilder b) {
        windowed(grouped(b).windowedBy(TUMBLING.advanceBy(Duration.ofSeconds(3)))
            .aggregate(() -> "<", APPEND, windows().withStoreType(BuiltInDslStoreSuppliers.IN_MEMORY)));
    }

    @Case(id = "deleting-windows-counted", note = "the windows of a key counted: what is deleted is taken out")
    static void deletingWindowsCounted(StreamsBuilder b) {
        grouped(b).windowedBy(TUMBLING).aggregate(() -> "<", APPEND, windows())
            .groupBy((windowed, text) -> KeyValue.pair(windowed.key(), text)).count().toStream().to("output");
    }

    @Case(id = "deleting-sliding", note = "sliding windows")
    static void deletingSliding(StreamsBuilder b) {
        windowed(grouped(b).windowedBy(SLIDING).aggregate(() -> "<", APPEND, windows()));
    }

    @Case(id = "deleting-sliding-early", note = "sliding windows, most of which would begin before 1970")
    static void deletingSlidingEarly(StreamsBuilder b) {
        windowed(grouped(b).windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(10_200_000), Duration.ofSeconds(5)))
            .aggregate(() -> "<", APPEND));
    }

    @Case(id = "deleting-unlimited", note = "windows without an end")
    static void deletingUnlimited(StreamsBuilder b) {
        windowed(grouped(b).windowedBy(UnlimitedWindows.of()).aggregate(() -> "<", APPEND));
    }

    @Case(id = "deleting-own-windows", note = "windows of the user")
    static void deletingOwnWindows(StreamsBuilder b) {
        windowed(grouped(b).windowedBy(new OtherWindows.Uneven()).aggregate(() -> "<", APPEND, windows()));
    }

    @Case(id = "deleting-final", note = "told when windows close: those that have a row then")
    static void deletingFinal(StreamsBuilder b) {
        windowed(atClose(grouped(b).windowedBy(TUMBLING)).aggregate(() -> "<", APPEND));
    }

    @Case(id = "deleting-final-hopping", note = "the same of hopping windows, without a cache")
    static void deletingFinalHopping(StreamsBuilder b) {
        windowed(atClose(grouped(b).windowedBy(TUMBLING.advanceBy(Duration.ofSeconds(3))))
            .aggregate(() -> "<", APPEND, windows().withCachingDisabled()));
    }

    @Case(id = "deleting-final-sliding", note = "the same of sliding windows")
    static void deletingFinalSliding(StreamsBuilder b) {
        windowed(atClose(grouped(b).windowedBy(SLIDING)).aggregate(() -> "<", APPEND, windows()));
    }

    @Case(id = "deleting-sessions", note = "sessions")
    static void deletingSessions(StreamsBuilder b) {
        sessions(bySession(b).aggregate(() -> "<", APPEND, JOIN, kept()));
    }

    @Case(id = "deleting-sessions-no-cache", note = "sessions, each change at once")
    static void deletingSessionsNoCache(StreamsBuilder b) {
        sessions(bySession(b).aggregate(() -> "<", APPEND, JOIN, kept().withCachingDisabled()));
    }

    @Case(id = "deleting-sessions-merger", note = "the merger answers null, too")
    static void deletingSessionsMerger(StreamsBuilder b) {
        sessions(bySession(b).aggregate(() -> "<", APPEND, JOIN_OR_DELETE, kept()));
    }

    @Case(id = "deleting-sessions-final", note = "sessions that are told when they close")
    static void deletingSessionsFinal(StreamsBuilder b) {
        sessions(bySession(b).emitStrategy(EmitStrategy.onWindowClose()).aggregate(() -> "<", APPEND, JOIN, kept()));
    }

    @Case(id = "deleting-cogroup", note = "one input of a cogroup deletes")
    static void deletingCogroup(StreamsBuilder b) {
        pair(b).aggregate(() -> "<").toStream().to("output");
    }

    @Case(id = "deleting-cogroup-windows", note = "the same by window")
    static void deletingCogroupWindows(StreamsBuilder b) {
        windowed(pair(b).windowedBy(TUMBLING).aggregate(() -> "<", windows()));
    }

    @Case(id = "deleting-cogroup-sliding", note = "the same by sliding window")
    static void deletingCogroupSliding(StreamsBuilder b) {
        windowed(pair(b).windowedBy(SLIDING).aggregate(() -> "<", windows()));
    }

    @Case(id = "deleting-cogroup-sessions", note = "the same by session")
    static void deletingCogroupSessions(StreamsBuilder b) {
        sessions(pair(b).windowedBy(SESSIONS).aggregate(() -> "<", JOIN, kept()));
    }

    @Case(id = "deleting-cogroup-sessions-merger", note = "a merger that answers null, one input, no cache")
    static void deletingCogroupSessionsMerger(StreamsBuilder b) {
        sessions(grouped(b).<String>cogroup(APPEND).windowedBy(SESSIONS).aggregate(() -> "<", JOIN_OR_DELETE, kept().withCachingDisabled()));
    }
}
