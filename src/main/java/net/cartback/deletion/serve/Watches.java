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
                                        "the log of the loop audit says what keeps it; a"
                                                + " transaction that stays open for long does"))
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
                                "set the clock that is wrong: relay_clock_offset_seconds says how"
                                        + " far this machine's and the database's are ahead"));
    }

    static List<Attention> figures(Housekeeping housekeeping) {
        return housekeeping.isUpToDate()
                ? List.of()
                : List.of(
                        attention(
                                Cause.FIGURES_OLD,
                                null,
                                null,
                                "the log of the loop housekeeping says what keeps them"));
    }

    static List<Attention> keyring(@Nullable Instant unreadSince) {
        return unreadSince == null
                ? List.of()
                : List.of(
                        attention(
                                Cause.KEYRING_UNREAD,
                                unreadSince,
                                null,
                                "let the file of KEYRING_FILE be read again: the relay goes on with"
                                        + " the keys that it has, and cannot start without it"));
    }

    private static Attention attention(
            Cause cause, @Nullable Instant since, @Nullable Instant due, String remedy) {
        return new Attention(cause, null, null, since, 1, due, remedy);
    }
}
