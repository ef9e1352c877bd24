package net.cartback.deletion.serve;

import net.cartback.deletion.admin.CaseRoutes;
import net.cartback.deletion.admin.Guard;
import net.cartback.deletion.cases.CaseLetters;
import net.cartback.deletion.cases.Cases;
import net.cartback.deletion.mail.MailServer;
import net.cartback.deletion.mail.MailSettings;
import net.cartback.deletion.mail.Mailer;
import net.cartback.deletion.reading.Statuses;
import net.cartback.deletion.recording.RequestWriter;
import net.cartback.deletion.recording.Workers;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.status.CaseMail;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/** The parts that serve people who ask otherwise than through Meta. */
public final class CaseParts {

    private static final Duration MAIL_EVERY = Duration.ofSeconds(5);

    /** What a server has taken must be noted, or it is sent again. It had the stop until here. */
    private static final Duration MAIL_PATIENCE = Duration.ofSeconds(10);

    private final Parts.Surroundings around;
    private final Cases cases;
    private final @Nullable Mailer mailer;

    CaseParts(Parts.Surroundings around, Settings settings, RequestWriter writer) {
        this.around = around;
        cases =
                new Cases(
                        around.database(),
                        around.keyring(),
                        around.clock(),
                        around.random(),
                        writer,
                        settings.businessDays());
        var mail = settings.mail();
        mailer = mail == null ? null : mailer(settings, mail);
    }

    private Mailer mailer(Settings settings, MailSettings mail) {
        var database = around.database();
        var keyring = around.keyring();
        var clock = around.clock();
        return new Mailer(
                database,
                clock,
                new CaseLetters(
                        database,
                        keyring,
                        clock,
                        new Statuses(database, keyring),
                        new CaseMail(
                                clock, settings.brand(), settings.retention(), around.publicUrl())),
                new MailServer(mail),
                around.meters());
    }

    CaseRoutes routes(Guard guard, Registry registry, Workers workers) {
        return new CaseRoutes(guard, registry, cases, mailer != null, workers, around.clock());
    }

    /** Sends mails to people; null: nobody does. */
    public @Nullable Mailer mailer() {
        return mailer;
    }

    /** Sends them again and again, once it is started; null: nobody does. */
    @Nullable Loop mails(Opened opened) {
        return mailer == null
                ? null
                : opened.loop("mail", MAIL_EVERY, mailer::round, MAIL_PATIENCE);
    }

    /** Begins no other mail. */
    void stop() {
        if (mailer != null) {
            mailer.stop();
        }
    }
}
