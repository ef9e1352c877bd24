package net.cartback.deletion.cases;

import net.cartback.deletion.cases.CaseTexts.Telling;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.keys.SealedColumn;
import net.cartback.deletion.mail.Letter;
import net.cartback.deletion.mail.Letters;
import net.cartback.deletion.mail.Mail;
import net.cartback.deletion.mail.Occasion;
import net.cartback.deletion.mail.Outbox;
import net.cartback.deletion.reading.Statuses;
import net.cartback.deletion.reading.Statuses.Coded;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;

/** The mails of cases: that a wish has arrived, and what became of it. */
public final class CaseLetters implements Letters {

    static final SealedColumn CONTACT = new SealedColumn("person_case", "contact_sealed", "id");

    /** The rest has its turn in the next round. */
    private static final int AT_MOST = 100;

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Statuses statuses;
    private final CaseTexts texts;

    public CaseLetters(
            Database database,
            Keyring keyring,
            InstantSource clock,
            Statuses statuses,
            CaseTexts texts) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.statuses = statuses;
        this.texts = texts;
    }

    /** The columns that hold sealed values. */
    public static List<SealedColumn> sealedColumns() {
        return List.of(CONTACT);
    }

    /** That requests are finished, and what was said of them since. */
    @Override
    public void queueWhatIsDue() {
        database.useTransaction(
                handle -> {
                    if (!FinishedSql.lead(handle)) {
                        // Another replica does so.
                        return;
                    }
                    FinishedSql.untold(handle, AT_MOST)
                            .forEach(
                                    each ->
                                            Outbox.put(
                                                    handle,
                                                    each.caseId(),
                                                    Occasion.FINISHED,
                                                    each.request(),
                                                    clock.instant()));
                });
    }

    @Override
    public Draft write(Mail mail) {
        var id = new CaseId(mail.caseId());
        var found = database.withHandle(handle -> CaseSql.addressee(handle, id));
        if (found.isEmpty()) {
            return Nothing.ERASED;
        }
        var addressee = found.get();
        return switch (mail.occasion()) {
            case RECEIVED -> received(id, addressee);
            case FINISHED -> finished(id, addressee, Objects.requireNonNull(mail.request()));
        };
    }

    private Draft received(CaseId id, CaseSql.Addressee addressee) {
        var requests = statuses.of(addressee.requests());
        // Who was told otherwise, or is told at once how it ended, is not told that it begins.
        return addressee.acknowledged()
                        || requests.stream().noneMatch(each -> each.status().closedAt() == null)
                ? Nothing.NOT_NOW
                : letter(id, addressee, Telling.RECEIVED, requests, null);
    }

    private Draft finished(CaseId id, CaseSql.Addressee addressee, RequestId request) {
        // Read before what is told: whatever is said in between is told again.
        var end = database.withHandle(handle -> FinishedSql.end(handle, id, request));
        var requests = statuses.of(List.of(request));
        if (requests.isEmpty()) {
            return Nothing.ERASED;
        }
        return end == null || requests.getFirst().status().closedAt() == null
                ? Nothing.NOT_NOW
                : letter(
                        id,
                        addressee,
                        end.toldBefore() ? Telling.NEWS : Telling.FINISHED,
                        requests,
                        end.told());
    }

    private Draft letter(
            CaseId id,
            CaseSql.Addressee addressee,
            Telling telling,
            List<Coded> requests,
            @Nullable String told) {
        var language = addressee.language();
        var text = texts.write(telling, language, addressee.onBehalfOf(), requests);
        var to = keyring.sealer().open(CONTACT.at(id.value()), addressee.contactSealed());
        return new Written(
                new Letter(text.sender(), to, language, text.subject(), text.body()), told);
    }

    @Override
    public void taken(Handle handle, Mail mail, Instant at) {
        var id = new CaseId(mail.caseId());
        // Of several requests, one may be finished before the person knows of the others.
        if (mail.occasion() == Occasion.RECEIVED || FinishedSql.areAll(handle, id)) {
            // If an operator has done so meanwhile, that was first.
            CaseSql.acknowledge(handle, id, at);
            Outbox.withdraw(handle, mail.caseId(), Occasion.RECEIVED);
        }
    }
}
