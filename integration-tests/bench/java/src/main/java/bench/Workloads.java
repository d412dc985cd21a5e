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
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;

/** The programs that are measured; the other engines run the same ones. */
final class Workloads {
    private static final Duration WINDOW = Duration.ofSeconds(10);

    private Workloads() {}

    static Topology topology(Arguments arguments) {
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
            case "window" -> input
                .groupByKey(Grouped.with(text, text))
                .windowedBy(TimeWindows.ofSizeWithNoGrace(WINDOW))
                .count()
                .toStream()
                .to(arguments.output(), Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, WINDOW.toMillis()), Serdes.Long()));
            default -> throw new IllegalArgumentException("no workload " + arguments.workload());
        }
        return builder.build();
    }
}
