package oracle.describe;

import java.util.Map;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;

/** split, branch and defaultBranch. */
final class Branches {
    private Branches() {}

    @Case(id = "split-unnamed", note = "two branches and a default branch, all unnamed")
    static void splitUnnamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        Map<String, KStream<String, String>> branches = in.split()
            .branch((key, value) -> value.startsWith("a"))
            .branch((key, value) -> value.startsWith("b"))
            .defaultBranch();
        branches.get("KSTREAM-BRANCH-00000000011").to("a");
        branches.get("KSTREAM-BRANCH-00000000012").to("b");
        branches.get("KSTREAM-BRANCH-00000000010").to("rest");
    }

    @Case(id = "split-named", note = "the splitter's name is the prefix of the branches' names")
    static void splitNamed(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        Map<String, KStream<String, String>> branches = in.split(Named.as("letters-"))
            .branch((key, value) -> value.startsWith("a"), Branched.as("a"))
            .branch((key, value) -> value.startsWith("b"))
            .defaultBranch(Branched.as("rest"));
        branches.get("letters-a").to("a");
        branches.get("letters-2").to("b");
        branches.get("letters-rest").to("rest");
    }

    @Case(id = "split-no-default", note = "what no predicate takes is dropped; an operator after it shows the burned indices")
    static void splitNoDefault(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        Map<String, KStream<String, String>> branches = in.split()
            .branch((key, value) -> value.startsWith("a"), Branched.as("-a"))
            .branch((key, value) -> value.startsWith("b"), Branched.as("-b"))
            .noDefaultBranch();
        branches.get("KSTREAM-BRANCH-0000000001-a").mapValues(value -> value).to("a");
        branches.get("KSTREAM-BRANCH-0000000001-b").mapValues(value -> value).to("b");
    }

    @Case(id = "split-default-only", note = "a split that has only a default branch")
    static void splitDefaultOnly(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.split().defaultBranch().values().forEach(branch -> branch.to("all"));
    }

    @Case(id = "split-with-consumer", note = "branches given to a consumer, and to a function")
    static void splitWithConsumer(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.split(Named.as("s-"))
            .branch((key, value) -> value.startsWith("a"), Branched.withConsumer(branch -> branch.to("a")))
            .branch((key, value) -> value.startsWith("b"), Branched.withFunction(branch -> branch.mapValues(value -> value), "mapped"))
            .defaultBranch(Branched.withConsumer(branch -> branch.to("rest"), "rest"))
            .get("s-mapped").to("b");
    }

    @Case(id = "split-then-merge", note = "the branches come together again")
    static void splitThenMerge(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        Map<String, KStream<String, String>> branches = in.split(Named.as("s-"))
            .branch((key, value) -> value.startsWith("a"), Branched.as("a"))
            .defaultBranch(Branched.as("rest"));
        branches.get("s-a").mapValues(value -> value).merge(branches.get("s-rest")).to("output");
    }
}
