package oracle.describe;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Printed;
import org.apache.kafka.streams.state.KeyValueStore;

import java.util.List;

/** Forms of operators whose functions are told the key, too. */
final class KeyedForms {
    private KeyedForms() {}

    private static KTable<String, String> table(StreamsBuilder b) {
        return b.table("table");
    }

    @Case(id = "table-to-stream-keyed", note = "toStream with another key; deletions have one, too")
    static void tableToStreamKeyed(StreamsBuilder b) {
        table(b).toStream((key, value) -> key + value).to("output");
    }

    @Case(id = "table-to-stream-keyed-named", note = "the name is that of toStream, not of selectKey")
    static void tableToStreamKeyedNamed(StreamsBuilder b) {
        table(b).toStream((key, value) -> key + value, Named.as("changes")).to("output");
    }

    @Case(id = "table-map-values-with-key", note = "not kept")
    static void tableMapValuesWithKey(StreamsBuilder b) {
        table(b).mapValues((key, value) -> key + value).toStream().to("output");
    }

    @Case(id = "table-map-values-with-key-materialized", note = "kept, both names")
    static void tableMapValuesWithKeyMaterialized(StreamsBuilder b) {
        table(b).mapValues((key, value) -> key + value, Named.as("mapped"),
            Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("my-store").withKeySerde(Serdes.String()).withValueSerde(Serdes.String()))
            .toStream().to("output");
    }

    @Case(id = "flat-map-values-with-key", note = "each value twice, once with its key")
    static void flatMapValuesWithKey(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.flatMapValues((key, value) -> List.of(value, key + value)).to("output");
    }

    @Case(id = "flat-map-values-with-key-named", note = "a name")
    static void flatMapValuesWithKeyNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.flatMapValues((key, value) -> List.of(value, key + value), Named.as("doubled")).to("output");
    }

    @Case(id = "print-mapped", note = "a text of the user's making")
    static void printMapped(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.print(Printed.<String, String>toSysOut().withKeyValueMapper((key, value) -> value + " of " + key));
    }
}
