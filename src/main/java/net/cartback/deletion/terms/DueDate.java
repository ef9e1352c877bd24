package net.cartback.deletion.terms;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * By when a request must be done: 30 days as Cart Back has promised, or one calendar month where
 * that is shorter (GDPR Article 12(3)). Calendar months are counted in UTC.
 */
public final class DueDate {

    private DueDate() {}

    public static Instant of(Instant receivedAt) {
        var days = receivedAt.plus(30, ChronoUnit.DAYS);
        var month = receivedAt.atOffset(ZoneOffset.UTC).plusMonths(1).toInstant();
        return days.isBefore(month) ? days : month;
    }
}
