package oracle.behave;

import java.util.List;
import java.util.Random;

import org.apache.kafka.streams.TopologyDescription;

/** What is fed to a topology: few keys, and times that crowd the edges of windows and of grace. */
final class Inputs {
    /** Where time begins: far enough from 0 for any step back. */
    static final long BEGIN = 10_000_000;
    private static final String[] KEYS = {"a", "b", "c", "d", "e"};
    private static final String[] VALUES = {"a", "b", "c", "a b", "b c a", "d e", "1", "22"};
    private static final long[] STEPS = {0, 0, 1, 1, 10, 999, 1_000, 1_001, 4_999, 5_000, 9_999, 10_000, 10_001, 30_000, 60_000, 120_000};
    private static final long[] BACK = {1, 2, 999, 1_000, 1_001, 5_000, 5_001, 9_999, 10_000, 10_001, 15_000, 15_001, 60_000};

    private final Random random;
    private final List<String> topics;
    private final List<String> tables;
    private final int keys;
    private final boolean nullKeys;
    private long time = BEGIN;
    private Step last;

    /** One step: a record, or the wall clock goes on ({@code topic} is null). */
    record Step(String topic, String key, String value, long time, long advance) {}

    Inputs(Random random, List<String> topics, List<String> tables, boolean nullKeys) {
        this.random = random;
        this.topics = topics;
        this.tables = tables;
        this.nullKeys = nullKeys;
        this.keys = 1 + random.nextInt(KEYS.length);
    }

    Step next() {
        if (random.nextInt(20) == 0) {
            return new Step(null, null, null, 0, 1 + random.nextInt(20_000));
        }
        if (last != null && random.nextInt(15) == 0) {
            return last;
        }
        time += STEPS[random.nextInt(STEPS.length)];
        long at = random.nextInt(3) == 0 ? Math.max(1, time - BACK[random.nextInt(BACK.length)]) : time;
        String topic = topics.get(random.nextInt(topics.size()));
        boolean tombstone = tables.contains(topic) && random.nextInt(4) == 0;
        String value = tombstone ? null : VALUES[random.nextInt(VALUES.length)];
        String key = nullKeys && random.nextInt(4) == 0 ? null : KEYS[random.nextInt(keys)];
        last = new Step(topic, key, value, at, 0);
        return last;
    }

    /** The topics that are read, internal ones aside; with {@code tables} only those that tables are made of. */
    static List<String> topics(TopologyDescription description, boolean tables) {
        return description.subtopologies().stream()
            .flatMap(sub -> sub.nodes().stream())
            .filter(node -> node instanceof TopologyDescription.Source)
            .map(node -> (TopologyDescription.Source) node)
            .filter(source -> source.topicSet() != null)
            .filter(source -> !tables || source.successors().stream().anyMatch(next -> next.name().startsWith("KTABLE-SOURCE")))
            .flatMap(source -> source.topicSet().stream())
            .filter(topic -> !topic.endsWith("-repartition"))
            .distinct().sorted().toList();
    }
}
