package oracle.behave;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.test.TestRecord;

import oracle.describe.Optimized;
import oracle.describe.Topologies;

/**
 * Feeds every topology random records and writes what Java's test driver answers, changelogs and repartition topics included, and what its stores
 * have at the end: one file of JSON per topology. A record is {@code [topic, key, value, time, headers]} where it goes in and
 * {@code [key, value, time, headers]} where it comes out, without headers where it has none.
 */
public final class Recorder {
    private static final int STEPS = 24;

    private Recorder() {}

    public static void record(Path out, long seed, int cases, String only, String optimization) throws Exception {
        PrintStream said = System.out;
        // topologies that print do so many times
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        int recorded = 0;
        TreeSet<String> unread = new TreeSet<>();
        for (Map.Entry<String, Consumer<StreamsBuilder>> topology : Topologies.all().entrySet()) {
            String id = topology.getKey();
            if (only != null && !only.equals(id)) {
                continue;
            }
            Path file = out.resolve(id + ".json");
            try {
                if (!optimization.equals("none") && !Optimized.differs(topology.getValue())) {
                    continue;
                }
                try (Writer to = Files.newBufferedWriter(file)) {
                    record(to, id, topology.getValue(), seed, cases, optimization, unread);
                }
                recorded++;
            } catch (Exception e) {
                Files.deleteIfExists(file);
                said.println("not recorded: " + id + ": " + cause(e));
            }
        }
        said.println(recorded + " topologies recorded in " + out + ", " + cases + " cases each");
        if (!unread.isEmpty()) {
            said.println("stores whose rows the driver cannot read: " + String.join(", ", unread));
        }
        if (recorded == 0) {
            System.exit(1);
        }
    }

    private static void record(
        Writer to, String id, Consumer<StreamsBuilder> write, long seed, int cases, String optimization, TreeSet<String> unread
    ) throws IOException {
        Properties props = properties(optimization);
        if (Topologies.upgradeFrom(id) != null) {
            props.put(StreamsConfig.UPGRADE_FROM_CONFIG, Topologies.upgradeFrom(id));
        }
        StringJoiner config = new StringJoiner(", ", "{", "}");
        for (String name : List.of(
            StreamsConfig.APPLICATION_ID_CONFIG, StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.UPGRADE_FROM_CONFIG)) {
            if (props.getProperty(name) != null) {
                config.add(Json.text(name) + ": " + Json.text(props.getProperty(name)));
            }
        }
        to.write("{\"topology\": " + Json.text(id) + ", \"config\": " + config + ", \"seed\": " + seed + ", \"cases\": [");
        for (int n = 0; n < cases; n++) {
            to.write(n == 0 ? "\n" : ",\n");
            to.write(oneCase(id, write, seed * 1_000_003 + n * 7919L + id.hashCode(), props, unread));
        }
        to.write("\n]}\n");
    }

    private static Properties properties(String optimization) {
        Properties props = Optimized.properties(optimization);
        props.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, PlainSerde.class);
        props.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, PlainSerde.class);
        // final results of windows are told as soon as they are there, and not once in a second
        props.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L);
        // Java looks for unmatched records of left and outer joins once per second of the wall clock, unless this is said
        props.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0L);
        return props;
    }

    private static String oneCase(String id, Consumer<StreamsBuilder> write, long seed, Properties props, TreeSet<String> unread) {
        StreamsBuilder builder = Optimized.builder(props);
        write.accept(builder);
        Topology topology = builder.build(props);
        List<String> topics = Inputs.topics(topology.describe(), false);
        Inputs inputs = new Inputs(seed, topics, Inputs.topics(topology.describe(), true), Topologies.takesNullKeys(id), Topologies.takesNullValues(id));
        StringJoiner steps = new StringJoiner(",\n  ", " {\"steps\": [", "],\n  \"stores\": ");
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, props, Instant.ofEpochMilli(Inputs.BEGIN))) {
            for (int n = 0; n < STEPS; n++) {
                Inputs.Step step = inputs.next();
                if (step.topic() == null) {
                    driver.advanceWallClockTime(Duration.ofMillis(step.advance()));
                    steps.add("{\"advance\": " + step.advance() + outputs(driver) + "}");
                } else {
                    pipe(driver, step);
                    String record = Json.text(step.topic()) + ", " + Json.text(step.key()) + ", " + Json.text(step.value()) + ", " + step.time();
                    steps.add("{\"in\": [" + record + Json.headers(step.headers()) + "]" + outputs(driver) + "}");
                }
            }
            return steps + stores(driver, unread) + "}";
        }
    }

    private static void pipe(TopologyTestDriver driver, Inputs.Step step) {
        RecordHeaders headers = new RecordHeaders();
        for (Inputs.Header header : step.headers()) {
            headers.add(header.key(), header.value() == null ? null : header.value().getBytes(StandardCharsets.UTF_8));
        }
        driver.createInputTopic(step.topic(), new StringSerializer(), new StringSerializer())
            .pipeInput(new TestRecord<>(step.key(), step.value(), headers, step.time()));
    }

    /** What every topic got since the last call. */
    private static String outputs(TopologyTestDriver driver) {
        StringJoiner topics = new StringJoiner(", ", ", \"out\": {", "}");
        for (String topic : new TreeSet<>(driver.producedTopicNames())) {
            StringJoiner records = new StringJoiner(", ", Json.text(topic) + ": [", "]");
            List<TestRecord<byte[], byte[]>> got =
                driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer()).readRecordsToList();
            for (TestRecord<byte[], byte[]> record : got) {
                records.add("[" + Json.bytes(record.key()) + ", " + Json.bytes(record.value()) + ", " + record.timestamp()
                    + Json.headers(record.headers()) + "]");
            }
            if (!got.isEmpty()) {
                topics.add(records.toString());
            }
        }
        return topics.toString();
    }

    /** The rows of all stores that can be read. */
    private static String stores(TopologyTestDriver driver, TreeSet<String> unread) {
        StringJoiner stores = new StringJoiner(", ", "{", "}");
        for (Map.Entry<String, StateStore> store : new TreeMap<>(driver.getAllStateStores()).entrySet()) {
            List<String> rows = Rows.of(store.getValue());
            if (rows == null) {
                unread.add(store.getKey());
            } else {
                stores.add(Json.text(store.getKey()) + ": [" + String.join(", ", rows) + "]");
            }
        }
        return stores.toString();
    }

    private static String cause(Throwable error) {
        Throwable last = error;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        return last.toString().lines().findFirst().orElse("");
    }
}
