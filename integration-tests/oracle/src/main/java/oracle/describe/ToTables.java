package oracle.describe;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;

/** A stream turned into a table. */
final class ToTables {
    private ToTables() {}

    @Case(id = "to-table", note = "unnamed, no repartition")
    static void toTable(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.toTable().toStream().to("output");
    }

    @Case(id = "to-table-named", note = "a processor name")
    static void toTableNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.toTable(Named.as("my-table")).toStream().to("output");
    }

    @Case(id = "to-table-materialized", note = "a named store")
    static void toTableMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.toTable(Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "to-table-named-materialized", note = "both names")
    static void toTableNamedMaterialized(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.toTable(Named.as("my-table"), Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "to-table-materialized-unnamed", note = "Materialized without a name")
    static void toTableMaterializedUnnamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.toTable(Materialized.with(Serdes.String(), Serdes.String())).toStream().to("output");
    }

    @Case(id = "to-table-after-key-change", note = "with repartition")
    static void toTableAfterKeyChange(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).toTable().toStream().to("output");
    }

    @Case(id = "to-table-after-key-change-named", note = "with repartition, named")
    static void toTableAfterKeyChangeNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.selectKey((key, value) -> value).toTable(Named.as("my-table"), Materialized.as("my-store")).toStream().to("output");
    }

    @Case(id = "to-table-joined", note = "a stream joined with a stream turned into a table")
    static void toTableJoined(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KTable<String, String> latest = b.<String, String>stream("updates").toTable();
        in.join(latest, (value, other) -> value + other).to("output");
    }
}
