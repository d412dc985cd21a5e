package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.SessionStore;

/** Sessions that are forwarded once, when they close. Stores have a long retention, for the reason that FinalResults names. */
final class SessionFinals {
    private static final Duration LONG = Duration.ofHours(2);

    private SessionFinals() {}

    private static KGroupedStream<String, String> byKey(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupByKey();
    }

    private static KGroupedStream<String, String> byValue(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupBy((key, value) -> value);
    }

    private static SessionWindows gap(long gap, long grace) {
        return SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(gap), Duration.ofMillis(grace));
    }

    private static SessionWindowedKStream<String, String> closing(KGroupedStream<String, String> grouped) {
        return grouped.windowedBy(gap(5_000, 7_345)).emitStrategy(EmitStrategy.onWindowClose());
    }

    private static void counts(KTable<Windowed<String>, Long> counts) {
        counts.toStream().to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
    }

    private static void texts(KTable<Windowed<String>, String> texts) {
        texts.toStream().to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.String()));
    }

    private static <V> Materialized<String, V, SessionStore<Bytes, byte[]>> kept() {
        return Materialized.<String, V, SessionStore<Bytes, byte[]>>as("my-store").withRetention(LONG);
    }

    @Case(id = "final-session-count", note = "gap 5 s, grace 7.345 s")
    static void finalSessionCount(StreamsBuilder b) {
        counts(closing(byKey(b)).count(kept()));
    }

    @Case(id = "final-session-count-update", note = "onWindowUpdate is the default said aloud")
    static void finalSessionCountUpdate(StreamsBuilder b) {
        counts(byKey(b).windowedBy(gap(5_000, 61_000)).emitStrategy(EmitStrategy.onWindowUpdate()).count());
    }

    @Case(id = "final-session-count-no-grace", note = "no grace")
    static void finalSessionCountNoGrace(StreamsBuilder b) {
        counts(byKey(b).windowedBy(SessionWindows.ofInactivityGapWithNoGrace(Duration.ofSeconds(10)))
            .emitStrategy(EmitStrategy.onWindowClose()).count(kept()));
    }

    @Case(id = "final-session-count-no-gap", note = "only records of one millisecond are a session")
    static void finalSessionCountNoGap(StreamsBuilder b) {
        counts(byKey(b).windowedBy(gap(0, 10_000)).emitStrategy(EmitStrategy.onWindowClose()).count(kept()));
    }

    @Case(id = "final-session-count-wide", note = "sessions of a minute that are open long")
    static void finalSessionCountWide(StreamsBuilder b) {
        counts(byKey(b).windowedBy(gap(60_000, 60_000)).emitStrategy(EmitStrategy.onWindowClose()).count(kept()));
    }

    @Case(id = "final-session-count-repartition", note = "after groupBy, with a named store")
    static void finalSessionCountRepartition(StreamsBuilder b) {
        counts(closing(byValue(b)).count(kept()));
    }

    @Case(id = "final-session-count-named", note = "a processor name")
    static void finalSessionCountNamed(StreamsBuilder b) {
        counts(closing(byKey(b)).count(Named.as("my-count"), SessionFinals.<Long>kept()));
    }

    @Case(id = "final-session-count-materialized-unnamed", note = "Materialized without a store name burns one more index")
    static void finalSessionCountMaterializedUnnamed(StreamsBuilder b) {
        counts(closing(byKey(b)).count(
            Materialized.<String, Long, SessionStore<Bytes, byte[]>>with(Serdes.String(), Serdes.Long()).withRetention(LONG)));
    }

    @Case(id = "final-session-count-in-memory", note = "in memory: by end, then key")
    static void finalSessionCountInMemory(StreamsBuilder b) {
        counts(closing(byKey(b)).count(SessionFinals.<Long>kept().withStoreType(new BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers())));
    }

    @Case(id = "final-session-count-in-memory-no-gap", note = "in memory, sessions that often end at once")
    static void finalSessionCountInMemoryNoGap(StreamsBuilder b) {
        counts(byKey(b).windowedBy(gap(1_000, 0)).emitStrategy(EmitStrategy.onWindowClose())
            .count(SessionFinals.<Long>kept().withStoreType(new BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers())));
    }

    @Case(id = "final-session-count-no-changelog", note = "without a changelog")
    static void finalSessionCountNoChangelog(StreamsBuilder b) {
        counts(closing(byKey(b)).count(SessionFinals.<Long>kept().withLoggingDisabled()));
    }

    @Case(id = "final-session-reduce", note = "values put together")
    static void finalSessionReduce(StreamsBuilder b) {
        texts(closing(byKey(b)).reduce((one, other) -> one + other, kept()));
    }

    @Case(id = "final-session-aggregate", note = "re-keyed, both names")
    static void finalSessionAggregate(StreamsBuilder b) {
        texts(closing(byValue(b)).aggregate(() -> "<", (key, value, text) -> text + value, (key, one, other) -> one + other + ">",
            Named.as("my-aggregate"), kept()));
    }

    @Case(id = "final-session-filtered", note = "followed by a filter of the table")
    static void finalSessionFiltered(StreamsBuilder b) {
        counts(closing(byKey(b)).count(SessionFinals.<Long>kept()).filter((windowed, count) -> count > 1));
    }

    @Case(id = "final-session-re-keyed", note = "final counts counted by key")
    static void finalSessionReKeyed(StreamsBuilder b) {
        closing(byKey(b)).count(SessionFinals.<Long>kept()).toStream().selectKey((windowed, count) -> windowed.key())
            .groupByKey().count().toStream().to("output");
    }
}
