package oracle;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

import oracle.describe.Describe;

/** What a recording is asked for: {@code describe --out DIR --sources DIR}. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 5 || !args[0].equals("describe") || !args[1].equals("--out") || !args[3].equals("--sources")) {
            System.err.println("usage: oracle.Main describe --out DIR --sources DIR, not " + Arrays.toString(args));
            System.exit(2);
        }
        Path out = Path.of(args[2]);
        Files.createDirectories(out);
        Describe.record(out, Path.of(args[4]));
    }
}
