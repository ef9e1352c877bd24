package net.cartback.deletion.serve;

import net.cartback.deletion.attention.Attention;
import net.cartback.deletion.attention.Attention.Cause;
import net.cartback.deletion.audit.AuditTrail;
import net.cartback.deletion.listener.TlsIdentity;
import net.cartback.deletion.storage.DatabaseClock;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What needs an operator, and is known outside of the ledger. */
public final class Watches {

    private static final Duration UNCHAINED = Duration.ofMinutes(10);
    private static final Duration ENDING = Duration.ofDays(14);
    private static final Duration APART = Duration.ofMinutes(1);

    private Watches() {}

    public static List<Attention> auditBehind(AuditTrail trail, Instant now) {
        return trail
                .oldestUnchained()
                .filter(since -> since.isBefore(now.minus(UNCHAINED)))
                .map(
                        since ->
                                attention(
                                        Cause.AUDIT_BEHIND,
                                        since,
                                        null,
                                        "look for the reason in the log of the loop audit; it is"
                                                + " usually a transaction that stays open"))
                .stream()
                .toList();
    }

    static List<Attention> certificate(@Nullable TlsIdentity identity, Instant now) {
        return identity == null || identity.notAfter().isAfter(now.plus(ENDING))
                ? List.of()
                : List.of(
                        attention(
                                Cause.CERTIFICATE_ENDS,
                                null,
                                identity.notAfter(),
                                "put the next one into the files of TLS_CERTIFICATE and"
                                        + " TLS_PRIVATE_KEY; it is loaded within seconds"));
    }

    public static List<Attention> clocks(DatabaseClock clock) {
        return clock.ofHost().abs().compareTo(APART) < 0
                        && clock.ofDatabase().abs().compareTo(APART) < 0
                ? List.of()
                : List.of(
                        attention(
                                Cause.CLOCKS_APART,
                                null,
                                null,
                                "set the wrong clock: relay_clock_offset_seconds tells how far this"
                                        + " machine's clock and the database's clock are ahead"));
    }

    static List<Attention> figures(Housekeeping housekeeping) {
        return housekeeping.isUpToDate()
                ? List.of()
                : List.of(
                        attention(
                                Cause.FIGURES_OLD,
                                null,
                                null,
                                "look for the reason in the log of the loop housekeeping"));
    }

    static List<Attention> keyring(@Nullable Instant unreadSince) {
        return unreadSince == null
                ? List.of()
                : List.of(
                        attention(
                                Cause.KEYRING_UNREAD,
                                unreadSince,
                                null,
                                "make the file of KEYRING_FILE readable again: the relay goes on"
                                        + " with its loaded keys, and cannot start again without"
                                        + " the file"));
    }

    private static Attention attention(
            Cause cause, @Nullable Instant since, @Nullable Instant due, String remedy) {
        return new Attention(cause, null, null, since, 1, due, remedy);
    }
}
