package net.cartback.deletion.calendar;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The agency's working days. A holiday that is missing here only makes what is due come earlier.
 *
 * @param zone in which a day begins and ends
 * @param weekend on which nobody works; never the whole week
 */
public record BusinessDays(ZoneId zone, Set<DayOfWeek> weekend, List<Holiday> holidays) {

    /** Where nobody has said otherwise: Monday to Friday, by UTC, without holidays. */
    public static final BusinessDays USUAL =
            new BusinessDays(
                    ZoneOffset.UTC, EnumSet.of(DayOfWeek.SATURDAY, DayOfWeek.SUNDAY), List.of());

    /** No calendar has so many days without work in a row. */
    private static final int LONGEST_BREAK = 60;

    public BusinessDays {
        weekend = Set.copyOf(weekend);
        holidays = List.copyOf(holidays);
        if (weekend.size() == DayOfWeek.values().length) {
            throw new IllegalArgumentException("A week must have a working day");
        }
    }

    /** Whether somebody works on this day. */
    public boolean isWorked(LocalDate day) {
        return !weekend.contains(day.getDayOfWeek())
                && holidays.stream().noneMatch(each -> each.falls(day, weekend));
    }

    /**
     * The end of the last of so many working days. The day on which something came is not counted,
     * whenever on it (Regulation (EEC, Euratom) 1182/71, article 3(1); 11 CCR 7021(a)).
     *
     * @param came when it came; the day counts by the zone
     * @param days at least 1
     * @return the first instant after that day
     */
    public Instant endOf(Instant came, int days) {
        if (days < 1) {
            throw new IllegalArgumentException("At least one day");
        }
        var day = came.atZone(zone).toLocalDate();
        for (int left = days; left > 0; left--) {
            day = next(day);
        }
        return day.plusDays(1).atStartOfDay(zone).toInstant();
    }

    private LocalDate next(LocalDate day) {
        var next = day.plusDays(1);
        for (int i = 0; i < LONGEST_BREAK && !isWorked(next); i++) {
            next = next.plusDays(1);
        }
        return next;
    }
}
