package oracle.describe;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;

/** reduce over streams, in every way of naming. */
final class Reductions {
    private Reductions() {}

    @Case(id = "reduce", note = "unnamed")
    static void reduce(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().reduce((left, right) -> left + right).toStream().to("output");
    }

    @Case(id = "reduce-after-group-by", note = "unnamed, with repartition")
    static void reduceAfterGroupBy(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).reduce((left, right) -> left + right).toStream().to("output");
    }

    @Case(id = "reduce-materialized", note = "a named store, with repartition")
    static void reduceMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).reduce((left, right) -> left + right, Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "reduce-materialized-unnamed", note = "Materialized without a store name: no more index than without it")
    static void reduceMaterializedUnnamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey().reduce((left, right) -> left + right, Materialized.with(Serdes.String(), Serdes.String())).toStream().to("output");
    }

    @Case(id = "reduce-named-materialized", note = "both names")
    static void reduceNamedMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value, Grouped.as("by-value")).reduce((left, right) -> left + right, Named.as("my-reduce"), Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "reduce-named", note = "a processor name, no store name")
    static void reduceNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupBy((key, value) -> value).reduce((left, right) -> left + right, Named.as("my-reduce"), Materialized.with(Serdes.String(), Serdes.String())).toStream().to("output");
    }
}
