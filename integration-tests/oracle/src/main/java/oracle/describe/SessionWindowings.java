package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Initializer;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;

/**
 * Counts, reductions and aggregates by session. Where there is a cache, the grace is longer than any record is late, or the retention much longer:
 * Java's cache finds sessions that have expired in the store below, and forgets to say that they are gone (docs/SEMANTICS.md).
 */
final class SessionWindowings {
    private static final Duration GAP = Duration.ofSeconds(5);
    /** Longer than any record is late. */
    private static final Duration LONG = Duration.ofSeconds(61);
    /** Many records come later than that. */
    private static final Duration SHORT = Duration.ofMillis(7_345);

    private static final Initializer<String> NOTHING = () -> "<";
    private static final Aggregator<String, String, String> APPEND = (key, value, text) -> text + value;
    private static final Merger<String, String> JOIN = (key, one, other) -> one + other + ">";

    private SessionWindowings() {}

    private static KGroupedStream<String, String> byKey(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupByKey();
    }

    private static KGroupedStream<String, String> byValue(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        return in.groupBy((key, value) -> value);
    }

    private static SessionWindowedKStream<String, String> open(KGroupedStream<String, String> grouped) {
        return grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(GAP, LONG));
    }

    private static SessionWindowedKStream<String, String> closing(KGroupedStream<String, String> grouped) {
        return grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(GAP, SHORT));
    }

    private static void toOutput(KTable<Windowed<String>, Long> counts) {
        counts.toStream().to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
    }

    private static void textsToOutput(KTable<Windowed<String>, String> texts) {
        texts.toStream().to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.String()));
    }

    private static <V> Materialized<String, V, SessionStore<Bytes, byte[]>> store() {
        return Materialized.as("my-store");
    }

    private static Materialized<String, String, SessionStore<Bytes, byte[]>> texts() {
        return Materialized.with(Serdes.String(), Serdes.String());
    }

    @Case(id = "session-count", note = "unnamed")
    static void sessionCount(StreamsBuilder b) {
        toOutput(open(byKey(b)).count());
    }

    @Case(id = "session-count-repartition", note = "after groupBy")
    static void sessionCountRepartition(StreamsBuilder b) {
        toOutput(open(byValue(b)).count());
    }

    @Case(id = "session-count-store-named", note = "a named store, with repartition")
    static void sessionCountStoreNamed(StreamsBuilder b) {
        toOutput(open(byValue(b)).count(store()));
    }

    @Case(id = "session-count-named", note = "a processor name")
    static void sessionCountNamed(StreamsBuilder b) {
        toOutput(open(byKey(b)).count(Named.as("my-count")));
    }

    @Case(id = "session-count-named-materialized", note = "both names, and a Grouped name")
    static void sessionCountNamedMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        toOutput(open(in.groupBy((key, value) -> value, Grouped.as("by-value"))).count(Named.as("my-count"), store()));
    }

    @Case(id = "session-count-materialized-unnamed", note = "Materialized without a store name burns one more index")
    static void sessionCountMaterializedUnnamed(StreamsBuilder b) {
        toOutput(open(byKey(b)).count(Materialized.with(Serdes.String(), Serdes.Long())));
    }

    @Case(id = "session-count-retention", note = "a longer retention shows in the changelog's config; late records")
    static void sessionCountRetention(StreamsBuilder b) {
        toOutput(closing(byKey(b)).count(SessionWindowings.<Long>store().withRetention(Duration.ofHours(2))));
    }

    @Case(id = "session-count-no-cache", note = "each change at once; late records")
    static void sessionCountNoCache(StreamsBuilder b) {
        toOutput(closing(byKey(b)).count(SessionWindowings.<Long>store().withCachingDisabled()));
    }

    @Case(id = "session-count-no-grace", note = "no grace, each change at once")
    static void sessionCountNoGrace(StreamsBuilder b) {
        toOutput(byKey(b).windowedBy(SessionWindows.ofInactivityGapWithNoGrace(Duration.ofMillis(12_345)))
            .count(SessionWindowings.<Long>store().withCachingDisabled()));
    }

    @Case(id = "session-count-no-gap", note = "only records of one millisecond are a session")
    static void sessionCountNoGap(StreamsBuilder b) {
        toOutput(byKey(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ZERO, LONG)).count());
    }

    @Case(id = "session-count-in-memory", note = "in memory, late records, a longer retention")
    static void sessionCountInMemory(StreamsBuilder b) {
        toOutput(closing(byKey(b)).count(SessionWindowings.<Long>store()
            .withStoreType(Materialized.StoreType.IN_MEMORY).withRetention(Duration.ofHours(2))));
    }

    @Case(id = "session-count-in-memory-no-cache", note = "in memory, each change at once; late records")
    static void sessionCountInMemoryNoCache(StreamsBuilder b) {
        toOutput(closing(byKey(b)).count(SessionWindowings.<Long>store()
            .withStoreType(Materialized.StoreType.IN_MEMORY).withCachingDisabled()));
    }

    @Case(id = "session-count-no-changelog", note = "without a changelog")
    static void sessionCountNoChangelog(StreamsBuilder b) {
        toOutput(closing(byKey(b)).count(SessionWindowings.<Long>store().withLoggingDisabled().withCachingDisabled()));
    }

    @Case(id = "session-count-mapped", note = "followed by toStream and map")
    static void sessionCountMapped(StreamsBuilder b) {
        closing(byKey(b)).count(SessionWindowings.<Long>store().withCachingDisabled())
            .toStream()
            .map((windowed, count) -> KeyValue.pair(
                windowed.key() + "@" + windowed.window().start() + "/" + windowed.window().end(), count == null ? null : "" + count))
            .to("output", Produced.with(Serdes.String(), Serdes.String()));
    }

    @Case(id = "session-count-filtered", note = "followed by a filter of the table")
    static void sessionCountFiltered(StreamsBuilder b) {
        toOutput(open(byKey(b)).count().filter((windowed, count) -> count % 2 == 0));
    }

    @Case(id = "session-count-filtered-materialized", note = "followed by a filter of the table that is kept")
    static void sessionCountFilteredMaterialized(StreamsBuilder b) {
        Materialized<Windowed<String>, Long, KeyValueStore<Bytes, byte[]>> filtered = Materialized.as("filtered");
        toOutput(open(byKey(b)).count().filter((windowed, count) -> count > 1,
            filtered.withKeySerde(WindowedSerdes.sessionWindowedSerdeFrom(String.class)).withValueSerde(Serdes.Long())));
    }

    @Case(id = "session-count-map-values", note = "followed by mapValues of the table")
    static void sessionCountMapValues(StreamsBuilder b) {
        textsToOutput(open(byKey(b)).count().mapValues(count -> "" + count));
    }

    @Case(id = "session-count-joined", note = "each change looks up its own session in the table")
    static void sessionCountJoined(StreamsBuilder b) {
        KTable<Windowed<String>, Long> counts = closing(byKey(b)).count(SessionWindowings.<Long>store().withCachingDisabled());
        counts.toStream().join(counts, (one, other) -> one + "/" + other)
            .to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.String()));
    }

    @Case(id = "session-count-after-select-key", note = "the key was changed before")
    static void sessionCountAfterSelectKey(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        toOutput(open(in.selectKey((key, value) -> value).groupByKey()).count());
    }

    @Case(id = "session-count-two-gaps", note = "one grouping, two kinds of sessions")
    static void sessionCountTwoGaps(StreamsBuilder b) {
        KGroupedStream<String, String> grouped = byKey(b);
        toOutput(open(grouped).count());
        toOutput(grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(1), LONG)).count());
    }

    @Case(id = "session-reduce", note = "unnamed")
    static void sessionReduce(StreamsBuilder b) {
        textsToOutput(open(byKey(b)).reduce((one, other) -> one + other));
    }

    @Case(id = "session-reduce-store-named", note = "a named store, with repartition")
    static void sessionReduceStoreNamed(StreamsBuilder b) {
        textsToOutput(open(byValue(b)).reduce((one, other) -> one + other, store()));
    }

    @Case(id = "session-reduce-named", note = "a processor name")
    static void sessionReduceNamed(StreamsBuilder b) {
        textsToOutput(open(byKey(b)).reduce((one, other) -> one + other, Named.as("my-reduce")));
    }

    @Case(id = "session-reduce-materialized-unnamed", note = "Materialized without a store name burns no index here")
    static void sessionReduceMaterializedUnnamed(StreamsBuilder b) {
        textsToOutput(open(byKey(b)).reduce((one, other) -> one + other, texts()));
    }

    @Case(id = "session-reduce-no-cache", note = "each change at once; late records")
    static void sessionReduceNoCache(StreamsBuilder b) {
        textsToOutput(closing(byKey(b)).reduce((one, other) -> one + other, SessionWindowings.<String>store().withCachingDisabled()));
    }

    @Case(id = "session-aggregate", note = "unnamed: the order of what is merged can be seen")
    static void sessionAggregate(StreamsBuilder b) {
        textsToOutput(open(byKey(b)).aggregate(NOTHING, APPEND, JOIN));
    }

    @Case(id = "session-aggregate-store-named", note = "a named store, with repartition")
    static void sessionAggregateStoreNamed(StreamsBuilder b) {
        textsToOutput(open(byValue(b)).aggregate(NOTHING, APPEND, JOIN, store()));
    }

    @Case(id = "session-aggregate-named", note = "a processor name")
    static void sessionAggregateNamed(StreamsBuilder b) {
        textsToOutput(open(byKey(b)).aggregate(NOTHING, APPEND, JOIN, Named.as("my-aggregate")));
    }

    @Case(id = "session-aggregate-materialized-unnamed", note = "Materialized without a store name burns no index here")
    static void sessionAggregateMaterializedUnnamed(StreamsBuilder b) {
        textsToOutput(open(byKey(b)).aggregate(NOTHING, APPEND, JOIN, texts()));
    }

    @Case(id = "session-aggregate-no-cache", note = "each change at once; late records")
    static void sessionAggregateNoCache(StreamsBuilder b) {
        textsToOutput(closing(byKey(b)).aggregate(NOTHING, APPEND, JOIN, SessionWindowings.<String>store().withCachingDisabled()));
    }
}
