package net.cartback.deletion.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;

import com.fasterxml.jackson.databind.ObjectMapper;

import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs every benchmark, or those that are named, prints a table and writes {@code
 * target/bench/results.json}.
 */
public final class Benchmarks {

    private static final Path DIRECTORY = Path.of("target/bench");

    /** One benchmark: it adds its figures, and may print how they came about. */
    interface Part {
        void run(Path directory, Postgres postgres, Results results) throws Exception;
    }

    private static final Map<String, Part> PARTS = new LinkedHashMap<>();

    static {
        PARTS.put("intake", Intake::run);
        PARTS.put("fanout", Fanout::run);
        PARTS.put("latency", Latency::run);
        PARTS.put("isolation", Isolation::run);
        PARTS.put("attack", Attack::run);
        PARTS.put("status", Reads::run);
        PARTS.put("start", Footprint::run);
        PARTS.put("growth", Growth::run);
    }

    private Benchmarks() {}

    /** A part that takes as many minutes as its name says: only if it is named. */
    private static @Nullable Part timed(String name) {
        var words = name.split(":", 2);
        return switch (words[0]) {
            case "soak" -> (where, db, results) -> Soak.run(minutes(words), where, db, results);
            case "siege" -> (where, db, results) -> Siege.run(minutes(words), where, db, results);
            case "clocks" -> (where, db, results) -> Clocks.run(where, results);
            default -> null;
        };
    }

    private static int minutes(String[] words) {
        return words.length == 2 ? Integer.parseInt(words[1]) : 60;
    }

    /** Arguments: names of parts, separated by commas; none: all. */
    public static void main(String[] arguments) throws Exception {
        // What the relay's own classes log in here would bury the figures.
        ((Logger) LoggerFactory.getLogger("net.cartback")).setLevel(Level.WARN);
        var wanted =
                arguments.length == 0 || arguments[0].isBlank()
                        ? List.copyOf(PARTS.keySet())
                        : List.of(arguments[0].split(",", -1));
        Files.createDirectories(DIRECTORY);
        var results = new Results();
        try (var postgres = new Postgres(DIRECTORY.resolve("data"))) {
            for (var name : wanted) {
                var part = PARTS.getOrDefault(name, timed(name));
                if (part == null) {
                    throw new IllegalArgumentException(
                            "There is no part " + name + "; there are " + PARTS.keySet());
                }
                System.out.println("== " + name);
                part.run(DIRECTORY, postgres, results);
            }
        }
        Files.writeString(
                DIRECTORY.resolve("results.json"),
                new ObjectMapper()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(results.tree()));
        System.out.println();
        System.out.print(results.table());
    }
}
