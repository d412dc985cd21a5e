package oracle.describe;

import java.lang.reflect.Field;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.internals.InternalTopicConfig;
import org.apache.kafka.streams.processor.internals.InternalTopologyBuilder;
import org.apache.kafka.streams.processor.internals.InternalTopologyBuilder.TopicsInfo;

/** The topics of each sub-topology as the partition assignor sees them. */
final class InternalTopics {
    private InternalTopics() {}

    static String of(Topology topology, StreamsConfig config) throws ReflectiveOperationException {
        InternalTopologyBuilder builder = (InternalTopologyBuilder) hidden(topology, "internalTopologyBuilder");
        builder.rewriteTopology(config);
        // Only this step connects the stores with their changelogs.
        builder.buildTopology();
        long additional = config.getLong(StreamsConfig.WINDOW_STORE_CHANGE_LOG_ADDITIONAL_RETENTION_MS_CONFIG);

        StringBuilder text = new StringBuilder();
        Map<Integer, TopicsInfo> groups = new TreeMap<>();
        for (var entry : builder.subtopologyToTopicsInfo().entrySet()) {
            groups.put((Integer) hidden(entry.getKey(), "nodeGroupId"), entry.getValue());
        }
        groups.forEach((id, topics) -> {
            text.append("sub-topology ").append(id).append('\n');
            names(text, "source", topics.sourceTopics);
            names(text, "sink", topics.sinkTopics);
            internal(text, "repartition", topics.repartitionSourceTopics, additional);
            // Java counts a source topic that a store is restored from among the changelogs, and does not make it.
            Map<String, InternalTopicConfig> made = new TreeMap<>(topics.stateChangelogTopics);
            made.keySet().removeAll(topics.sourceTopics);
            internal(text, "changelog", made, additional);
        });
        builder.copartitionGroups().stream().map(group -> String.join(" ", new TreeSet<>(group))).sorted()
            .forEach(group -> text.append("copartitioned ").append(group).append('\n'));
        return text.toString();
    }

    private static Object hidden(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }

    private static void names(StringBuilder text, String kind, Collection<String> topics) {
        for (String topic : new TreeSet<>(topics)) {
            text.append("  ").append(kind).append(' ').append(topic).append('\n');
        }
    }

    private static void internal(StringBuilder text, String kind, Map<String, InternalTopicConfig> topics, long additional) {
        new TreeMap<>(topics).forEach((name, topic) -> {
            text.append("  ").append(kind).append(' ').append(name);
            topic.numberOfPartitions().ifPresent(count -> text.append(" partitions=").append(count));
            text.append('\n');
            new TreeMap<>(topic.properties(Map.of(), additional))
                .forEach((key, value) -> text.append("    ").append(key).append('=').append(value).append('\n'));
        });
    }
}
