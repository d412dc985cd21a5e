package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.UnlimitedWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** Cogroups by sliding windows, by sessions and without an end. Nothing expires by what another input has seen, as in Cogroups. */
final class CogroupedWindows {
    private static final Duration LONG = Duration.ofHours(2);
    private static final SlidingWindows SLIDING = SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5));
    private static final SlidingWindows SLIDING_HOURS = SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofHours(1), Duration.ofMinutes(5));
    private static final SessionWindows CLOSING = SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofMillis(7_345));
    private static final SessionWindows OPEN = SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofHours(2));
    private static final Merger<String, String> JOIN = (key, one, other) -> one + other + ">";

    private CogroupedWindows() {}

    private static KStream<String, String> stream(StreamsBuilder b, String topic) {
        return b.stream(topic);
    }

    private static CogroupedKStream<String, String> one(StreamsBuilder b) {
        return stream(b, "input").groupByKey().cogroup((key, value, text) -> text + value);
    }

    /** Both streams as they come. */
    private static CogroupedKStream<String, String> pair(StreamsBuilder b) {
        return stream(b, "left").groupByKey()
            .<String>cogroup((key, value, text) -> text + value)
            .cogroup(stream(b, "right").groupByKey(), (key, value, text) -> value + text);
    }

    /** The first one re-keyed. */
    private static CogroupedKStream<String, String> reKeyed(StreamsBuilder b) {
        return stream(b, "left").groupBy((key, value) -> value)
            .<String>cogroup((key, value, text) -> text + value)
            .cogroup(stream(b, "right").groupByKey(), (key, value, text) -> value + text);
    }

    private static void windowed(KTable<Windowed<String>, String> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.String()));
    }

    private static void sessions(KTable<Windowed<String>, String> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.String()));
    }

    private static Materialized<String, String, WindowStore<Bytes, byte[]>> keptWindows() {
        return Materialized.<String, String, WindowStore<Bytes, byte[]>>as("my-store").withRetention(LONG);
    }

    private static Materialized<String, String, SessionStore<Bytes, byte[]>> keptSessions() {
        return Materialized.<String, String, SessionStore<Bytes, byte[]>>as("my-store").withRetention(LONG);
    }

    @Case(id = "cogroup-sliding-one", note = "a single input by sliding windows")
    static void cogroupSlidingOne(StreamsBuilder b) {
        windowed(one(b).windowedBy(SLIDING).aggregate(() -> "<"));
    }

    @Case(id = "cogroup-sliding", note = "two inputs by sliding windows, unnamed")
    static void cogroupSliding(StreamsBuilder b) {
        windowed(pair(b).windowedBy(SLIDING_HOURS).aggregate(() -> "<"));
    }

    @Case(id = "cogroup-sliding-named", note = "a processor name")
    static void cogroupSlidingNamed(StreamsBuilder b) {
        windowed(pair(b).windowedBy(SLIDING_HOURS).aggregate(() -> "<", Named.as("both")));
    }

    @Case(id = "cogroup-sliding-materialized", note = "short windows, kept long, both names")
    static void cogroupSlidingMaterialized(StreamsBuilder b) {
        windowed(pair(b).windowedBy(SLIDING).aggregate(() -> "<", Named.as("both"), keptWindows()));
    }

    @Case(id = "cogroup-sliding-no-cache", note = "each change at once")
    static void cogroupSlidingNoCache(StreamsBuilder b) {
        windowed(pair(b).windowedBy(SLIDING).aggregate(() -> "<", keptWindows().withCachingDisabled()));
    }

    @Case(id = "cogroup-sliding-in-memory", note = "in memory")
    static void cogroupSlidingInMemory(StreamsBuilder b) {
        windowed(pair(b).windowedBy(SLIDING).aggregate(() -> "<",
            keptWindows().withStoreType(new BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers())));
    }

    @Case(id = "cogroup-sliding-re-keyed", note = "one input re-keyed, then by sliding windows")
    static void cogroupSlidingReKeyed(StreamsBuilder b) {
        windowed(reKeyed(b).windowedBy(SLIDING_HOURS).aggregate(() -> "<"));
    }

    @Case(id = "cogroup-session-one", note = "a single input by session")
    static void cogroupSessionOne(StreamsBuilder b) {
        sessions(one(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofSeconds(61))).aggregate(() -> "<", JOIN));
    }

    @Case(id = "cogroup-session", note = "two inputs by session, unnamed")
    static void cogroupSession(StreamsBuilder b) {
        sessions(pair(b).windowedBy(OPEN).aggregate(() -> "<", JOIN));
    }

    @Case(id = "cogroup-session-named", note = "a processor name")
    static void cogroupSessionNamed(StreamsBuilder b) {
        sessions(pair(b).windowedBy(OPEN).aggregate(() -> "<", JOIN, Named.as("both")));
    }

    @Case(id = "cogroup-session-materialized", note = "late records, kept long, both names")
    static void cogroupSessionMaterialized(StreamsBuilder b) {
        sessions(pair(b).windowedBy(CLOSING).aggregate(() -> "<", JOIN, Named.as("both"), keptSessions()));
    }

    @Case(id = "cogroup-session-no-cache", note = "late records, each change at once")
    static void cogroupSessionNoCache(StreamsBuilder b) {
        sessions(pair(b).windowedBy(CLOSING).aggregate(() -> "<", JOIN, keptSessions().withCachingDisabled()));
    }

    @Case(id = "cogroup-session-in-memory", note = "in memory, each change at once")
    static void cogroupSessionInMemory(StreamsBuilder b) {
        sessions(pair(b).windowedBy(CLOSING).aggregate(() -> "<", JOIN,
            keptSessions().withStoreType(new BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers()).withCachingDisabled()));
    }

    @Case(id = "cogroup-session-re-keyed", note = "one input re-keyed, then by session")
    static void cogroupSessionReKeyed(StreamsBuilder b) {
        sessions(reKeyed(b).windowedBy(OPEN).aggregate(() -> "<", JOIN));
    }

    @Case(id = "cogroup-session-filtered", note = "a filter asks for old values")
    static void cogroupSessionFiltered(StreamsBuilder b) {
        sessions(pair(b).windowedBy(OPEN).aggregate(() -> "<", JOIN).filter((windowed, text) -> text.length() % 3 != 0));
    }

    @Case(id = "cogroup-session-suppressed", note = "gap and grace are found behind a cogroup by session")
    static void cogroupSessionSuppressed(StreamsBuilder b) {
        sessions(pair(b).windowedBy(CLOSING)
            .aggregate(() -> "<", JOIN, Materialized.<String, String, SessionStore<Bytes, byte[]>>with(Serdes.String(), Serdes.String()).withRetention(LONG))
            .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())));
    }

    @Case(id = "cogroup-unlimited", note = "one window without an end")
    static void cogroupUnlimited(StreamsBuilder b) {
        windowed(pair(b).windowedBy(UnlimitedWindows.of()).aggregate(() -> "<"));
    }
}
