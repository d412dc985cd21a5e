package oracle.behave;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import org.apache.kafka.streams.TopologyDescription;

/** What is fed to a topology: few keys, and times that crowd the edges of windows and of grace. */
final class Inputs {
    /** Where time begins: far enough from 0 for any step back. */
    static final long BEGIN = 10_000_000;
    private static final String[] KEYS = {"a", "b", "c", "d", "e"};
    private static final String[] VALUES = {"a", "b", "c", "a b", "b c a", "d e", "1", "22"};
    private static final long[] STEPS = {0, 0, 1, 1, 10, 999, 1_000, 1_001, 4_999, 5_000, 9_999, 10_000, 10_001, 30_000, 60_000, 120_000};
    private static final long[] BACK = {1, 2, 999, 1_000, 1_001, 5_000, 5_001, 9_999, 10_000, 10_001, 15_000, 15_001, 60_000};

    private static final String FOREIGN_KEY_TOPIC = "(?i).*SUBSCRIPTION-(REGISTRATION|RESPONSE)-(.*-)?TOPIC";

    private static final String[] HEADERS = {"h", "h", "trace", ""};
    private static final String[] HEADER_VALUES = {"1", "2", "", "a b", null};

    private final Random random;
    /** Apart from the rest, so that records are the same with headers and without. */
    private final Random headers;
    private final List<String> topics;
    private final List<String> tables;
    private final int keys;
    private final boolean nullKeys;
    private final boolean nullValues;
    private long time = BEGIN;
    private Step last;

    /** A header; its value may be null. */
    record Header(String key, String value) {}

    /** One step: a record, or the wall clock goes on ({@code topic} is null). */
    record Step(String topic, String key, String value, long time, List<Header> headers, long advance) {}

    Inputs(long seed, List<String> topics, List<String> tables, boolean nullKeys, boolean nullValues) {
        this.random = new Random(seed);
        this.headers = new Random(~seed);
        this.topics = topics;
        this.tables = tables;
        this.nullKeys = nullKeys;
        this.nullValues = nullValues;
        this.keys = 1 + random.nextInt(KEYS.length);
    }

    Step next() {
        if (random.nextInt(20) == 0) {
            return new Step(null, null, null, 0, List.of(), 1 + random.nextInt(20_000));
        }
        if (last != null && random.nextInt(15) == 0) {
            return last;
        }
        time += STEPS[random.nextInt(STEPS.length)];
        long at = random.nextInt(3) == 0 ? Math.max(1, time - BACK[random.nextInt(BACK.length)]) : time;
        String topic = topics.get(random.nextInt(topics.size()));
        boolean tombstone = (nullValues || tables.contains(topic)) && random.nextInt(4) == 0;
        String value = tombstone ? null : VALUES[random.nextInt(VALUES.length)];
        // no table is fed records without a key: here that is an error
        String key = nullKeys && !tables.contains(topic) && random.nextInt(4) == 0 ? null : KEYS[random.nextInt(keys)];
        last = new Step(topic, key, value, at, someHeaders(), 0);
        return last;
    }

    /** None for most records; one key may be there twice. */
    private List<Header> someHeaders() {
        List<Header> some = new ArrayList<>();
        for (int left = headers.nextInt(5) - 2; left > 0; left--) {
            some.add(new Header(HEADERS[headers.nextInt(HEADERS.length)], HEADER_VALUES[headers.nextInt(HEADER_VALUES.length)]));
        }
        return some;
    }

    /** What topics a cluster might have for a pattern. */
    private static final List<String> CANDIDATES = List.of("input-1", "input-22", "left-1", "right-2", "orders.eu", "orders.us");

    /** The topics that are read, internal ones aside; with {@code tables} only those that tables are made of. */
    static List<String> topics(TopologyDescription description, boolean tables) {
        Stream<TopologyDescription.Source> tasks = description.subtopologies().stream()
            .flatMap(sub -> sub.nodes().stream())
            .filter(node -> node instanceof TopologyDescription.Source)
            .map(node -> (TopologyDescription.Source) node);
        Stream<TopologyDescription.Source> global = description.globalStores().stream().map(TopologyDescription.GlobalStore::source);
        return Stream.concat(
                tasks.filter(source -> !tables || source.successors().stream().anyMatch(next -> next.name().startsWith("KTABLE-SOURCE"))),
                global)
            .flatMap(Inputs::topicsOf)
            .filter(topic -> !topic.endsWith("-repartition") && !topic.matches(FOREIGN_KEY_TOPIC))
            .distinct().sorted().toList();
    }

    private static Stream<String> topicsOf(TopologyDescription.Source source) {
        return source.topicSet() != null
            ? source.topicSet().stream()
            : CANDIDATES.stream().filter(topic -> source.topicPattern().matcher(topic).matches());
    }
}
