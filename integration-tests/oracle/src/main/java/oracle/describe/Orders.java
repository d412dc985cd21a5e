package oracle.describe;

import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.state.Stores;

/** Large topologies: describe() prints neighbours in an order that comes from hash maps and from sizes that grow while it looks. */
final class Orders {
    private Orders() {}

    @Case(id = "order-fan-out", note = "one stream with twenty children, with sub-trees of different sizes below them")
    static void orderFanOut(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        for (int child = 0; child < 20; child++) {
            KStream<String, String> at = in.mapValues(value -> value);
            for (int i = 0; i < child * 7 % 5; i++) {
                at = at.filter((key, value) -> true);
            }
            at.to("output-" + child);
        }
    }

    @Case(id = "order-fan-in", note = "fifteen streams of different lengths merged one after the other")
    static void orderFanIn(StreamsBuilder b) {
        KStream<String, String> all = b.stream("input");
        for (int input = 0; input < 15; input++) {
            KStream<String, String> at = b.stream("input-" + input);
            for (int i = 0; i < input * 7 % 4; i++) {
                at = at.mapValues(value -> value);
            }
            all = input % 2 == 0 ? all.merge(at) : at.merge(all);
        }
        all.to("output");
    }

    @Case(id = "order-tree", note = "a tree: every node has three children, one of which ends")
    static void orderTree(StreamsBuilder b) {
        List<KStream<String, String>> level = List.of(b.stream("input"));
        for (int depth = 0; depth < 4; depth++) {
            List<KStream<String, String>> next = new ArrayList<>();
            for (KStream<String, String> at : level) {
                next.add(at.filter((key, value) -> true));
                at.peek((key, value) -> {});
                next.add(at.mapValues(value -> value));
            }
            level = next;
        }
    }

    @Case(id = "order-diamonds", note = "streams that part and meet again, six times")
    static void orderDiamonds(StreamsBuilder b) {
        KStream<String, String> at = b.stream("input");
        for (int i = 0; i < 6; i++) {
            KStream<String, String> left = at.filter((key, value) -> true);
            KStream<String, String> right = at.mapValues(value -> value).peek((key, value) -> {});
            at = i % 2 == 0 ? left.merge(right) : right.merge(left);
        }
        at.to("output");
    }

    @Case(id = "order-diamonds-and-fan-out", note = "diamonds whose middles have other children too")
    static void orderDiamondsAndFanOut(StreamsBuilder b) {
        KStream<String, String> at = b.stream("input");
        for (int i = 0; i < 5; i++) {
            KStream<String, String> left = at.filter((key, value) -> true);
            KStream<String, String> right = at.mapValues(value -> value);
            left.to("left-" + i);
            right.peek((key, value) -> {}).to("right-" + i);
            at.foreach((key, value) -> {});
            at = right.merge(left).merge(at);
        }
        at.to("output");
    }

    @Case(id = "order-topics", note = "a source of thirty topics")
    static void orderTopics(StreamsBuilder b) {
        List<String> topics = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            topics.add("topic-" + i * 37);
        }
        KStream<String, String> in = b.stream(topics);
        in.to("output");
    }

    @Case(id = "order-stores", note = "a processor with fourteen stores")
    static void orderStores(StreamsBuilder b) {
        String[] names = new String[14];
        for (int i = 0; i < names.length; i++) {
            names[i] = "store-" + i * 37;
            b.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(names[i]), Serdes.String(), Serdes.Long()));
        }
        KStream<String, String> in = b.stream("input");
        in.process(Processors.PassOn::new, names).to("output");
    }

    @Case(id = "order-sub-topologies", note = "many sub-topologies: how they are numbered")
    static void orderSubTopologies(StreamsBuilder b) {
        KStream<String, String> c = b.stream("c");
        KStream<String, String> a = b.stream("a");
        KStream<String, String> d = b.stream("d");
        KStream<String, String> e = b.stream("e");
        d.groupBy((key, value) -> value).count().toStream().to("d-counts");
        a.merge(e).selectKey((key, value) -> value).repartition().to("a-e");
        e.to("e-copy");
        c.groupByKey().count().toStream().to("c-counts");
        c.selectKey((key, value) -> value).groupByKey().reduce((left, right) -> left).toStream().selectKey((key, value) -> value).to("c-reduced");
    }
}
