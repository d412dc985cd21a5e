package oracle.describe;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Repartitioned;

/** repartition(). */
final class Repartitions {
    private Repartitions() {}

    @Case(id = "repartition", note = "unnamed")
    static void repartition(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.repartition().to("output");
    }

    @Case(id = "repartition-named", note = "named: the topic, and no index for the operator")
    static void repartitionNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.repartition(Repartitioned.as("by-region")).to("output");
    }

    @Case(id = "repartition-partitions", note = "unnamed, with a number of partitions")
    static void repartitionPartitions(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.repartition(Repartitioned.numberOfPartitions(7)).to("output");
    }

    @Case(id = "repartition-named-partitions", note = "named, with a number of partitions")
    static void repartitionNamedPartitions(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.repartition(Repartitioned.<String, String>as("by-region").withNumberOfPartitions(7)).to("output");
    }

    @Case(id = "repartition-then-count", note = "after an explicit repartition no other one is needed")
    static void repartitionThenCount(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value)
            .repartition()
            .groupByKey()
            .count()
            .toStream()
            .to("output");
    }

    @Case(id = "repartition-twice", note = "two of them in a row")
    static void repartitionTwice(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.repartition(Repartitioned.as("one")).selectKey((key, value) -> value).repartition().mapValues(value -> value).to("output");
    }

    @Case(id = "repartition-then-table-join", note = "repartition sets the partitions of the join with a table")
    static void repartitionThenTableJoin(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value)
            .repartition(Repartitioned.as("re-keyed"))
            .join(table, (value, other) -> value + other)
            .to("output");
    }
}
