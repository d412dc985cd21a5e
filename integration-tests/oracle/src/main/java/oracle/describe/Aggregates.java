package oracle.describe;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;

/** aggregate over streams, in every way of naming. */
final class Aggregates {
    private Aggregates() {}

    @Case(id = "aggregate", note = "unnamed")
    static void aggregate(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().aggregate(() -> 0L, (key, value, sum) -> sum + 1).toStream().to("output");
    }

    @Case(id = "aggregate-after-group-by", note = "unnamed, with repartition")
    static void aggregateAfterGroupBy(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).aggregate(() -> 0L, (key, value, sum) -> sum + 1).toStream().to("output");
    }

    @Case(id = "aggregate-materialized", note = "a named store, with repartition")
    static void aggregateMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).aggregate(() -> 0L, (key, value, sum) -> sum + 1, Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "aggregate-materialized-unnamed", note = "Materialized without a store name")
    static void aggregateMaterializedUnnamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().aggregate(() -> 0L, (key, value, sum) -> sum + 1, Materialized.with(Serdes.String(), Serdes.Long())).toStream().to("output");
    }

    @Case(id = "aggregate-named-materialized", note = "both names")
    static void aggregateNamedMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value, Grouped.as("by-value")).aggregate(() -> 0L, (key, value, sum) -> sum + 1, Named.as("my-aggregate"), Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "aggregate-named", note = "a processor name, no store name")
    static void aggregateNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).aggregate(() -> 0L, (key, value, sum) -> sum + 1, Named.as("my-aggregate"), Materialized.with(Serdes.String(), Serdes.Long())).toStream().to("output");
    }
}
