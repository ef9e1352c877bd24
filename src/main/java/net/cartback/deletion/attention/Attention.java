package net.cartback.deletion.attention;

import net.cartback.deletion.terms.WireName;

import org.jspecify.annotations.Nullable;

import java.time.Instant;

/**
 * One cause for which somebody should look.
 *
 * @param concerned the app, the client system, or what else it is about; null: the relay itself
 * @param detail of a held system why, of what is parked or in doubt the reason; null: the cause
 *     says all
 * @param since null: it is not known, or it is still to come
 * @param count of requests, deliveries or whatever the cause is about, counted to 10 000
 * @param due the nearest due date that is in danger; of what ends, its end
 * @param remedy what to do about it: a sentence, with the call of the admin API if there is one
 */
public record Attention(
        Cause cause,
        @Nullable String concerned,
        @Nullable String detail,
        @Nullable Instant since,
        long count,
        @Nullable Instant due,
        String remedy) {

    /** Why; what is worst comes first. */
    public enum Cause implements WireName {
        /** No replica was seen in the database for a minute. */
        NO_RELAY,
        /** Requests that are open after their due date. */
        OVERDUE,
        /** Requests that are due within seven days and not answered by all. */
        DUE_SOON,
        /** People who must be told within two days that their wish has arrived, or had to be. */
        UNACKNOWLEDGED,
        /** Mails to people that no mail server has taken. */
        MAIL_FAILED,
        /** A client system has answered one delivery in two ways. */
        CONTRADICTED,
        /** Deliveries that nobody but an operator can send on. */
        PARKED,
        /** A client system that nothing is sent to. */
        HELD,
        /** Deliveries whose reply counts as an acceptance, but does not clearly say so. */
        IN_DOUBT,
        /** Deliveries that were accepted and not answered in time, although reminded. */
        SILENT,
        /** An app whose callbacks have all been refused for their signatures. */
        SIGNATURES_REFUSED,
        /** An app whose requests nobody hears of. */
        NO_SYSTEM,
        /** People whom no system of the app can find by what is verified. */
        NOBODY_ASKED,
        /**
         * An app or a system whose last secret ends within 14 days, or has ended; or a token of the
         * admin API that ends within 14 days.
         */
        SECRET_ENDS,
        /**
         * The certificate of the public listener ends within 14 days, or the last authority that a
         * system's entry names.
         */
        CERTIFICATE_ENDS,
        /** The audit trail is not chained. */
        AUDIT_BEHIND,
        /** What was kept long enough is not erased. */
        SWEEP_BEHIND,
        /** A replica was not seen for a minute, and has not said that it ends. */
        REPLICA_LOST,
        /** This machine's clock and the one that the relay goes by are a minute apart. */
        CLOCKS_APART,
        /** What is measured for the metrics was not measured for a minute. */
        FIGURES_OLD,
        /** The keyring's file cannot be read now; what is loaded of it stays in use. */
        KEYRING_UNREAD
    }
}
