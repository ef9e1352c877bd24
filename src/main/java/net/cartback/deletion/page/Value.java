package net.cartback.deletion.page;

import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;

/**
 * What stands in a sentence's place. Each kind knows how it looks, so that no value can change the
 * structure of a page, or the order of the words around it: names and codes keep the direction of
 * their own script (W3C, Inline markup and bidirectional text).
 */
public sealed interface Value {

    /** A name that somebody else has chosen: of an organisation, an app, an authority. */
    record Name(String name) implements Value {

        /**
         * What shows nothing, and what turns the direction of the rest. The two joiners are
         * letters' shapes in Indic scripts and in Persian.
         */
        private static final Pattern INVISIBLE =
                Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\u3164&&[^\\u200C\\u200D]]+");

        /** Without what shows nothing. */
        public Name {
            name = INVISIBLE.matcher(name).replaceAll(" ").strip();
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

    /** How many. */
    record Count(int count) implements Value {}
}
