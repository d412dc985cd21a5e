package oracle.describe;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;

/** Writes what {@code Topology.describe()} says of every case, what internal topics it needs, and an index with the Java code. */
public final class Describe {
    private Describe() {}

    public static void record(Path out, Path sources) throws Exception {
        StringBuilder index = new StringBuilder(INDEX_HEAD);
        TreeSet<String> ids = new TreeSet<>();
        for (Class<?> theme : Topologies.THEMES) {
            String source = Files.readString(sources.resolve("oracle/describe/" + theme.getSimpleName() + ".java"));
            index.append("\n## ").append(theme.getSimpleName()).append('\n');
            for (Method method : inSourceOrder(theme, source)) {
                Case about = method.getAnnotation(Case.class);
                if (!ids.add(about.id())) {
                    throw new IllegalStateException("two cases have the id " + about.id());
                }
                write(out, about.id(), method);
                index.append("\n### ").append(about.id()).append("\n\n").append(about.note()).append("\n\n```java\n");
                index.append(body(source, about.id())).append("```\n");
            }
        }
        Files.writeString(out.resolve("INDEX.md"), index);
        System.out.println(ids.size() + " topologies recorded in " + out);
    }

    private static void write(Path out, String id, Method method) throws Exception {
        Properties props = properties(StreamsConfig.NO_OPTIMIZATION);
        StreamsBuilder builder = Optimized.builder(props);
        method.invoke(null, builder);
        Topology topology = builder.build(props);
        Files.writeString(out.resolve(id + ".txt"), topology.describe().toString());
        Files.writeString(out.resolve(id + ".topics.txt"), InternalTopics.of(topology, new StreamsConfig(props)));
    }

    static Properties properties(String optimization) {
        Properties props = new Properties();
        props.put(StreamsConfig.APPLICATION_ID_CONFIG, "app");
        props.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:9092");
        props.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, optimization);
        // leaves alone what is not named for it
        props.put(StreamsConfig.PROCESSOR_WRAPPER_CLASS_CONFIG, Wrappers.Wrapper.class);
        return props;
    }

    private static List<Method> inSourceOrder(Class<?> theme, String source) {
        List<Method> methods = new ArrayList<>(Topologies.cases(theme));
        methods.sort(Comparator.comparingInt(method -> source.indexOf(quoted(method.getAnnotation(Case.class).id()))));
        return methods;
    }

    private static String quoted(String id) {
        return "id = \"" + id + "\"";
    }

    /** The lines of the case's method, without its head, its closing brace and its indentation. */
    private static String body(String source, String id) throws IOException {
        int head = source.indexOf(" {\n", source.indexOf(quoted(id)));
        int end = source.indexOf("\n    }\n", head);
        if (head < 0 || end < 0) {
            throw new IOException("the source of " + id + " has another shape than expected");
        }
        StringBuilder text = new StringBuilder();
        source.substring(head + 3, end + 1).lines().forEach(line -> text.append(line.replaceFirst("^ {8}", "")).append('\n'));
        return text.toString();
    }

    private static final String INDEX_HEAD = """
        # What Java Kafka Streams 4.3.1 says of these topologies

        Recorded by `cargo xtask oracle describe` (topology.optimization = none, application.id = app); do not edit by hand.
        For each id: `<id>.txt` is the text of `Topology.describe()`, byte for byte; `<id>.topics.txt` says of each sub-topology which topics it reads,
        writes, re-partitions through and logs changes to, with the configs of the internal topics, and which topics must have equally many partitions.
        `b` is the StreamsBuilder. Where a type is not written it is String.
        """;
}
