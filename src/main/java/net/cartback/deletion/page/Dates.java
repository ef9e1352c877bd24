package net.cartback.deletion.page;

import net.cartback.deletion.language.Language;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.Locale;

/**
 * Dates as a language writes them, months in full. A calendar that is usual with another count of
 * years gets the era, as in Thai. Times are in UTC, from 00:00 to 23:59.
 */
final class Dates {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final DateTimeFormatter day;

    Dates(Language language) {
        day =
                DateTimeFormatter.ofLocalizedDate(FormatStyle.LONG)
                        .withLocale(language.locale())
                        .withZone(ZoneOffset.UTC);
    }

    String day(LocalDate date) {
        return day.format(date);
    }

    String day(Instant at) {
        return day.format(at);
    }

    String time(Instant at) {
        return TIME.format(at);
    }
}
