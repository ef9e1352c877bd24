package net.cartback.deletion.yaml;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fills in {@code ${NAME}}, after parsing: a variable's content cannot change the structure. */
final class Placeholders {

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");

    private Placeholders() {}

    /** The text with the variables that there are; nothing stands for the others. */
    static String filledInSoFar(String text, Map<String, String> variables) {
        return VARIABLE.matcher(text)
                .replaceAll(
                        found ->
                                Matcher.quoteReplacement(
                                        variables.getOrDefault(found.group(1), "")));
    }

    /**
     * The text with its variables.
     *
     * @param fault told what is wrong
     * @return null if a variable is missing, or of another form
     */
    static @Nullable String filledIn(
            String text, Map<String, String> variables, Consumer<String> fault) {
        if (VARIABLE.matcher(text).replaceAll("").contains("${")) {
            fault.accept("has a variable that is not written ${NAME}");
            return null;
        }
        var missing = new ArrayList<String>();
        VARIABLE.matcher(text)
                .results()
                .map(found -> found.group(1))
                .filter(name -> !variables.containsKey(name))
                .forEach(missing::add);
        missing.forEach(name -> fault.accept("the environment variable " + name + " is not set"));
        return missing.isEmpty() ? filledInSoFar(text, variables) : null;
    }
}
