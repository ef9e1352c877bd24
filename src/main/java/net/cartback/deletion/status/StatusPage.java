package net.cartback.deletion.status;

import java.util.List;

/**
 * The words of the status page, ready to be set: nothing is decided in the template.
 *
 * @param code in groups, as it is easy to read out
 * @param facts dates and counts, label and value
 * @param systems each connected system and what it has said
 * @param retained sentences on what is kept and why
 * @param refused sentences on what was refused and why
 */
public record StatusPage(
        String code,
        String headline,
        String meaning,
        String next,
        List<Line> facts,
        List<Line> systems,
        List<String> retained,
        List<String> refused) {

    /** A label and its value. */
    public record Line(String label, String value) {}
}
