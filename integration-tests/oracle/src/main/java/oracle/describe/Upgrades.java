package oracle.describe;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;

/** What {@code upgrade.from} changes: repartition topics of grouped tables (KIP-904), and subscriptions of joins by foreign key. */
final class Upgrades {
    private Upgrades() {}

    private static String letter(String value) {
        return value.substring(0, 1);
    }

    private static void grouped(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(letter(value), value))
            .aggregate(() -> "", (key, value, sum) -> sum + "+" + value, (key, value, sum) -> sum + "-" + value, Materialized.as("my-store"))
            .toStream()
            .to("output");
    }

    private static void sameKey(StreamsBuilder b) {
        KTable<String, String> table = b.table("table");
        table.groupBy((key, value) -> KeyValue.pair(key, value))
            .reduce((sum, value) -> sum + "+" + value, (sum, value) -> sum + "-" + value)
            .toStream()
            .to("output");
    }

    private static void joined(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.join(second, Upgrades::letter, (value, other) -> value + "+" + other).toStream().to("output");
    }

    private static void leftJoined(StreamsBuilder b) {
        KTable<String, String> first = b.table("first");
        KTable<String, String> second = b.table("second");
        first.leftJoin(second, value -> Character.isLetter(value.charAt(0)) ? letter(value) : null, (value, other) -> value + "+" + other)
            .toStream()
            .to("output");
    }

    @Case(id = "upgrade-from-24-table-group-by", note = "old and new value are two records, also of one group", upgradeFrom = "2.4")
    static void upgradeFrom24TableGroupBy(StreamsBuilder b) {
        grouped(b);
    }

    @Case(id = "upgrade-from-34-table-group-by-same-key", note = "the last version that reads no record of both values", upgradeFrom = "3.4")
    static void upgradeFrom34TableGroupBySameKey(StreamsBuilder b) {
        sameKey(b);
    }

    @Case(id = "upgrade-from-35-table-group-by-same-key", note = "this one reads them", upgradeFrom = "3.5")
    static void upgradeFrom35TableGroupBySameKey(StreamsBuilder b) {
        sameKey(b);
    }

    @Case(id = "upgrade-from-24-foreign-key-join", note = "subscriptions without the partition that asks", upgradeFrom = "2.4")
    static void upgradeFrom24ForeignKeyJoin(StreamsBuilder b) {
        joined(b);
    }

    @Case(id = "upgrade-from-33-foreign-key-left-join", note = "the last version that knows no other", upgradeFrom = "3.3")
    static void upgradeFrom33ForeignKeyLeftJoin(StreamsBuilder b) {
        leftJoined(b);
    }

    @Case(id = "upgrade-from-34-foreign-key-left-join", note = "subscriptions with it", upgradeFrom = "3.4")
    static void upgradeFrom34ForeignKeyLeftJoin(StreamsBuilder b) {
        leftJoined(b);
    }
}
