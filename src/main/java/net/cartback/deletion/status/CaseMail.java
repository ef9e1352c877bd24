package net.cartback.deletion.status;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.cases.CaseTexts;
import net.cartback.deletion.language.Language;
import net.cartback.deletion.page.Sentence;
import net.cartback.deletion.page.Value;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.reading.Statuses.Coded;
import net.cartback.deletion.status.StatusPage.Row;
import net.cartback.deletion.subject.OnBehalfOf;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A mail says what the page says, as of now, and where the page is. Whatever was typed by a
 * stranger is not in it, so that nobody can make the relay send words of theirs.
 */
public final class CaseMail implements CaseTexts {

    /** What holds for a page alone. */
    private static final Set<String> OF_PAGES =
            Set.of(
                    "fact.code.use",
                    "next.open",
                    "next.corrected",
                    "record.open",
                    "record.page",
                    "record.print");

    private final InstantSource clock;
    private final Brand brand;
    private final RetentionPeriods periods;
    private final PublicUrl publicUrl;

    public CaseMail(
            InstantSource clock, Brand brand, RetentionPeriods periods, PublicUrl publicUrl) {
        this.clock = clock;
        this.brand = brand;
        this.periods = periods;
        this.publicUrl = publicUrl;
    }

    @Override
    public Text write(
            Telling telling,
            Language language,
            @Nullable OnBehalfOf onBehalfOf,
            List<Coded> requests) {
        var words = Words.of(language);
        var text = new Lines();
        if (telling == Telling.NEWS) {
            text.line(words.say("mail.news.lead").plain()).line("");
        }
        if (onBehalfOf != null) {
            text.line(words.say("mail.on_behalf").plain()).line("");
        }
        for (var each : requests) {
            add(each, words, text);
            text.line("").line("--------").line("");
        }
        sign(words, text);
        var subject =
                switch (telling) {
                    case RECEIVED -> words.say("mail.received.subject");
                    case FINISHED -> words.say("mail.finished.subject");
                    case NEWS -> words.say("mail.news.subject");
                };
        var name = brand.name();
        return new Text(name == null ? null : name.in(language), subject.plain(), text.toString());
    }

    private void add(Coded request, Words words, Lines text) {
        var page =
                new StatusContent(words, brand, request.status(), clock.instant(), periods)
                        .page(request.code(), publicUrl);
        var address = publicUrl.ofStatus(request.code()) + "?lang=" + words.language().tag();
        text.line(page.title().plain()).line("");
        text.line(together(page.lead()));
        text.line(words.say("mail.now", Map.of("now", new Value.Moment(clock.instant()))).plain())
                .line("");
        text.line(words.say("mail.page").plain()).line(address).line("");
        text.line(words.say("fact.title").plain());
        page.facts().forEach(row -> add("", row, words, text));
        if (!page.parts().isEmpty()) {
            text.line("").line(words.say("part.title").plain());
        }
        for (var part : page.parts()) {
            text.line("").line("- " + part.name().plain()).line("  " + together(part.said()));
            part.rows().forEach(rows -> rows.forEach(row -> add("  ", row, words, text)));
        }
        for (var section : page.sections()) {
            var sentences =
                    section.sentences().stream()
                            .filter(each -> !OF_PAGES.contains(each.key()))
                            .toList();
            if (!sentences.isEmpty()) {
                text.line("").line(section.title().plain());
                sentences.forEach(each -> text.line(each.plain()));
            }
        }
        if (page.isFinished()) {
            text.line("")
                    .line(
                            labelled(
                                    words,
                                    words.say("record.proof.link"),
                                    publicUrl.ofStatus(request.code()) + "/proof"));
        }
    }

    private void sign(Words words, Lines text) {
        text.line(words.say("mail.why").plain());
        var contact = brand.complaintsOrContact();
        text.line(
                (contact == null
                                ? words.say("mail.stranger")
                                : words.say(
                                        "mail.stranger.contact",
                                        Map.of("contact", Value.Link.to(contact))))
                        .plain());
        text.line(words.say("mail.safe").plain());
        if (brand.name() != null) {
            text.line("").line(brand.name().in(words.language()));
            brand.address().forEach(text::line);
        }
        if (brand.contact() != null) {
            text.line(brand.contact().text());
        }
        if (brand.privacyPolicy() != null) {
            text.line(
                    labelled(
                            words,
                            words.say("frame.privacy"),
                            brand.privacyPolicy().link().toString()));
        }
    }

    /** A label with its first value; what explains it stands below. */
    private static void add(String indent, Row row, Words words, Lines text) {
        var values = row.values().stream().filter(each -> !OF_PAGES.contains(each.key())).toList();
        text.line(indent + labelled(words, row.label(), values.getFirst().plain()));
        values.stream().skip(1).forEach(each -> text.line(indent + "  " + each.plain()));
    }

    private static String labelled(Words words, Sentence label, String value) {
        return words.say(
                        "format.label",
                        Map.of(
                                "label", new Value.Name(label.plain()),
                                "value", new Value.Name(value)))
                .plain();
    }

    private static String together(List<Sentence> sentences) {
        return sentences.stream().map(Sentence::plain).collect(Collectors.joining(" "));
    }

    /** Lines with their ends. */
    private static final class Lines {

        private final StringBuilder text = new StringBuilder();

        Lines line(String line) {
            text.append(line).append('\n');
            return this;
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }
}
