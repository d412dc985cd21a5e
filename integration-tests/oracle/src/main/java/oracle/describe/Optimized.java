package oracle.describe;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;

/** The same with {@code topology.optimization = all}: the texts that differ from those without, and a list of all that were looked at. */
public final class Optimized {
    /** Lets the optimiser know that {@code process} may change keys and {@code processValues} values, which Java leaves out by default. */
    private static final String FIX = "__enable.process.processValue.fix__";

    private Optimized() {}

    public static void record(Path out) throws Exception {
        StringBuilder list = new StringBuilder();
        int differ = 0;
        for (Map.Entry<String, Consumer<StreamsBuilder>> each : Topologies.all().entrySet()) {
            String id = each.getKey();
            String[] plain = texts(each.getValue(), StreamsConfig.NO_OPTIMIZATION);
            String[] optimized = texts(each.getValue(), StreamsConfig.OPTIMIZE);
            String[] suffixes = {".txt", ".topics.txt"};
            boolean same = true;
            for (int n = 0; n < suffixes.length; n++) {
                if (!optimized[n].equals(plain[n])) {
                    Files.writeString(out.resolve(id + suffixes[n]), optimized[n]);
                    same = false;
                }
            }
            list.append(id).append(same ? "" : " differs").append('\n');
            differ += same ? 0 : 1;
        }
        Files.writeString(out.resolve("LIST"), list);
        System.out.println(differ + " topologies differ when they are optimized, in " + out);
    }

    /** Whether optimisation changes anything about it. */
    public static boolean differs(Consumer<StreamsBuilder> write) throws ReflectiveOperationException {
        return !Arrays.equals(texts(write, StreamsConfig.NO_OPTIMIZATION), texts(write, StreamsConfig.OPTIMIZE));
    }

    /** How a topology is built with that optimisation. */
    public static Properties properties(String optimization) {
        Properties props = Describe.properties(optimization);
        props.put(FIX, true);
        return props;
    }

    /** A builder that knows the properties. */
    public static StreamsBuilder builder(Properties props) {
        return new StreamsBuilder(new TopologyConfig(new StreamsConfig(props)));
    }

    private static String[] texts(Consumer<StreamsBuilder> write, String optimization) throws ReflectiveOperationException {
        Properties props = properties(optimization);
        StreamsBuilder builder = builder(props);
        write.accept(builder);
        Topology topology = builder.build(props);
        return new String[] {topology.describe().toString(), InternalTopics.of(topology, new StreamsConfig(props))};
    }
}
