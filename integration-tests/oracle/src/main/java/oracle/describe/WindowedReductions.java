package oracle.describe;

import java.time.Duration;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.TimeWindows;

/** reduce and aggregate in windows. */
final class WindowedReductions {
    private WindowedReductions() {}

    @Case(id = "windowed-reduce", note = "unnamed")
    static void windowedReduce(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .reduce((left, right) -> left + right)
            .toStream()
            .foreach((key, value) -> {});
    }

    @Case(id = "windowed-reduce-store-named", note = "a named store, with repartition")
    static void windowedReduceStoreNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value)
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .reduce((left, right) -> left + right, Materialized.as("my-store"))
            .toStream()
            .foreach((key, value) -> {});
    }

    @Case(id = "windowed-reduce-named", note = "a processor name")
    static void windowedReduceNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .reduce((left, right) -> left + right, Named.as("my-reduce"))
            .toStream()
            .foreach((key, value) -> {});
    }

    @Case(id = "windowed-reduce-materialized-unnamed", note = "Materialized without a store name")
    static void windowedReduceMaterializedUnnamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .reduce((left, right) -> left + right, Materialized.with(Serdes.String(), Serdes.String()))
            .toStream()
            .foreach((key, value) -> {});
    }

    @Case(id = "windowed-aggregate", note = "unnamed")
    static void windowedAggregate(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .aggregate(() -> 0L, (key, value, sum) -> sum + 1)
            .toStream()
            .foreach((key, value) -> {});
    }

    @Case(id = "windowed-aggregate-store-named", note = "a named store, with repartition")
    static void windowedAggregateStoreNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value)
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .aggregate(() -> 0L, (key, value, sum) -> sum + 1, Materialized.as("my-store"))
            .toStream()
            .foreach((key, value) -> {});
    }

    @Case(id = "windowed-aggregate-named", note = "a processor name")
    static void windowedAggregateNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .aggregate(() -> 0L, (key, value, sum) -> sum + 1, Named.as("my-aggregate"))
            .toStream()
            .foreach((key, value) -> {});
    }

    @Case(id = "windowed-aggregate-materialized-unnamed", note = "Materialized without a store name")
    static void windowedAggregateMaterializedUnnamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5)))
            .aggregate(() -> 0L, (key, value, sum) -> sum + 1, Materialized.with(Serdes.String(), Serdes.Long()))
            .toStream()
            .foreach((key, value) -> {});
    }
}
