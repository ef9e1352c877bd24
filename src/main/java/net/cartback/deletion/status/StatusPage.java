package net.cartback.deletion.status;

import net.cartback.deletion.page.Sentence;
import net.cartback.deletion.page.Value;

import java.util.List;
import java.util.Map;

/**
 * What the status page shows, ready to be set: nothing is decided in the template.
 *
 * @param title where the request stands
 * @param lead what that means
 * @param now as of when
 * @param facts what was asked, dates and counts
 * @param parts what each organisation has said
 * @param sections what follows from it
 * @param isFinished whether there is a proof
 * @param path of this page, with the code
 * @param address of this page, for who prints it: label and value
 */
public record StatusPage(
        Sentence title,
        List<Sentence> lead,
        Sentence now,
        List<Row> facts,
        List<Part> parts,
        List<Section> sections,
        boolean isFinished,
        String path,
        Map<String, Value> address) {

    /** A label and what belongs to it; a second value explains the first. */
    public record Row(Sentence label, List<Sentence> values) {}

    /** One organisation: its name, what it has said, and the particulars in lists of rows. */
    public record Part(Sentence name, List<Sentence> said, List<List<Row>> rows) {}

    /** A part of the page under a heading of its own. */
    public record Section(Sentence title, List<Sentence> sentences) {}

    /** What a browser calls the proof when it saves it. */
    public String proofName() {
        return "proof.jws";
    }
}
