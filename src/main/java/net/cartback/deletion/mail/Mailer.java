package net.cartback.deletion.mail;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/**
 * Sends what is in the outbox, one mail after the other, and tries again for as long as it may be
 * of use. Safe beside other replicas: a mail is claimed until a time, and is noted as sent once. A
 * process that dies between the server's word and that note sends the mail again, under the same
 * {@code Message-ID}.
 */
public final class Mailer {

    private static final Logger log = LoggerFactory.getLogger(Mailer.class);

    /** Longer than a server may take over one mail, and the note that it has taken it. */
    private static final Duration LEASE = MailServer.LIMIT.plus(Duration.ofMinutes(3));

    /** The database may be away for a moment, and what is not noted is sent again. */
    private static final int NOTE_TRIES = 60;

    private static final Duration NOTE_PAUSE = Duration.ofSeconds(1);

    /** The last one goes on. */
    private static final List<Duration> PAUSES =
            List.of(
                    Duration.ofMinutes(1),
                    Duration.ofMinutes(5),
                    Duration.ofMinutes(15),
                    Duration.ofHours(1),
                    Duration.ofHours(4),
                    Duration.ofDays(1));

    /** So that a round ends. */
    private static final int AT_MOST = 100;

    private final Database database;
    private final InstantSource clock;
    private final Letters letters;
    private final MailServer server;
    private final Counter sent;
    private final Counter failed;
    private volatile boolean stopping;

    public Mailer(
            Database database,
            InstantSource clock,
            Letters letters,
            MailServer server,
            MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.letters = letters;
        this.server = server;
        sent = counter("sent", meters);
        failed = counter("failed", meters);
    }

    private static Counter counter(String result, MeterRegistry meters) {
        return Counter.builder("relay.mails")
                .description("Attempts to send a mail, by what came of them")
                .tag("result", result)
                .register(meters);
    }

    /** Begins no other mail; one that is under way goes on. */
    public void stop() {
        stopping = true;
    }

    /** Queues what is due, and sends what is queued; what fails waits for its next time. */
    public void round() {
        letters.queueWhatIsDue();
        for (int i = 0; i < AT_MOST && !stopping; i++) {
            var now = clock.instant();
            var mail = database.withHandle(handle -> OutboxSql.claim(handle, now, now.plus(LEASE)));
            if (mail == null) {
                return;
            }
            send(mail);
        }
    }

    private void send(Mail mail) {
        Letters.Draft draft;
        try {
            draft = letters.write(mail);
        } catch (SealBroken e) {
            // Another may have the key; and the next mail is not at fault.
            settle(mail, MailError.UNREADABLE, next(mail));
            return;
        }

        switch (draft) {
            case Letters.Nothing.ERASED -> settle(mail, MailError.ERASED, null);
            case Letters.Nothing.NOT_NOW ->
                    database.useHandle(handle -> OutboxSql.remove(handle, mail));
            case Letters.Written written -> send(mail, written);
        }
    }

    private void send(Mail mail, Letters.Written written) {
        try {
            server.send(written.letter(), messageId(mail, written), clock.instant());
        } catch (MailNotTaken e) {
            failed.increment();
            settle(mail, e.error(), e.error().isWorthAnotherTry() ? next(mail) : null);
            return;
        }

        sent.increment();
        note(mail, written);
        log.atInfo()
                .addKeyValue("case", mail.caseId())
                .addKeyValue("occasion", mail.occasion().wireName())
                .log("A mail is sent");
    }

    /** The same text has the same id, however often it is sent. */
    private static String messageId(Mail mail, Letters.Written written) {
        return written.told() == null
                ? mail.id().toString()
                : mail.id() + "." + written.told().substring(0, 16);
    }

    private void note(Mail mail, Letters.Written written) {
        var now = clock.instant();
        for (int tries = 1; ; tries++) {
            try {
                database.useTransaction(
                        handle -> {
                            if (OutboxSql.taken(handle, mail.id(), written.told(), now)) {
                                letters.taken(handle, mail, now);
                            }
                        });
                return;
            } catch (DatabaseUnavailable e) {
                if (tries == NOTE_TRIES || !paused()) {
                    throw e;
                }
            }
        }
    }

    /** Whether nobody has asked to stop meanwhile. */
    private static boolean paused() {
        try {
            Thread.sleep(NOTE_PAUSE);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void settle(Mail mail, MailError error, @Nullable Instant next) {
        database.useHandle(handle -> OutboxSql.notTaken(handle, mail, error, next));
        log.atWarn()
                .addKeyValue("case", mail.caseId())
                .addKeyValue("occasion", mail.occasion().wireName())
                .addKeyValue("error", error.wireName())
                .addKeyValue("next_attempt_at", next)
                .log("A mail was not sent");
    }

    private Instant next(Mail mail) {
        return clock.instant().plus(PAUSES.get(Math.min(mail.attempt(), PAUSES.size()) - 1));
    }
}
