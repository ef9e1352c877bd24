package net.cartback.deletion.status;

import java.util.List;

/**
 * The words of the status page, ready to be set: nothing is decided in the template.
 *
 * @param code in groups, as it is easy to read out
 * @param headline where the request stands
 * @param meaning what that means
 * @param facts dates and counts
 * @param sections what is kept, what was refused, and what each system has said
 * @param next sentences on what happens next
 */
public record StatusPage(
        String code,
        String headline,
        String meaning,
        List<Line> facts,
        List<Section> sections,
        List<String> next) {

    /** A label and its value. */
    public record Line(String label, String value) {}

    /** A part of the page under a heading of its own. */
    public record Section(String title, List<Line> lines) {}
}
