package bench;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Kafka Streams under the bench: runs one workload until it has processed what it was told to expect, closes (which flushes and commits), and prints one
 * line of JSON. Whoever started the process measures its CPU time and memory.
 */
public final class Main {
    private static final long POLL_MS = 5;
    /** Longer than a commit interval and a linger: what waits for either has come. */
    private static final long QUIET_MS = 3_000;

    private Main() {}

    public static void main(String[] args) throws Exception {
        Arguments arguments = Arguments.parse(args);
        AtomicBoolean failed = new AtomicBoolean();
        KafkaStreams streams = new KafkaStreams(Workloads.topology(arguments), config(arguments));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            failed.set(true);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.setGlobalStateRestoreListener(new FirstRestore());
        streams.start();

        long firstRecord = 0;
        long news = System.nanoTime();
        double processed = 0;
        Metric total = null;
        while (!arguments.untilRunning()
            && (processed < arguments.expectProcessed() || arguments.untilQuiet() && System.nanoTime() - news < QUIET_MS * 1_000_000)) {
            if (failed.get()) {
                System.exit(1);
            }
            Thread.sleep(POLL_MS);
            total = total == null ? processTotal(streams) : total;
            double now = total == null ? 0 : (double) total.metricValue();
            news = now > processed ? System.nanoTime() : news;
            processed = now;
            if (firstRecord == 0 && processed > 0) {
                firstRecord = System.nanoTime();
            }
        }
        while (arguments.untilRunning() && streams.state() != KafkaStreams.State.RUNNING && !failed.get()) {
            Thread.sleep(POLL_MS);
        }
        double sinceStart = (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) / 1e3;
        // the group must not wait for a member that is gone
        boolean closed = streams.close(
            CloseOptions.timeout(Duration.ofMinutes(2)).withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
        if (arguments.untilRunning()) {
            answer(processed, sinceStart, sinceStart);
            System.exit(closed && !failed.get() ? 0 : 1);
        }
        double seconds = (System.nanoTime() - firstRecord) / 1e9;
        double untilFirst = (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) / 1e3 - seconds;
        answer(processed, untilFirst, arguments.untilQuiet() ? seconds - QUIET_MS / 1e3 : seconds);
        System.exit(closed && !failed.get() ? 0 : 1);
    }

    private static void answer(double processed, double untilFirst, double seconds) {
        System.out.println(String.format(Locale.ROOT, "{\"processed\":%d,\"seconds_to_first_record\":%.3f,\"run_seconds\":%.3f}",
            (long) processed, untilFirst, seconds));
    }

    /** One thread, so one such metric. It is there once the thread is. */
    private static Metric processTotal(KafkaStreams streams) {
        for (Map.Entry<MetricName, ? extends Metric> metric : streams.metrics().entrySet()) {
            MetricName name = metric.getKey();
            if (name.name().equals("process-total") && name.group().equals("stream-thread-metrics")) {
                return metric.getValue();
            }
        }
        return null;
    }

    private static Properties config(Arguments arguments) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments.applicationId());
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments.bootstrapServers());
        config.put(StreamsConfig.STATE_DIR_CONFIG, arguments.stateDir());
        config.put("auto.offset.reset", "earliest");
        arguments.guarantee().ifPresent(value -> config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, value));
        arguments.commitIntervalMs().ifPresent(value -> config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, value));
        arguments.cacheBytes().ifPresent(value -> config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, value));
        arguments.sessionTimeoutMs().ifPresent(value -> config.put("session.timeout.ms", value.intValue()));
        arguments.lingerMs().ifPresent(value -> config.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), value));
        return config;
    }
}
