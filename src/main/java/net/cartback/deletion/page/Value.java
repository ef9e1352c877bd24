package net.cartback.deletion.page;

import net.cartback.deletion.brand.Contact;
import net.cartback.deletion.language.Language;
import net.cartback.deletion.language.Names;

import java.net.URI;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;

/**
 * What stands in a sentence's place. Each kind knows how it looks, so that no value can change the
 * structure of a page, or the order of the words around it: names and codes keep the direction of
 * their own script (W3C, Inline markup and bidirectional text).
 */
public sealed interface Value {

    /** A name that somebody else has chosen: of an organisation, an app, an authority. */
    record Name(String name) implements Value {

        /** Without what shows nothing. */
        public Name {
            name = Names.visible(name);
        }
    }

    /** A moment, to the minute. */
    record Moment(Instant at) implements Value {

        /** To the minute, as it is shown. */
        public Moment {
            at = at.truncatedTo(ChronoUnit.MINUTES);
        }
    }

    /** A day. */
    record Day(LocalDate date) implements Value {}

    /** What is written from left to right in every language: a code, an address. */
    record Code(String code) implements Value {}

    /**
     * Where something is to be had, under a text of its own script.
     *
     * @param address {@code https:} or {@code mailto:}
     */
    record Link(URI address, String text) implements Value {

        /** Where somebody is reached. */
        public static Link to(Contact contact) {
            return new Link(contact.link(), contact.text());
        }

        /** Without what shows nothing. */
        public Link {
            text = Names.visible(text);
        }
    }

    /** A sentence that somebody else has written, in the language in which it is written. */
    record Text(String text, Language language) implements Value {

        /** For who reads this language. */
        public static Text of(net.cartback.deletion.brand.Text text, Language reader) {
            var language = text.languageFor(reader);
            return new Text(text.in(language), language);
        }

        /** Without what shows nothing. */
        public Text {
            text = Names.visible(text);
        }
    }

    /** How many. */
    record Count(int count) implements Value {}
}
