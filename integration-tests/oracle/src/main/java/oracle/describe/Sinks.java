package oracle.describe;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.TopicNameExtractor;

/** Where records go. */
final class Sinks {
    private Sinks() {}

    @Case(id = "to-named", note = "Produced.as: an index is burned")
    static void toNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.to("output", Produced.as("my-sink"));
        in.to("other");
    }

    @Case(id = "to-dynamic", note = "the topic is computed; Java prints the extractor's toString(), which is ByValue here")
    static void toDynamic(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.to(new ByValue());
    }

    @Case(id = "to-dynamic-named", note = "the topic is computed; the sink has a name")
    static void toDynamicNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.to(new ByValue(), Produced.as("my-sink"));
    }

    @Case(id = "to-many", note = "several sinks of one node")
    static void toMany(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.to("a");
        in.to("b");
        in.to(new ByValue());
    }

    /** The value is the topic. A lambda would print its address. */
    static final class ByValue implements TopicNameExtractor<String, String> {
        @Override
        public String extract(String key, String value, RecordContext context) {
            return value;
        }

        @Override
        public String toString() {
            return "ByValue";
        }
    }
}
