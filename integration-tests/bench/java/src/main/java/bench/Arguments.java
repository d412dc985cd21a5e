package bench;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The command line that every engine of the bench understands. An option that is not given leaves the engine's own default. */
record Arguments(
    String bootstrapServers, String workload, String input, String output, String applicationId, String stateDir, long expectProcessed,
    String until, Optional<String> guarantee, Optional<Long> commitIntervalMs, Optional<Long> cacheBytes, Optional<Long> lingerMs,
    Optional<Long> sessionTimeoutMs) {

    static Arguments parse(String[] words) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < words.length; i += 2) {
            if (!words[i].startsWith("--") || i + 1 == words.length) {
                fail(words[i] + ": expected --option VALUE");
            }
            options.put(words[i].substring(2), words[i + 1]);
        }
        Arguments arguments = new Arguments(
            take(options, "bootstrap-servers"), take(options, "workload"), take(options, "input"), take(options, "output"),
            take(options, "application-id"), take(options, "state-dir"), Long.parseLong(take(options, "expect-processed")),
            Optional.ofNullable(options.remove("until")).orElse("processed"), Optional.ofNullable(options.remove("guarantee")),
            number(options, "commit-interval-ms"), number(options, "cache-bytes"), number(options, "linger-ms"),
            number(options, "session-timeout-ms"));
        if (!options.isEmpty()) {
            fail("unknown options " + options.keySet());
        }
        return arguments;
    }

    /** It ends as soon as its state is restored. */
    boolean untilRunning() {
        return until.equals("running");
    }

    /** It ends when nothing has come for a while, for programs that send themselves records whose number depends on their caches. */
    boolean untilQuiet() {
        return until.equals("quiet");
    }

    private static String take(Map<String, String> options, String name) {
        String value = options.remove(name);
        if (value == null) {
            fail("--" + name + " is missing");
        }
        return value;
    }

    private static Optional<Long> number(Map<String, String> options, String name) {
        return Optional.ofNullable(options.remove(name)).map(Long::parseLong);
    }

    private static void fail(String text) {
        System.err.println(text);
        System.exit(2);
    }
}
