package oracle.behave;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.function.Consumer;

import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

import oracle.describe.Optimized;
import oracle.describe.Topologies;

/**
 * Feeds every topology random records and writes what Java's test driver answers, changelogs and repartition topics included: one file of JSON per
 * topology. Texts stand as they are; bytes that are no text as {@code {"hex": ".."}}.
 */
public final class Recorder {
    private static final int STEPS = 24;

    private Recorder() {}

    public static void record(Path out, long seed, int cases, String only, String optimization) throws Exception {
        PrintStream said = System.out;
        // topologies that print do so many times
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        int recorded = 0;
        for (Map.Entry<String, Consumer<StreamsBuilder>> topology : Topologies.all().entrySet()) {
            String id = topology.getKey();
            if (only != null && !only.equals(id)) {
                continue;
            }
            try {
                if (!optimization.equals("none") && !Optimized.differs(topology.getValue())) {
                    continue;
                }
                Files.writeString(out.resolve(id + ".json"), record(id, topology.getValue(), seed, cases, optimization));
                recorded++;
            } catch (Exception e) {
                said.println("not recorded: " + id + ": " + cause(e));
            }
        }
        said.println(recorded + " topologies recorded in " + out + ", " + cases + " cases each");
        if (recorded == 0) {
            System.exit(1);
        }
    }

    private static String record(String id, Consumer<StreamsBuilder> write, long seed, int cases, String optimization) {
        StringJoiner all = new StringJoiner(",\n", "{\"topology\": \"" + id + "\", \"seed\": " + seed + ", \"cases\": [\n", "\n]}\n");
        for (int n = 0; n < cases; n++) {
            all.add(oneCase(id, write, new Random(seed * 1_000_003 + n * 7919L + id.hashCode()), optimization));
        }
        return all.toString();
    }

    private static String oneCase(String id, Consumer<StreamsBuilder> write, Random random, String optimization) {
        Properties props = Optimized.properties(optimization);
        props.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, PlainSerde.class);
        props.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, PlainSerde.class);
        // final results of windows are told as soon as they are there, and not once in a second
        props.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L);
        // Java looks for unmatched records of left and outer joins once per second of the wall clock, unless this is said
        props.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0L);
        StreamsBuilder builder = Optimized.builder(props);
        write.accept(builder);
        Topology topology = builder.build(props);
        List<String> topics = Inputs.topics(topology.describe(), false);
        Inputs inputs = new Inputs(random, topics, Inputs.topics(topology.describe(), true), Topologies.takesNullKeys(id));
        StringJoiner steps = new StringJoiner(",\n  ", " [", "]");
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, props, Instant.ofEpochMilli(Inputs.BEGIN))) {
            for (int n = 0; n < STEPS; n++) {
                Inputs.Step step = inputs.next();
                if (step.topic() == null) {
                    driver.advanceWallClockTime(Duration.ofMillis(step.advance()));
                    steps.add("{\"advance\": " + step.advance() + outputs(driver) + "}");
                } else {
                    driver.createInputTopic(step.topic(), new StringSerializer(), new StringSerializer())
                        .pipeInput(step.key(), step.value(), step.time());
                    String record = text(step.topic()) + ", " + text(step.key()) + ", " + text(step.value()) + ", " + step.time();
                    steps.add("{\"in\": [" + record + "]" + outputs(driver) + "}");
                }
            }
        }
        return steps.toString();
    }

    /** What every topic got since the last call. */
    private static String outputs(TopologyTestDriver driver) {
        StringJoiner topics = new StringJoiner(", ", ", \"out\": {", "}");
        for (String topic : new TreeSet<>(driver.producedTopicNames())) {
            StringJoiner records = new StringJoiner(", ", text(topic) + ": [", "]");
            List<TestRecord<byte[], byte[]>> got =
                driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer()).readRecordsToList();
            for (TestRecord<byte[], byte[]> record : got) {
                records.add("[" + bytes(record.key()) + ", " + bytes(record.value()) + ", " + record.timestamp() + "]");
            }
            if (!got.isEmpty()) {
                topics.add(records.toString());
            }
        }
        return topics.toString();
    }

    private static String text(String text) {
        return text == null ? "null" : '"' + text + '"';
    }

    private static String bytes(byte[] bytes) {
        if (bytes == null) {
            return "null";
        }
        for (byte b : bytes) {
            if (b < ' ' || b > '~' || b == '"' || b == '\\') {
                return "{\"hex\": \"" + HexFormat.of().formatHex(bytes) + "\"}";
            }
        }
        return text(new String(bytes, StandardCharsets.US_ASCII));
    }

    private static String cause(Throwable error) {
        Throwable last = error;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        return last.toString().lines().findFirst().orElse("");
    }
}
