package oracle;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

import oracle.behave.Recorder;
import oracle.describe.Describe;
import oracle.describe.Optimized;

/**
 * What a recording is asked for: {@code describe --out DIR --sources DIR [--optimized DIR]} or
 * {@code record --out DIR --seed N --cases M [--topology ID] [--optimization all]}.
 */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        String what = args.length == 0 ? "" : args[0];
        if (args.length % 2 == 0 || !options.containsKey("--out")) {
            what = "";
        }
        switch (what) {
            case "describe" -> {
                Describe.record(folder(options), Path.of(options.get("--sources")));
                if (options.containsKey("--optimized")) {
                    Optimized.record(Files.createDirectories(Path.of(options.get("--optimized"))));
                }
            }
            case "record" -> Recorder.record(
                folder(options), Long.parseLong(options.get("--seed")), Integer.parseInt(options.get("--cases")), options.get("--topology"),
                options.getOrDefault("--optimization", "none"));
            default -> {
                System.err.println("usage: oracle.Main describe --out DIR --sources DIR [--optimized DIR] | record --out DIR --seed N --cases M [--topology ID]"
                    + " [--optimization all], not "
                    + Arrays.toString(args));
                System.exit(2);
            }
        }
    }

    private static Path folder(Map<String, String> options) throws java.io.IOException {
        return Files.createDirectories(Path.of(options.get("--out")));
    }
}
