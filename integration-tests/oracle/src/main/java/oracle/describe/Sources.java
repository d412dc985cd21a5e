package oracle.describe;

import java.util.List;
import java.util.regex.Pattern;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;

/** Where records come from. */
final class Sources {
    private Sources() {}

    @Case(id = "stream-two-topics", note = "one source of two topics")
    static void streamTwoTopics(StreamsBuilder b) {
        KStream<String, String> in = b.stream(List.of("a", "b"));
        in.to("output");
    }

    @Case(id = "stream-named", note = "Consumed.as: an index is burned")
    static void streamNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input", Consumed.as("my-source"));
        in.mapValues(value -> value).to("output");
    }

    @Case(id = "stream-pattern", note = "a source by pattern")
    static void streamPattern(StreamsBuilder b) {
        KStream<String, String> in = b.stream(Pattern.compile("input-.*"));
        in.to("output");
    }

    @Case(id = "stream-same-topic-twice", note = "two streams of one topic become one source; the second index stays burned")
    static void streamSameTopicTwice(StreamsBuilder b) {
        KStream<String, String> first = b.stream("input");
        KStream<String, String> second = b.stream("input");
        first.to("output-1");
        second.to("output-2");
    }

    @Case(id = "stream-same-topics-twice-merged", note = "the same with a merge of both")
    static void streamSameTopicsTwiceMerged(StreamsBuilder b) {
        KStream<String, String> first = b.stream(List.of("a", "b"));
        KStream<String, String> second = b.stream(List.of("a", "b"));
        first.filter((key, value) -> true).merge(second.filter((key, value) -> false)).to("output");
    }

    @Case(id = "table-source", note = "a table that nobody reads: no store")
    static void tableSource(StreamsBuilder b) {
        b.table("input");
    }

    @Case(id = "table-source-named", note = "Consumed.as on a table")
    static void tableSourceNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("input", Consumed.as("my-table"));
        table.toStream().to("output");
    }

    @Case(id = "table-source-materialized", note = "a table with a named store")
    static void tableSourceMaterialized(StreamsBuilder b) {
        KTable<String, String> table = b.table("input", Materialized.as("my-store"));
        table.toStream().to("output");
    }

    @Case(id = "global-table-joined", note = "a stream joined with a global table")
    static void globalTableJoined(StreamsBuilder b) {
        GlobalKTable<String, String> global = b.globalTable("global");
        KStream<String, String> in = b.stream("input");
        in.join(global, (key, value) -> value, (value, other) -> value + other).to("output");
    }
}
