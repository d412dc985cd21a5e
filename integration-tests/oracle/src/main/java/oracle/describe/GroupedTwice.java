package oracle.describe;

import java.time.Duration;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindows;

/** Several aggregations of one stream. */
final class GroupedTwice {
    private GroupedTwice() {}

    @Case(id = "group-by-key-twice", note = "two groupByKey of one stream, no repartition")
    static void groupByKeyTwice(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().count().toStream().to("counts");
        in.groupByKey().reduce((left, right) -> left + right).toStream().to("reduced");
    }

    @Case(id = "group-by-key-twice-after-key-change", note = "two groupByKey of one re-keyed stream: two repartition topics")
    static void groupByKeyTwiceAfterKeyChange(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KStream<String, String> keyed = in.selectKey((key, value) -> value);
        keyed.groupByKey().count().toStream().to("counts");
        keyed.groupByKey().reduce((left, right) -> left + right).toStream().to("reduced");
    }

    @Case(id = "grouped-stream-twice", note = "two aggregations on one KGroupedStream, unnamed: two repartition topics")
    static void groupedStreamTwice(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KGroupedStream<String, String> grouped = in.groupBy((key, value) -> value);
        grouped.count().toStream().to("counts");
        grouped.reduce((left, right) -> left + right).toStream().to("reduced");
    }

    @Case(id = "grouped-stream-twice-named", note = "two aggregations on one named KGroupedStream share the repartition topic; the indices burn again")
    static void groupedStreamTwiceNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KGroupedStream<String, String> grouped = in.groupBy((key, value) -> value, Grouped.as("by-value"));
        grouped.count().toStream().to("counts");
        grouped.reduce((left, right) -> left + right).toStream().to("reduced");
    }

    @Case(id = "grouped-stream-twice-stores-named", note = "unnamed Grouped, named stores: two topics named after the stores")
    static void groupedStreamTwiceStoresNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KGroupedStream<String, String> grouped = in.groupBy((key, value) -> value);
        grouped.count(Materialized.as("counts-store")).toStream().to("counts");
        grouped.reduce((left, right) -> left + right, Materialized.as("reduced-store")).toStream().to("reduced");
    }

    @Case(id = "grouped-stream-count-and-window", note = "a count and a windowed count of one named KGroupedStream")
    static void groupedStreamCountAndWindow(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KGroupedStream<String, String> grouped = in.groupBy((key, value) -> value, Grouped.as("by-value"));
        grouped.count().toStream().to("counts");
        grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10))).count().toStream().foreach((key, value) -> {});
    }

    @Case(id = "count-of-count", note = "an aggregate of an aggregate")
    static void countOfCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .count()
            .toStream()
            .groupBy((key, value) -> value)
            .count()
            .toStream()
            .foreach((key, value) -> {});
    }
}
