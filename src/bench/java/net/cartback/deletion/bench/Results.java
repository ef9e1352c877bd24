package net.cartback.deletion.bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The figures: {@code part → key → value}. */
final class Results {

    private final Map<String, Map<String, Double>> parts = new LinkedHashMap<>();

    void put(String part, String key, double value) {
        parts.computeIfAbsent(part, name -> new LinkedHashMap<>())
                .put(key, Math.round(value * 1000) / 1000.0);
    }

    Map<String, Map<String, Double>> tree() {
        return parts;
    }

    String table() {
        var table = new StringBuilder();
        parts.forEach(
                (part, figures) ->
                        figures.forEach(
                                (key, value) ->
                                        table.append(
                                                String.format(
                                                        Locale.ROOT,
                                                        "%-34s %12.3f%n",
                                                        part + "." + key,
                                                        value))));
        return table.toString();
    }

    /** A line about what is going on. */
    static void say(String line) {
        System.out.println("   " + line);
    }
}
