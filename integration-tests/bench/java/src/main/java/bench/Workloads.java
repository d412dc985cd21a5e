package bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;

/** The programs that are measured; the other engines run the same ones. */
final class Workloads {
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final Duration LONG_WINDOW = Duration.ofSeconds(60);
    private static final Duration ADVANCE = Duration.ofSeconds(5);
    private static final Duration GAP = Duration.ofSeconds(5);
    private static final Duration SESSION_GRACE = Duration.ofSeconds(1);
    private static final Duration SUPPRESSED_WINDOW = Duration.ofSeconds(2);
    private static final Duration JOIN_WINDOW = Duration.ofSeconds(10);

    private Workloads() {}

    private static KTable<Windowed<String>, Long> count(KStream<String, String> input, TimeWindows windows) {
        return input.groupByKey(Grouped.with(Serdes.String(), Serdes.String())).windowedBy(windows).count();
    }

    private static void write(KTable<Windowed<String>, Long> counts, Duration size, Arguments arguments) {
        counts.toStream().to(
            arguments.output(), Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis()), Serdes.Long()));
    }

    /** A table that is joined with another by a part of its values; it reads no stream. */
    private static Topology foreignKeyJoin(Arguments arguments) {
        StreamsBuilder builder = new StreamsBuilder();
        Serde<String> text = Serdes.String();
        KTable<String, String> categories = builder.table("bench-categories", Consumed.with(text, text));
        builder.table(arguments.input(), Consumed.with(text, text))
            .join(categories, row -> row.substring(34, 38), (row, category) -> row + category)
            .toStream()
            .to(arguments.output(), Produced.with(text, text));
        return builder.build();
    }

    static Topology topology(Arguments arguments) {
        if (arguments.workload().equals("fk-join")) {
            return foreignKeyJoin(arguments);
        }
        StreamsBuilder builder = new StreamsBuilder();
        Serde<String> text = Serdes.String();
        KStream<String, String> input = builder.stream(arguments.input(), Consumed.with(text, text));
        switch (arguments.workload()) {
            case "pipe" -> input
                .filter((key, value) -> value.endsWith("1}"))
                .mapValues(value -> value.toUpperCase(Locale.ROOT))
                .to(arguments.output(), Produced.with(text, text));
            case "count", "count-large" -> input
                .groupByKey(Grouped.with(text, text))
                .count()
                .toStream()
                .to(arguments.output(), Produced.with(text, Serdes.Long()));
            case "word-count" -> input
                .flatMapValues(line -> Arrays.asList(line.split(" ")))
                .groupBy((key, word) -> word, Grouped.with(text, text))
                .count()
                .toStream()
                .to(arguments.output(), Produced.with(text, Serdes.Long()));
            case "window" -> write(count(input, TimeWindows.ofSizeWithNoGrace(WINDOW)), WINDOW, arguments);
            case "tumbling" -> write(count(input, TimeWindows.ofSizeWithNoGrace(LONG_WINDOW)), LONG_WINDOW, arguments);
            case "hopping" -> write(count(input, TimeWindows.ofSizeWithNoGrace(LONG_WINDOW).advanceBy(ADVANCE)), LONG_WINDOW, arguments);
            case "session" -> input
                .groupByKey(Grouped.with(text, text))
                .windowedBy(SessionWindows.ofInactivityGapAndGrace(GAP, SESSION_GRACE))
                .count()
                .toStream()
                .to(arguments.output(), Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
            case "suppress" -> write(
                count(input, TimeWindows.ofSizeWithNoGrace(SUPPRESSED_WINDOW)).suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())),
                SUPPRESSED_WINDOW, arguments);
            case "stream-join" -> input
                .join(builder.stream("bench-answers", Consumed.with(text, text)), (question, answer) -> question + answer,
                    JoinWindows.ofTimeDifferenceWithNoGrace(JOIN_WINDOW), StreamJoined.with(text, text, text))
                .to(arguments.output(), Produced.with(text, text));
            case "stream-table-join" -> input
                .join(builder.table("bench-rows", Consumed.with(text, text)), (value, row) -> value + row, Joined.with(text, text, text))
                .to(arguments.output(), Produced.with(text, text));
            default -> throw new IllegalArgumentException("no workload " + arguments.workload());
        }
        return builder.build();
    }
}
