package net.cartback.deletion.terms;

import java.time.Instant;
import java.time.Period;
import java.time.ZoneOffset;

/**
 * How long a closed request is kept (GDPR article 5(1)(e)).
 *
 * @param eraseAfter from closing until everything personal is erased; by default the life of a
 *     backup
 * @param recordFor from closing until the record without personal data is dropped too; longer than
 *     {@code eraseAfter}
 */
public record RetentionPeriods(Period eraseAfter, Period recordFor) {

    /** 35 days, and 24 months. */
    public static final RetentionPeriods USUAL =
            new RetentionPeriods(Period.ofDays(35), Period.ofMonths(24));

    /**
     * @throws IllegalArgumentException if {@code eraseAfter} is shorter than a day, or {@code
     *     recordFor} is not longer than {@code eraseAfter}
     */
    public RetentionPeriods {
        // One date decides which of two periods is longer; a leap year does not matter here.
        if (isShorter(eraseAfter, Period.ofDays(1))) {
            throw new IllegalArgumentException("must be at least a day (P1D)");
        }
        if (!isShorter(eraseAfter, recordFor)) {
            throw new IllegalArgumentException("must be shorter than RECORD_KEPT_FOR");
        }
    }

    /** The personal data of requests that were closed before this instant is to be erased. */
    public Instant erasedBefore(Instant now) {
        return minus(now, eraseAfter);
    }

    /** The records of requests that were closed before this instant are to be dropped. */
    public Instant droppedBefore(Instant now) {
        return minus(now, recordFor);
    }

    private static Instant minus(Instant now, Period period) {
        return now.atOffset(ZoneOffset.UTC).minus(period).toInstant();
    }

    private static boolean isShorter(Period one, Period other) {
        return minus(Instant.EPOCH, one).isAfter(minus(Instant.EPOCH, other));
    }
}
