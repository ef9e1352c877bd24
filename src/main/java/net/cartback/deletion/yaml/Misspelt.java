package net.cartback.deletion.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the name that was meant by one that nobody knows. */
public final class Misspelt {

    private static final int MAX_DISTANCE = 2;

    private Misspelt() {}

    /**
     * The known name that is at most two edits from this name. An edit inserts, omits or changes a
     * letter, or exchanges it with its neighbour. Empty if no known name is so near.
     */
    public static Optional<String> meant(String name, Collection<String> known) {
        return known.stream()
                .filter(
                        each ->
                                each.length() > MAX_DISTANCE
                                        && distance(name, each) <= MAX_DISTANCE)
                .min(Comparator.comparingInt(each -> distance(name, each)));
    }

    /** By Damerau, with each letter touched once. */
    private static int distance(String one, String other) {
        if (Math.abs(one.length() - other.length()) > MAX_DISTANCE) {
            return MAX_DISTANCE + 1;
        }
        var rows = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int k = 0; k <= other.length(); k++) {
                if (i == 0 || k == 0) {
                    rows[i][k] = i + k;
                    continue;
                }
                boolean same = one.charAt(i - 1) == other.charAt(k - 1);
                int least = Math.min(rows[i - 1][k], rows[i][k - 1]) + 1;
                least = Math.min(least, rows[i - 1][k - 1] + (same ? 0 : 1));
                if (i > 1
                        && k > 1
                        && one.charAt(i - 1) == other.charAt(k - 2)
                        && one.charAt(i - 2) == other.charAt(k - 1)) {
                    least = Math.min(least, rows[i - 2][k - 2] + 1);
                }
                rows[i][k] = least;
            }
        }
        return rows[one.length()][other.length()];
    }
}
