package net.cartback.deletion.audit;

import org.jdbi.v3.core.Handle;

import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * The months of the trail: their ids, and the functions of the owner that make, begin and drop
 * them.
 */
final class MonthSql {

    private static final String MONTH = "SELECT clock_timestamp()";

    private static final String PREPARE_MONTHS = "SELECT audit_prepare_months()::text";

    private static final String BEGIN_MONTH = "SELECT audit_begin_month()";

    private static final String DROP_MONTH = "SELECT audit_drop_month(:month)::text";

    /** How many ids a month has, counted from {@link #FIRST_MONTH}. */
    private static final long IDS_OF_A_MONTH = 1_000_000_000_000L;

    private static final YearMonth FIRST_MONTH = YearMonth.of(2020, 1);

    private MonthSql() {}

    /** The month whose partition holds this id. */
    static YearMonth monthOf(long id) {
        return FIRST_MONTH.plusMonths(id / IDS_OF_A_MONTH);
    }

    /** The first id of the month after this one's. */
    static long endOfMonth(long id) {
        return (id / IDS_OF_A_MONTH + 1) * IDS_OF_A_MONTH;
    }

    /** The first id after this month. */
    static long endOf(YearMonth month) {
        return (FIRST_MONTH.until(month, ChronoUnit.MONTHS) + 1) * IDS_OF_A_MONTH;
    }

    /** The month by this database's clock, in UTC. */
    static YearMonth month(Handle handle) {
        return YearMonth.from(
                handle.createQuery(MONTH)
                        .mapTo(OffsetDateTime.class)
                        .one()
                        .withOffsetSameInstant(ZoneOffset.UTC));
    }

    /** Makes the partitions of this month and the next, where they are missing. */
    static void prepareMonths(Handle handle) {
        handle.createQuery(PREPARE_MONTHS).mapTo(String.class).one();
    }

    /** From now on rows go to this month's partition; false: that is not there for good yet. */
    static boolean beginMonth(Handle handle) {
        return handle.createQuery(BEGIN_MONTH).mapTo(Boolean.class).one();
    }

    /** Drops a month and those before it. A checkpoint must stand for them. */
    static void dropMonth(Handle handle, YearMonth month) {
        handle.createQuery(DROP_MONTH).bind("month", month.atDay(1)).mapTo(String.class).one();
    }
}
