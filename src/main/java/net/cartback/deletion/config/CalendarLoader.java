package net.cartback.deletion.config;

import net.cartback.deletion.calendar.BusinessDays;
import net.cartback.deletion.calendar.CalendarReader;
import net.cartback.deletion.yaml.InvalidFile;

import java.io.IOException;
import java.nio.file.Files;

/** Reads the business days that are configured. */
public final class CalendarLoader {

    private CalendarLoader() {}

    /**
     * What {@code BUSINESS_DAYS_FILE} names; {@link BusinessDays#USUAL} if it is unset.
     *
     * @throws Refused with the file's name before each fault
     */
    public static BusinessDays read(Config config) {
        var file = config.businessDaysFile();
        if (file == null) {
            return BusinessDays.USUAL;
        }
        try {
            return CalendarReader.read(Files.readString(file), config.environment());
        } catch (IOException e) {
            throw Refused.unreadable("the business days " + file, e);
        } catch (InvalidFile e) {
            throw Refused.of("the business days " + file, e.faults());
        }
    }
}
