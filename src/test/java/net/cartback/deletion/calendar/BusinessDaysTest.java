package net.cartback.deletion.calendar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.cartback.deletion.yaml.InvalidFile;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;

class BusinessDaysTest {

    private static final ZoneId ALASKA = ZoneId.of("America/Anchorage");
    private static final BusinessDays FEDERAL =
            read("{zone: America/Anchorage, holidays: [us_federal]}");
    private static final BusinessDays STATE =
            read("{zone: America/Anchorage, holidays: [us_federal, us_alaska]}");

    /** In local time: when it came, and the last of five days. */
    @ParameterizedTest
    @CsvSource({
        "2026-12-17T23:30, 2026-12-24",
        "2026-12-17T00:00, 2026-12-24",
        "2026-12-18T00:01, 2026-12-28",
        "2026-12-19T12:00, 2026-12-28",
        "2027-03-26T09:00, 2027-04-02",
        "2026-07-01T09:00, 2026-07-09",
        "2027-07-01T09:00, 2027-07-09",
        "2027-06-15T09:00, 2027-06-23",
        "2027-12-20T09:00, 2027-12-28",
        "2021-12-27T09:00, 2022-01-04",
        "2027-03-12T09:00, 2027-03-19",
        "2027-11-05T09:00, 2027-11-15",
        "2028-02-28T09:00, 2028-03-06"
    })
    void five_days_later_by_the_federal_holidays(LocalDateTime came, LocalDate last) {
        assertThat(FEDERAL.endOf(came.atZone(ALASKA).toInstant(), 5))
                .isEqualTo(last.plusDays(1).atStartOfDay(ALASKA).toInstant());
    }

    @ParameterizedTest
    @CsvSource({
        "2027-03-26T09:00, 2027-04-05",
        // Alaska Day 2026 is a Sunday: the Monday after it.
        "2026-10-16T09:00, 2026-10-26"
    })
    void and_by_those_of_the_state(LocalDateTime came, LocalDate last) {
        assertThat(STATE.endOf(came.atZone(ALASKA).toInstant(), 5))
                .isEqualTo(last.plusDays(1).atStartOfDay(ALASKA).toInstant());
    }

    @Test
    void the_day_counts_where_the_agency_is_and_not_where_the_machine_is() {
        // 23:30 of the 17th in Alaska; in UTC it is the 18th.
        var came = Instant.parse("2026-12-18T08:30:00Z");
        assertThat(FEDERAL.endOf(came, 5)).isEqualTo(Instant.parse("2026-12-25T09:00:00Z"));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-07-03, false", // the 4th is a Saturday
        "2027-07-05, false", // the 4th is a Sunday
        "2026-10-19, false", // Alaska Day
        "2027-06-18, false", // Juneteenth is a Saturday
        "2027-12-24, false", // Christmas is a Saturday
        "2021-12-31, false", // New Year is a Saturday
        "2022-01-03, true",
        "2026-11-26, false", // Thanksgiving
        "2026-11-27, true",
        "2027-01-18, false", // the third Monday
        "2027-05-31, false", // the last Monday
        "2027-03-29, false", // Seward's Day
        "2027-03-14, false", // a Sunday
        "2028-02-29, true"
    })
    void holidays_fall_where_the_law_says(LocalDate day, boolean worked) {
        assertThat(STATE.isWorked(day)).isEqualTo(worked);
    }

    @Test
    void the_federal_holidays_are_eleven_a_year() {
        for (int year = 2024; year < 2040; year++) {
            var first = LocalDate.of(year, 1, 1);
            long days =
                    first.datesUntil(first.plusYears(1))
                            .filter(
                                    day ->
                                            FEDERAL.holidays().stream()
                                                    .anyMatch(
                                                            each ->
                                                                    each.falls(
                                                                            day,
                                                                            FEDERAL.weekend())))
                            .count();
            // New Year of the year after may be kept in this one.
            assertThat(days).as("" + year).isBetween(10L, 12L);
        }
    }

    @Test
    void other_weekends_and_days_of_ones_own() {
        var days =
                read(
                        "{zone: Asia/Dubai, weekend: [friday, Saturday], holidays: [\"2026-12-24\","
                                + " 1 march, \"2 march, observed\", 29 february]}");
        assertThat(days.weekend()).containsExactlyInAnyOrder(DayOfWeek.FRIDAY, DayOfWeek.SATURDAY);
        assertThat(days.isWorked(LocalDate.of(2026, 12, 24))).isFalse();
        assertThat(days.isWorked(LocalDate.of(2027, 12, 24))).as("a Friday").isFalse();
        assertThat(days.isWorked(LocalDate.of(2027, 3, 1))).isFalse();
        assertThat(days.isWorked(LocalDate.of(2028, 2, 29))).isFalse();
        assertThat(days.isWorked(LocalDate.of(2027, 2, 28))).isTrue();
    }

    @Test
    void without_a_file_the_days_are_those_of_utc_from_monday_to_friday() {
        assertThat(read("{}")).isEqualTo(BusinessDays.USUAL);
        assertThat(BusinessDays.USUAL.endOf(Instant.parse("2026-11-27T10:00:00Z"), 5))
                .isEqualTo(Instant.parse("2026-12-05T00:00:00Z"));
    }

    @Test
    void a_clock_that_is_changed_moves_no_day() {
        // The night of 14 March 2027 has no hour from 2 to 3 in Alaska.
        var end = FEDERAL.endOf(Instant.parse("2027-03-12T20:00:00Z"), 1);
        assertThat(end).isEqualTo(Instant.parse("2027-03-16T08:00:00Z"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{zone: Alaska/Anchorage} | zone: must be a time zone such as America/Anchorage",
                "{weekend: [someday]} | weekend: must hold days of the week, such as saturday",
                "{weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]} |"
                        + " weekend: must leave a day on which somebody works",
                "{holidays: [easter]} | holidays[0]: must be written as 2026-12-24,",
                "{holidays: [31 april]} | holidays[0]: must be written as 2026-12-24,",
                "{holidays: [5th monday of may]} | holidays[0]: must be written as 2026-12-24,",
                "{holiday: [1 may]} | holiday: is not a field here: is holidays meant?"
            })
    void what_is_wrong_is_named(String row) {
        var cells = row.split(" \\| ", 2);
        assertThatThrownBy(() -> read(cells[0]))
                .isInstanceOf(InvalidFile.class)
                .hasMessageContaining(cells[1]);
    }

    @Test
    void a_week_has_a_working_day() {
        assertThatThrownBy(
                        () -> new BusinessDays(ALASKA, EnumSet.allOf(DayOfWeek.class), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> FEDERAL.endOf(Instant.EPOCH, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static BusinessDays read(String yaml) {
        return CalendarReader.read(yaml, Map.of());
    }
}
