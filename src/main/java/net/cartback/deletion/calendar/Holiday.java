package net.cartback.deletion.calendar;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.Month;
import java.time.MonthDay;
import java.time.temporal.TemporalAdjusters;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A day, or one of each year, on which nobody works. */
public sealed interface Holiday {

    /** How one is written. */
    String RULE =
            "must be written as 2026-12-24, as 25 december, as 4 july, observed (on the nearest"
                    + " day that is not of the weekend), or as last monday of march";

    /** Whether this day is one. */
    boolean falls(LocalDate day, Set<DayOfWeek> weekend);

    /** This day alone. */
    record On(LocalDate day) implements Holiday {
        @Override
        public boolean falls(LocalDate other, Set<DayOfWeek> weekend) {
            return other.equals(day);
        }
    }

    /**
     * The same day each year; the 29th of February only where there is one.
     *
     * @param observed whether it moves to the nearest day that is not of a weekend; the day before
     *     comes first (5 U.S.C. 6103(b): Saturday to Friday, Sunday to Monday)
     */
    record Yearly(MonthDay day, boolean observed) implements Holiday {

        @Override
        public boolean falls(LocalDate other, Set<DayOfWeek> weekend) {
            // It may move into the year before or after.
            for (int year = other.getYear() - 1; year <= other.getYear() + 1; year++) {
                if (day.isValidYear(year) && moved(day.atYear(year), weekend).equals(other)) {
                    return true;
                }
            }
            return false;
        }

        private LocalDate moved(LocalDate date, Set<DayOfWeek> weekend) {
            for (int days = 0; observed && days < DAYS_OF_A_WEEK; days++) {
                if (!weekend.contains(date.minusDays(days).getDayOfWeek())) {
                    return date.minusDays(days);
                }
                if (!weekend.contains(date.plusDays(days).getDayOfWeek())) {
                    return date.plusDays(days);
                }
            }
            return date;
        }
    }

    /**
     * A weekday of a month.
     *
     * @param which 1 to 4; -1: the last
     */
    record Weekday(int which, DayOfWeek day, Month month) implements Holiday {
        @Override
        public boolean falls(LocalDate other, Set<DayOfWeek> weekend) {
            return other.getMonth() == month
                    && other.equals(other.with(TemporalAdjusters.dayOfWeekInMonth(which, day)));
        }
    }

    int DAYS_OF_A_WEEK = 7;

    /** As it is written in a file; empty: it has none of the forms. */
    static Optional<Holiday> read(String text) {
        var plain = text.strip().toLowerCase(Locale.ROOT);
        var date = Forms.DATE.matcher(plain);
        var yearly = Forms.YEARLY.matcher(plain);
        var weekday = Forms.WEEKDAY.matcher(plain);
        try {
            if (date.matches()) {
                return Optional.of(new On(LocalDate.parse(plain)));
            }
            if (yearly.matches()) {
                return Optional.of(yearly(yearly));
            }
            return weekday.matches() ? Optional.of(weekday(weekday)) : Optional.empty();
        } catch (DateTimeException e) {
            // The 31st of April, say.
            return Optional.empty();
        }
    }

    private static Holiday yearly(Matcher form) {
        return new Yearly(
                MonthDay.of(
                        Month.valueOf(form.group(2).toUpperCase(Locale.ROOT)),
                        Integer.parseInt(form.group(1))),
                form.group(3) != null);
    }

    private static Holiday weekday(Matcher form) {
        return new Weekday(
                Forms.WHICH.getOrDefault(form.group(1), -1),
                DayOfWeek.valueOf(form.group(2).toUpperCase(Locale.ROOT)),
                Month.valueOf(form.group(3).toUpperCase(Locale.ROOT)));
    }

    /** The forms in which a holiday is written. */
    final class Forms {

        private static final Map<String, Integer> WHICH =
                Map.of("1st", 1, "2nd", 2, "3rd", 3, "4th", 4, "last", -1);

        private static final String MONTH = oneOf(Month.values());
        private static final Pattern DATE = Pattern.compile("\\d{4}-\\d{2}-\\d{2}");
        private static final Pattern YEARLY =
                Pattern.compile("(\\d{1,2}) " + MONTH + "(, observed)?");
        private static final Pattern WEEKDAY =
                Pattern.compile(
                        "(1st|2nd|3rd|4th|last) " + oneOf(DayOfWeek.values()) + " of " + MONTH);

        private Forms() {}

        private static String oneOf(Enum<?>[] names) {
            return Arrays.stream(names)
                    .map(each -> each.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining("|", "(", ")"));
        }
    }
}
