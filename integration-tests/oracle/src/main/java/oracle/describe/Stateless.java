package oracle.describe;

import java.util.List;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Printed;

/** Operators without state. */
final class Stateless {
    private Stateless() {}

    @Case(id = "filter", note = "one operator between source and sink")
    static void filter(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.filter((key, value) -> true).to("output");
    }

    @Case(id = "filter-named", note = "the same with a name")
    static void filterNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.filter((key, value) -> true, Named.as("my-op")).to("output");
    }

    @Case(id = "filter-not", note = "one operator between source and sink")
    static void filterNot(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.filterNot((key, value) -> false).to("output");
    }

    @Case(id = "filter-not-named", note = "the same with a name")
    static void filterNotNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.filterNot((key, value) -> false, Named.as("my-op")).to("output");
    }

    @Case(id = "map", note = "one operator between source and sink")
    static void map(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.map((key, value) -> KeyValue.pair(value, key)).to("output");
    }

    @Case(id = "map-named", note = "the same with a name")
    static void mapNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.map((key, value) -> KeyValue.pair(value, key), Named.as("my-op")).to("output");
    }

    @Case(id = "map-values", note = "one operator between source and sink")
    static void mapValues(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.mapValues(value -> value).to("output");
    }

    @Case(id = "map-values-named", note = "the same with a name")
    static void mapValuesNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.mapValues(value -> value, Named.as("my-op")).to("output");
    }

    @Case(id = "flat-map", note = "one operator between source and sink")
    static void flatMap(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.flatMap((key, value) -> List.of(KeyValue.pair(value, key))).to("output");
    }

    @Case(id = "flat-map-named", note = "the same with a name")
    static void flatMapNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.flatMap((key, value) -> List.of(KeyValue.pair(value, key)), Named.as("my-op")).to("output");
    }

    @Case(id = "flat-map-values", note = "one operator between source and sink")
    static void flatMapValues(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.flatMapValues(value -> List.of(value)).to("output");
    }

    @Case(id = "flat-map-values-named", note = "the same with a name")
    static void flatMapValuesNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.flatMapValues(value -> List.of(value), Named.as("my-op")).to("output");
    }

    @Case(id = "peek", note = "one operator between source and sink")
    static void peek(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.peek((key, value) -> {}).to("output");
    }

    @Case(id = "peek-named", note = "the same with a name")
    static void peekNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.peek((key, value) -> {}, Named.as("my-op")).to("output");
    }

    @Case(id = "select-key", note = "one operator between source and sink")
    static void selectKey(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).to("output");
    }

    @Case(id = "select-key-named", note = "the same with a name")
    static void selectKeyNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value, Named.as("my-op")).to("output");
    }

    @Case(id = "foreach", note = "a terminal operator: no sink")
    static void foreach(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.foreach((key, value) -> {});
    }

    @Case(id = "foreach-named", note = "a terminal operator with a name")
    static void foreachNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.foreach((key, value) -> {}, Named.as("my-op"));
    }

    @Case(id = "print", note = "print to standard out")
    static void print(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.print(Printed.toSysOut());
    }

    @Case(id = "print-labelled", note = "a label is not a name; withName is")
    static void printLabelled(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.print(Printed.<String, String>toSysOut().withLabel("label"));
        in.print(Printed.<String, String>toSysOut().withLabel("label").withName("my-printer"));
    }

    @Case(id = "merge", note = "two streams of one builder")
    static void merge(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.merge(right).to("output");
    }

    @Case(id = "merge-named", note = "the same with a name")
    static void mergeNamed(StreamsBuilder b) {
        KStream<String, String> left = b.stream("left");
        KStream<String, String> right = b.stream("right");
        left.merge(right, Named.as("both")).to("output");
    }

    @Case(id = "merge-three", note = "merge of a merge, with operators before it")
    static void mergeThree(StreamsBuilder b) {
        KStream<String, String> a = b.stream("a");
        KStream<String, String> c = b.stream("b");
        KStream<String, String> d = b.stream("c");
        a.filter((key, value) -> true).merge(c).merge(d.mapValues(value -> value)).to("output");
    }

    @Case(id = "chain", note = "all stateless operators in a row")
    static void chain(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.filter((key, value) -> true)
            .filterNot((key, value) -> false)
            .map((key, value) -> KeyValue.pair(value, key))
            .mapValues(value -> value)
            .flatMap((key, value) -> List.of(KeyValue.pair(value, key)))
            .flatMapValues(value -> List.of(value))
            .peek((key, value) -> {})
            .selectKey((key, value) -> value)
            .to("output");
    }

    @Case(id = "fan-out", note = "one stream, several children: the order in which the children were added")
    static void fanOut(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.mapValues(value -> value + "1").to("first");
        in.filter((key, value) -> true).to("second");
        in.to("third");
        in.foreach((key, value) -> {});
    }

    @Case(id = "two-sub-topologies", note = "two pieces of a program that share nothing")
    static void twoSubTopologies(StreamsBuilder b) {
        KStream<String, String> a = b.stream("a");
        KStream<String, String> c = b.stream("b");
        a.to("output-a");
        c.to("output-b");
    }
}
