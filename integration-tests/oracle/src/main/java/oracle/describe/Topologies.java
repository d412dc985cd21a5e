package oracle.describe;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

import org.apache.kafka.streams.StreamsBuilder;

/** The topologies of all themes. */
public final class Topologies {
    static final List<Class<?>> THEMES = List.of(
        WordCounts.class, Stateless.class, Branches.class, Processors.class, Punctuations.class, Sources.class, Sinks.class, Repartitions.class,
        Counts.class, Reductions.class, Aggregates.class, GroupedTwice.class, Windows.class, WindowedReductions.class,
        SessionWindowings.class, SlidingWindowings.class, FinalResults.class, SessionFinals.class, OtherWindows.class, Deletions.class, Cogroups.class, CogroupedWindows.class,
        Suppressions.class, StreamTableJoins.class, StreamStreamJoins.class, OuterStreamJoins.class, Tables.class, TableJoins.class, TableGroups.class,
        ForeignKeyJoins.class, ToTables.class, Combinations.class, Orders.class, GlobalTables.class, GlobalStores.class, PatternSources.class,
        Optimizations.class, NullRecords.class, TableTransforms.class, TableStores.class, StoreWalks.class, HeaderStores.class, KeyedForms.class, VersionedTables.class, VersionedJoins.class, OwnStores.class,
        ReadOnlyStores.class, JoinsAside.class, Upgrades.class, Wrappers.class, Parameters.class);

    private Topologies() {}

    /** By id: what writes each into a builder. */
    public static Map<String, Consumer<StreamsBuilder>> all() {
        Map<String, Consumer<StreamsBuilder>> all = new TreeMap<>();
        for (Class<?> theme : THEMES) {
            cases(theme).forEach(method -> all.put(method.getAnnotation(Case.class).id(), builder -> write(method, builder)));
        }
        return all;
    }

    /** Whether a topology takes records without a key, so that it is to be fed some. */
    public static boolean takesNullKeys(String id) {
        return about(id).nullKeys();
    }

    /** The same of records without a value, apart from deletions of rows, which all tables take. */
    public static boolean takesNullValues(String id) {
        return about(id).nullValues();
    }

    /** Its {@code upgrade.from}; null where it has none. */
    public static String upgradeFrom(String id) {
        String version = about(id).upgradeFrom();
        return version.isEmpty() ? null : version;
    }

    private static Case about(String id) {
        return THEMES.stream().flatMap(theme -> cases(theme).stream()).map(method -> method.getAnnotation(Case.class))
            .filter(about -> about.id().equals(id)).findFirst().orElseThrow();
    }

    static List<Method> cases(Class<?> theme) {
        return Arrays.stream(theme.getDeclaredMethods()).filter(method -> method.isAnnotationPresent(Case.class)).toList();
    }

    private static void write(Method method, StreamsBuilder builder) {
        try {
            method.setAccessible(true);
            method.invoke(null, builder);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(method.getName(), e);
        }
    }
}
