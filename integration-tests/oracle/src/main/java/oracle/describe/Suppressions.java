package oracle.describe;

import java.time.Duration;
import java.util.Map;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** Tables whose changes are held back. */
final class Suppressions {
    private static final TimeWindows TUMBLING = TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5));

    private Suppressions() {}

    private static KTable<String, String> table(StreamsBuilder b) {
        return b.table("table");
    }

    private static TimeWindowedKStream<String, String> windows(StreamsBuilder b, TimeWindows windows) {
        KStream<String, String> in = b.stream("input");
        return in.groupByKey(Grouped.with(Serdes.String(), Serdes.String())).windowedBy(windows);
    }

    private static void windowed(KTable<Windowed<String>, Long> table) {
        table.toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.Long()));
    }

    private static Suppressed<String> limit(long seconds) {
        return Suppressed.untilTimeLimit(Duration.ofSeconds(seconds), BufferConfig.unbounded());
    }

    @Case(id = "suppress-time-limit", note = "a source table, which is kept for it")
    static void suppressTimeLimit(StreamsBuilder b) {
        table(b).suppress(limit(10)).toStream().to("output");
    }

    @Case(id = "suppress-time-limit-zero", note = "nothing is held back for long")
    static void suppressTimeLimitZero(StreamsBuilder b) {
        table(b).suppress(limit(0)).toStream().to("output");
    }

    @Case(id = "suppress-named", note = "a name for node and store burns no index")
    static void suppressNamed(StreamsBuilder b) {
        table(b).suppress(limit(5).withName("held-back")).toStream().to("output");
    }

    @Case(id = "suppress-max-records", note = "two rows, then the oldest early")
    static void suppressMaxRecords(StreamsBuilder b) {
        table(b).suppress(Suppressed.untilTimeLimit(Duration.ofSeconds(30), BufferConfig.maxRecords(2))).toStream().to("output");
    }

    @Case(id = "suppress-max-bytes", note = "so many bytes, then the oldest early")
    static void suppressMaxBytes(StreamsBuilder b) {
        table(b).suppress(Suppressed.untilTimeLimit(Duration.ofMinutes(1), BufferConfig.maxBytes(115))).toStream().to("output");
    }

    @Case(id = "suppress-max-records-and-bytes", note = "both limits")
    static void suppressMaxRecordsAndBytes(StreamsBuilder b) {
        table(b).suppress(Suppressed.untilTimeLimit(Duration.ofMinutes(5), BufferConfig.maxRecords(3).withMaxBytes(90))).toStream().to("output");
    }

    @Case(id = "suppress-shut-down-when-full", note = "limits that are not reached")
    static void suppressShutDownWhenFull(StreamsBuilder b) {
        table(b).suppress(Suppressed.untilTimeLimit(Duration.ofSeconds(30), BufferConfig.maxRecords(1000).shutDownWhenFull())).toStream().to("output");
    }

    @Case(id = "suppress-logging-disabled", note = "no changelog for the buffer")
    static void suppressLoggingDisabled(StreamsBuilder b) {
        table(b).suppress(Suppressed.untilTimeLimit(Duration.ofSeconds(10), BufferConfig.maxRecords(3).withLoggingDisabled())).toStream().to("output");
    }

    @Case(id = "suppress-logging-configs", note = "configs for the buffer's changelog")
    static void suppressLoggingConfigs(StreamsBuilder b) {
        table(b).suppress(Suppressed.untilTimeLimit(Duration.ofSeconds(10), BufferConfig.unbounded().withLoggingEnabled(Map.of("min.insync.replicas", "2"))))
            .toStream().to("output");
    }

    @Case(id = "suppress-count", note = "a count, which is not windowed")
    static void suppressCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count().suppress(limit(5)).toStream().to("output");
    }

    @Case(id = "suppress-reduce-re-keyed", note = "values behind a repartition, named, without a cache")
    static void suppressReduceReKeyed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).reduce((left, right) -> left + right,
            Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("texts").withCachingDisabled()).suppress(limit(5)).toStream().to("output");
    }

    @Case(id = "suppress-mapped", note = "behind a mapping that is not kept: its source is")
    static void suppressMapped(StreamsBuilder b) {
        table(b).mapValues(value -> value + "!").suppress(limit(5)).toStream().to("output");
    }

    @Case(id = "suppress-filter-materialized", note = "behind a filter with a store, twice")
    static void suppressFilterMaterialized(StreamsBuilder b) {
        KTable<String, String> filtered = table(b).filter((key, value) -> !value.equals("c"), Materialized.as("filtered"));
        filtered.suppress(limit(5)).toStream().to("output-1");
        filtered.suppress(limit(10)).toStream().to("output-2");
    }

    @Case(id = "suppress-twice", note = "one behind the other")
    static void suppressTwice(StreamsBuilder b) {
        table(b).suppress(limit(0)).suppress(limit(10)).toStream().to("output");
    }

    @Case(id = "suppress-then-mapped", note = "mapped behind it")
    static void suppressThenMapped(StreamsBuilder b) {
        table(b).suppress(limit(5)).mapValues(value -> value + "!").toStream().to("output");
    }

    @Case(id = "suppress-then-joined", note = "a join sees what was emitted, else what the parent has")
    static void suppressThenJoined(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table(b).suppress(limit(5)), (value, row) -> value + row).to("output");
    }

    @Case(id = "suppress-mapped-then-joined", note = "a join reads through mappings on both sides of it")
    static void suppressMappedThenJoined(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.leftJoin(table(b).mapValues(value -> value + "!").suppress(limit(30)).mapValues(value -> value + "?"), (value, row) -> value + row).to("output");
    }

    @Case(id = "suppress-window-closes", note = "final counts, with grace")
    static void suppressWindowCloses(StreamsBuilder b) {
        windowed(windows(b, TUMBLING).count().suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())));
    }

    @Case(id = "suppress-window-closes-no-grace", note = "final counts, no grace")
    static void suppressWindowClosesNoGrace(StreamsBuilder b) {
        windowed(windows(b, TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10))).count().suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())));
    }

    @Case(id = "suppress-window-closes-hopping", note = "final values of hopping windows, named, without a cache")
    static void suppressWindowClosesHopping(StreamsBuilder b) {
        TimeWindows hopping = TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(2)).advanceBy(Duration.ofSeconds(3));
        windows(b, hopping).reduce((left, right) -> left + right, Materialized.<String, String, WindowStore<Bytes, byte[]>>as("texts").withCachingDisabled())
            .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName("final"))
            .toStream().to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10_000L), Serdes.String()));
    }

    @Case(id = "suppress-window-closes-bounded", note = "bounds that are not reached, and no changelog")
    static void suppressWindowClosesBounded(StreamsBuilder b) {
        windowed(windows(b, TUMBLING).count().suppress(
            Suppressed.untilWindowCloses(BufferConfig.maxRecords(1000).withMaxBytes(1_000_000).shutDownWhenFull().withLoggingDisabled())));
    }

    @Case(id = "suppress-window-closes-filtered", note = "the grace is found behind a filter, and deletions are not final results")
    static void suppressWindowClosesFiltered(StreamsBuilder b) {
        windowed(windows(b, TUMBLING).count().filter((key, count) -> count != 2).suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())));
    }

    @Case(id = "suppress-window-closes-re-keyed", note = "windows behind a repartition")
    static void suppressWindowClosesReKeyed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        windowed(in.groupBy((key, value) -> value, Grouped.with("by-value", Serdes.String(), Serdes.String())).windowedBy(TUMBLING).count()
            .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())));
    }

    @Case(id = "suppress-window-closes-cogrouped", note = "the grace is found behind a cogroup")
    static void suppressWindowClosesCogrouped(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        windowed(left.groupByKey().<Long>cogroup((key, value, count) -> count + 1).cogroup(right.groupByKey(), (key, value, count) -> count + 100)
            .windowedBy(TUMBLING).aggregate(() -> 0L,
                Materialized.<String, Long, WindowStore<Bytes, byte[]>>with(Serdes.String(), Serdes.Long()).withRetention(Duration.ofHours(2)))
            .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())));
    }

    @Case(id = "suppress-windowed-time-limit", note = "windowed counts held back for a while")
    static void suppressWindowedTimeLimit(StreamsBuilder b) {
        windowed(windows(b, TUMBLING).count().suppress(Suppressed.untilTimeLimit(Duration.ofSeconds(5), BufferConfig.unbounded())));
    }

    @Case(id = "suppress-window-closes-sliding", note = "final counts of windows that hold both their ends; no record is on the edge of the grace")
    static void suppressWindowClosesSliding(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        windowed(in.groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
            .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofMillis(7_345))).count()
            .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())));
    }

    @Case(id = "suppress-window-closes-sessions", note = "the same by session; none expires")
    static void suppressWindowClosesSessions(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
            .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(10), Duration.ofMillis(7_345)))
            .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>with(Serdes.String(), Serdes.Long()).withRetention(Duration.ofHours(2)))
            .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))
            .toStream().to("output", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
    }

    @Case(id = "suppress-window-closes-re-grouped", note = "final counts by key again")
    static void suppressWindowClosesReGrouped(StreamsBuilder b) {
        windows(b, TUMBLING).count().suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))
            .toStream((windowed, count) -> windowed.key()).groupByKey().count().toStream().to("output");
    }
}
