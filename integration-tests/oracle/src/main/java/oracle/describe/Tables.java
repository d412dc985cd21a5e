package oracle.describe;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;

/** Operators of a table. */
final class Tables {
    private Tables() {}

    @Case(id = "table-filter-map-values", note = "not materialised")
    static void tableFilterMapValues(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filter((key, value) -> true).mapValues(value -> value).toStream().to("output");
    }

    @Case(id = "table-filter-map-values-materialized", note = "both have named stores")
    static void tableFilterMapValuesMaterialized(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filter((key, value) -> true, Materialized.as("filtered"))
            .mapValues(value -> value, Materialized.as("mapped"))
            .toStream()
            .to("output");
    }

    @Case(id = "table-filter-named", note = "names without stores")
    static void tableFilterNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filter((key, value) -> true, Named.as("my-filter")).mapValues(value -> value, Named.as("my-map")).toStream(Named.as("my-stream")).to("output");
    }

    @Case(id = "table-filter-named-materialized", note = "names and stores")
    static void tableFilterNamedMaterialized(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filter((key, value) -> true, Named.as("my-filter"), Materialized.as("filtered"))
            .mapValues(value -> value, Named.as("my-map"), Materialized.as("mapped"))
            .toStream()
            .to("output");
    }

    @Case(id = "table-filter-materialized-unnamed", note = "Materialized without a name burns an index and makes no store")
    static void tableFilterMaterializedUnnamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filter((key, value) -> true, Materialized.with(Serdes.String(), Serdes.String()))
            .mapValues(value -> value, Materialized.with(Serdes.String(), Serdes.String()))
            .toStream()
            .to("output");
    }

    @Case(id = "table-filter-not", note = "filterNot")
    static void tableFilterNot(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.filterNot((key, value) -> false).toStream().to("output");
    }

    @Case(id = "table-source-store-filter", note = "source store, then filter with a store")
    static void tableSourceStoreFilter(StreamsBuilder b) {
        KTable<String, String> table = b.table("table", Materialized.as("table-store"));
        table.filter((key, value) -> true, Materialized.as("filtered")).toStream().to("output");
    }

    @Case(id = "table-to-stream-mapper", note = "toStream with a mapper adds a key-selecting node")
    static void tableToStreamMapper(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.toStream((key, value) -> value).to("output");
    }

    @Case(id = "table-to-stream-mapper-count", note = "and the key has changed")
    static void tableToStreamMapperCount(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.toStream((key, value) -> value).groupByKey().count().toStream().to("output");
    }

    @Case(id = "aggregate-filter-map", note = "operators on an aggregate")
    static void aggregateFilterMap(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.groupByKey()
            .count()
            .filter((key, count) -> count > 1)
            .mapValues(count -> count * 2)
            .toStream()
            .to("output");
    }

    @Case(id = "table-read-twice", note = "two children of one table")
    static void tableReadTwice(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.toStream().to("output-1");
        table.mapValues(value -> value).toStream().to("output-2");
    }

    @Case(id = "table-group-by-count", note = "KTable.groupBy, count: always repartitions")
    static void tableGroupByCount(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value, key)).count().toStream().to("output");
    }

    @Case(id = "table-group-by-reduce-named", note = "KTable.groupBy, reduce, named")
    static void tableGroupByReduceNamed(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(value, key), Grouped.as("by-value"))
            .reduce((left, right) -> left + right, (left, right) -> left, Materialized.as("my-store"))
            .toStream()
            .to("output");
    }

    @Case(id = "table-table-join", note = "a table joined with a table")
    static void tableTableJoin(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, (value, other) -> value + other).toStream().to("output");
    }
}
