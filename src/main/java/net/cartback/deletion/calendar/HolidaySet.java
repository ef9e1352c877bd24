package net.cartback.deletion.calendar;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Holidays that come with the relay, to be switched on by their name. */
enum HolidaySet {
    /** The eleven of the United States (5 U.S.C. 6103). */
    US_FEDERAL(
            "1 january, observed",
            "3rd monday of january",
            "3rd monday of february",
            "last monday of may",
            "19 june, observed",
            "4 july, observed",
            "1st monday of september",
            "2nd monday of october",
            "11 november, observed",
            "4th thursday of november",
            "25 december, observed"),
    /** What Alaska has beside them (AS 44.12.010): Seward's Day and Alaska Day. */
    US_ALASKA("last monday of march", "18 october, observed");

    /** One in each line, as in a file. */
    private final String written;

    HolidaySet(String... written) {
        this.written = String.join("\n", written);
    }

    List<Holiday> holidays() {
        return written.lines().map(each -> Holiday.read(each).orElseThrow()).toList();
    }

    /** The one of this name in a file; empty: there is none. */
    static Optional<HolidaySet> named(String name) {
        return Arrays.stream(values())
                .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst();
    }
}
