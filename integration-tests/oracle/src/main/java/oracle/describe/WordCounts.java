package oracle.describe;

import java.util.Arrays;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;

/** Word count, the first program of everybody. */
final class WordCounts {
    private WordCounts() {}

    @Case(id = "word-count", note = "unnamed count after groupBy")
    static void wordCount(StreamsBuilder b) {
        KStream<String, String> lines = b.stream("lines");
        lines.flatMapValues(line -> Arrays.asList(line.split(" ")))
            .groupBy((key, word) -> word)
            .count()
            .toStream()
            .to("counts");
    }

    @Case(id = "word-count-store-named", note = "the store's name becomes the prefix of the repartition topic and of its nodes")
    static void wordCountStoreNamed(StreamsBuilder b) {
        KStream<String, String> lines = b.stream("lines");
        lines.flatMapValues(line -> Arrays.asList(line.split(" ")))
            .groupBy((key, word) -> word)
            .count(Materialized.as("counts-store"))
            .toStream()
            .to("counts");
    }

    @Case(id = "word-count-grouped-named", note = "Grouped.as names the key-selecting node and the repartition topic")
    static void wordCountGroupedNamed(StreamsBuilder b) {
        KStream<String, String> lines = b.stream("lines");
        lines.flatMapValues(line -> Arrays.asList(line.split(" ")))
            .groupBy((key, word) -> word, Grouped.as("by-word"))
            .count()
            .toStream()
            .to("counts");
    }

    @Case(id = "word-count-all-named", note = "every operator has a name")
    static void wordCountAllNamed(StreamsBuilder b) {
        KStream<String, String> lines = b.stream("lines", Consumed.as("lines-source"));
        lines.flatMapValues(line -> Arrays.asList(line.split(" ")), Named.as("split"))
            .groupBy((key, word) -> word, Grouped.as("by-word"))
            .count(Named.as("count"), Materialized.as("counts-store"))
            .toStream(Named.as("counts-stream"))
            .to("counts", Produced.as("counts-sink"));
    }
}
