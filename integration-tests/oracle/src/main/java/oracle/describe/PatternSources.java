package oracle.describe;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindows;

/** Streams of every topic whose name matches. */
final class PatternSources {
    private PatternSources() {}

    private static final Pattern INPUTS = Pattern.compile("input-[0-9]+");

    @Case(id = "pattern-named", note = "Consumed.as on a pattern")
    static void patternNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream(INPUTS, Consumed.as("my-source"));
        in.mapValues(value -> value + "!").to("output");
    }

    @Case(id = "pattern-count", note = "a store behind a pattern")
    static void patternCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream(INPUTS);
        in.groupByKey().count(Materialized.as("counts")).toStream().to("output");
    }

    @Case(id = "pattern-re-keyed-then-count", note = "a repartition topic behind a pattern")
    static void patternReKeyedThenCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream(INPUTS);
        in.groupBy((key, value) -> value).count().toStream().to("output");
    }

    @Case(id = "pattern-twice", note = "equal patterns are one source")
    static void patternTwice(StreamsBuilder b) {
        KStream<String, String> first = b.stream(Pattern.compile("input-.*"));
        KStream<String, String> second = b.stream(Pattern.compile("input-.*"));
        first.to("output-1");
        second.mapValues(value -> value + "!").to("output-2");
    }

    @Case(id = "pattern-and-topic-merged", note = "a pattern and a topic, merged")
    static void patternAndTopicMerged(StreamsBuilder b) {
        KStream<String, String> in = b.stream(INPUTS);
        KStream<String, String> other = b.stream(List.of("other", "another"));
        in.merge(other).to("output");
    }

    @Case(id = "pattern-alternatives-merged", note = "two patterns that have no topic in common, merged and counted")
    static void patternAlternativesMerged(StreamsBuilder b) {
        KStream<String, String> in = b.stream(Pattern.compile("(left|right)-\\d"));
        KStream<String, String> orders = b.stream(Pattern.compile("orders\\.(eu|us)"));
        in.merge(orders).groupByKey().count().toStream().to("output");
    }

    @Case(id = "pattern-join-table", note = "a stream of a pattern joined with a table")
    static void patternJoinTable(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream(INPUTS);
        in.join(table, (value, other) -> value + other).to("output");
    }

    @Case(id = "pattern-join-global", note = "a stream of a pattern joined with a global table")
    static void patternJoinGlobal(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream(INPUTS);
        in.leftJoin(global, (key, value) -> value, (value, other) -> value + other).to("output");
    }

    @Case(id = "pattern-join-stream", note = "a stream of a pattern joined with another stream")
    static void patternJoinStream(StreamsBuilder b) {
        KStream<String, String> in = b.stream(INPUTS);
        KStream<String, String> other = b.stream("other");
        in.join(other, (value, right) -> value + right, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(10))).to("output");
    }

    @Case(id = "pattern-windowed-count", note = "windows over a pattern")
    static void patternWindowedCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream(INPUTS);
        in.groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .count(Materialized.as("counts")).toStream((window, count) -> window.key() + "@" + window.window().start()).to("output");
    }

    @Case(id = "pattern-to-table", note = "a stream of a pattern as a table")
    static void patternToTable(StreamsBuilder b) {
        KStream<String, String> in = b.stream(INPUTS);
        in.toTable(Materialized.as("newest")).toStream().to("output");
    }

    @Case(id = "pattern-branches", note = "a pattern source with several children")
    static void patternBranches(StreamsBuilder b) {
        KStream<String, String> in = b.stream(Pattern.compile(".*-1"), Consumed.as("ones"));
        in.filter((key, value) -> value.length() > 1).to("long");
        in.selectKey((key, value) -> value).repartition().to("output");
    }
}
