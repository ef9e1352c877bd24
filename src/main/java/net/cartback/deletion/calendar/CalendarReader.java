package net.cartback.deletion.calendar;

import net.cartback.deletion.yaml.InvalidFile;
import net.cartback.deletion.yaml.YamlFields;
import net.cartback.deletion.yaml.YamlFile;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Reads a file of business days (docs/CONFIGURATION.md describes its form), and collects every
 * fault.
 */
public final class CalendarReader {

    private static final int MAX_ZONE = 100;

    private CalendarReader() {}

    /**
     * Reads the text of such a file.
     *
     * @param variables where {@code ${NAME}} is looked up
     * @throws InvalidFile with every fault, each named by its path
     */
    public static BusinessDays read(String yaml, Map<String, String> variables) {
        var faults = new ArrayList<String>();
        var file = YamlFile.read(yaml, faults);
        if (file == null) {
            throw new InvalidFile(faults);
        }
        var source = new YamlFields.Source(variables, file.notText());
        var fields = new YamlFields("", file.root(), source, faults);
        fields.allow("zone", "weekend", "holidays");
        fields.requireValues();
        var zone = zone(fields);
        var weekend = weekend(fields);
        var holidays = holidays(fields);
        if (!faults.isEmpty()) {
            throw new InvalidFile(faults);
        }
        return new BusinessDays(zone, weekend, holidays);
    }

    private static ZoneId zone(YamlFields fields) {
        var name = fields.text("zone", 1, MAX_ZONE);
        if (name == null) {
            return BusinessDays.USUAL.zone();
        }
        try {
            return ZoneId.of(name);
        } catch (DateTimeException e) {
            fields.fault("zone", "must be a time zone such as America/Anchorage");
            return BusinessDays.USUAL.zone();
        }
    }

    private static Set<DayOfWeek> weekend(YamlFields fields) {
        var names = fields.texts("weekend");
        if (names == null) {
            return BusinessDays.USUAL.weekend();
        }
        var weekend = EnumSet.noneOf(DayOfWeek.class);
        for (var name : names) {
            try {
                weekend.add(DayOfWeek.valueOf(name.toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException e) {
                fields.fault("weekend", "must hold days of the week, such as saturday");
                return BusinessDays.USUAL.weekend();
            }
        }
        if (weekend.size() == DayOfWeek.values().length) {
            fields.fault("weekend", "must leave a day on which somebody works");
            return BusinessDays.USUAL.weekend();
        }
        return weekend;
    }

    private static List<Holiday> holidays(YamlFields fields) {
        var holidays = new ArrayList<Holiday>();
        var texts = fields.texts("holidays");
        for (int i = 0; texts != null && i < texts.size(); i++) {
            var set = HolidaySet.named(texts.get(i));
            var holiday = Holiday.read(texts.get(i));
            if (set.isPresent()) {
                holidays.addAll(set.get().holidays());
            } else if (holiday.isPresent()) {
                holidays.add(holiday.get());
            } else {
                fields.fault(
                        "holidays[" + i + "]", Holiday.RULE + ", or be us_federal or us_alaska");
            }
        }
        return holidays;
    }
}
