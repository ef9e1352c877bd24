package net.cartback.deletion.config;

import net.cartback.deletion.yaml.Misspelt;

import org.jspecify.annotations.Nullable;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Period;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads environment variables one by one, and collects what is wrong with them. */
final class Variables {

    /** Shorter names may be those of other programs. */
    private static final int SHORTEST_DOUBTED = 9;

    private final Map<String, String> environment;
    private final Set<String> asked = new TreeSet<>();
    private final List<String> faults = new ArrayList<>();

    Variables(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Reads a value, or finds none in it. */
    interface Reading<T> {

        @Nullable T of(String text) throws URISyntaxException;
    }

    /** What was found wrong, one sentence each, by the name of the variable. */
    List<String> faults() {
        return faults;
    }

    void fault(String name, String rule) {
        faults.add(name + " " + rule);
    }

    /** Whether there is such a variable, even an empty one. */
    boolean isSet(String name) {
        return environment.containsKey(name);
    }

    @Nullable String value(String name) {
        asked.add(name);
        var value = environment.get(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    String text(String name, String ifUnset) {
        var value = value(name);
        return value == null ? ifUnset : value;
    }

    @Nullable Path path(String name) {
        var value = value(name);
        if (value == null && isSet(name)) {
            // An empty variable is a mistake somewhere; it must not pass as an absent one.
            fault(name, "is set and empty");
        }
        return value == null ? null : Path.of(value);
    }

    boolean flag(String name) {
        var value = text(name, "false");
        if (!value.equals("true") && !value.equals("false")) {
            fault(name, "must be true or false");
        }
        return value.equals("true");
    }

    int number(String name, int ifUnset, int min, int max) {
        var number =
                parsed(
                        name,
                        "must be a whole number from " + min + " to " + max,
                        text -> {
                            int parsed = Integer.parseInt(text);
                            return parsed >= min && parsed <= max ? parsed : null;
                        });
        return number == null ? ifUnset : number;
    }

    Duration duration(String name, Duration ifUnset) {
        var duration =
                parsed(
                        name,
                        "must be an ISO 8601 duration longer than nothing, such as PT1H",
                        text -> {
                            var parsed = Duration.parse(text);
                            return parsed.isPositive() ? parsed : null;
                        });
        return duration == null ? ifUnset : duration;
    }

    Period period(String name, Period ifUnset) {
        var period =
                parsed(
                        name,
                        "must be an ISO 8601 period of whole days, such as P35D or P24M",
                        Period::parse);
        return period == null ? ifUnset : period;
    }

    /**
     * The value of a variable, if it is set.
     *
     * @param rule what it must be: the fault, if the reading finds no value or fails
     * @return null if it is unset, or breaks the rule
     */
    <T> @Nullable T parsed(String name, String rule, Reading<T> reading) {
        var text = value(name);
        if (text == null) {
            return null;
        }
        @Nullable T value;
        try {
            value = reading.of(text);
        } catch (IllegalArgumentException | DateTimeException | URISyntaxException e) {
            value = null;
        }
        if (value == null) {
            fault(name, rule);
        }
        return value;
    }

    /** Variables that were not read, but whose names are nearly the name of one that was. */
    List<String> doubts() {
        return environment.keySet().stream()
                .filter(each -> each.length() >= SHORTEST_DOUBTED && !asked.contains(each))
                .flatMap(
                        each ->
                                Misspelt.meant(each, asked).stream()
                                        .map(
                                                meant ->
                                                        each
                                                                + " is not read: is "
                                                                + meant
                                                                + " meant?"))
                .sorted()
                .toList();
    }
}
