package net.cartback.deletion.cases;

import net.cartback.deletion.calendar.BusinessDays;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.mail.Occasion;
import net.cartback.deletion.mail.Outbox;
import net.cartback.deletion.operation.OperatorNotes;
import net.cartback.deletion.operation.OperatorVerbs.Verdict;
import net.cartback.deletion.recording.NewRequest;
import net.cartback.deletion.recording.RecordedRequest;
import net.cartback.deletion.recording.RequestWriter;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.OperatorNote;
import net.cartback.deletion.terms.Origin;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.Verb;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** What people ask for otherwise than through Meta. */
public final class Cases {

    /** The first schema whose programs know requests of persons. */
    private static final int PERSONS = 27;

    /** The first whose programs erase where a person is told, and seal it anew. */
    private static final int CONTACTS = 28;

    /** Promised in public; CCPA gives ten (11 CCR 7021(a)). */
    private static final int ACKNOWLEDGED_WITHIN = 5;

    private static final Logger log = LoggerFactory.getLogger(Cases.class);

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final RequestWriter writer;
    private final OperatorNotes notes;
    private final BusinessDays days;

    public Cases(
            Database database,
            Keyring keyring,
            InstantSource clock,
            RandomGenerator random,
            RequestWriter writer,
            BusinessDays days) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.random = random;
        this.writer = writer;
        this.notes = new OperatorNotes(keyring, clock);
        this.days = days;
    }

    /**
     * What was entered.
     *
     * @param requests one for each app, in their order: new, or one that asked for the same
     */
    public record Entered(CaseView view, List<RecordedRequest> requests) {}

    /**
     * Which cases are listed.
     *
     * @param unacknowledged only those whose persons were not told yet that they have arrived
     * @param mailFailedBefore only those that have a mail which no server has taken, although it
     *     was tried, or was to be tried before then; null: all
     * @param request only those that became this request; null: all
     */
    public record Filter(
            boolean unacknowledged,
            @Nullable Instant mailFailedBefore,
            @Nullable RequestId request,
            boolean newestFirst) {}

    /** A page of cases, and the id of the last, if there are more. */
    public record Page(List<CaseView> cases, @Nullable UUID next) {}

    /**
     * Enters what a person asked for, of whom an operator has established who it is. It becomes a
     * request for each app, which goes to the systems that hear of persons and can find this one.
     *
     * @throws net.cartback.deletion.keys.OlderReplicaRuns if a replica runs that does not know such
     *     requests
     * @throws net.cartback.deletion.recording.OutOfStep if nothing can be recorded here now
     */
    public Entered enter(NewCase entered, OperatorNote note) {
        var told = database.inTransaction(note.actor(), handle -> enter(handle, entered, note));
        log.atInfo()
                .addKeyValue("case", told.view().id())
                .addKeyValue(
                        "requests", told.requests().stream().map(RecordedRequest::request).toList())
                .log("A case is entered");
        return told;
    }

    private Entered enter(Handle handle, NewCase entered, OperatorNote note) {
        var now = clock.instant();
        KeyRegister.requireAllKnow(entered.contact() == null ? PERSONS : CONTACTS, handle, now);
        var requests =
                entered.apps().stream()
                        .map(
                                app ->
                                        new NewRequest(
                                                Kind.PERSON,
                                                new Origin.Case(
                                                        app.id(),
                                                        app.platform(),
                                                        entered.receivedAt()),
                                                entered.person()))
                        .toList();
        var recorded = writer.record(handle, requests);
        // In one order for all, so that two cases cannot wait for each other.
        recorded.stream()
                .filter(RecordedRequest.Repeated.class::isInstance)
                .map(RecordedRequest::request)
                .sorted(Comparator.comparing(RequestId::toString))
                .forEach(
                        request ->
                                // An earlier letter was found later: the person has waited since.
                                RequestWriter.receivedEarlier(
                                        handle, request, Kind.PERSON, entered.receivedAt()));
        var id = new CaseId(RequestId.uuid(now, random));
        var acknowledgeBy = days.endOf(entered.receivedAt(), ACKNOWLEDGED_WITHIN);
        var contact = entered.contact();

        CaseSql.insert(handle, id, entered, sealed(id, contact), acknowledgeBy, now);
        CaseSql.insertRequests(
                handle, id, recorded.stream().map(RecordedRequest::request).toList());
        for (var each : recorded) {
            notes.keep(handle, Verb.ENTER, each.request(), note);
        }
        if (contact != null && entered.acknowledgedAt() == null) {
            Outbox.put(handle, id.value(), Occasion.RECEIVED, null, now);
        }
        return new Entered(find(handle, id).orElseThrow(), recorded);
    }

    /**
     * Enters that the person was told that the wish has arrived.
     *
     * @param at when; null: now
     */
    public Verdict acknowledge(CaseId id, @Nullable Instant at, OperatorNote note) {
        var when = at == null ? clock.instant() : at;
        return database.inTransaction(
                note.actor(),
                handle -> {
                    var found = CaseSql.find(handle, id);
                    if (found.isEmpty()) {
                        return Verdict.UNKNOWN;
                    }
                    if (!CaseSql.acknowledge(handle, id, when)) {
                        return Verdict.NOT_NOW;
                    }
                    Outbox.withdraw(handle, id.value(), Occasion.RECEIVED);
                    for (var request : found.get().requests()) {
                        notes.keep(handle, Verb.ACKNOWLEDGE, request, note);
                    }
                    return Verdict.DONE;
                });
    }

    /**
     * Sets where the person is told by mail, and sends what could not be sent before.
     *
     * @param contact null: nowhere, and what was not sent is not sent
     */
    public Verdict notify(CaseId id, @Nullable Contact contact, OperatorNote note) {
        return database.inTransaction(
                note.actor(),
                handle -> {
                    var now = clock.instant();
                    KeyRegister.requireAllKnow(CONTACTS, handle, now);
                    var found = CaseSql.findLocked(handle, id);
                    if (found.isEmpty()) {
                        return Verdict.UNKNOWN;
                    }
                    if (!CaseSql.setContact(handle, id, contact, sealed(id, contact))) {
                        return Verdict.NOT_NOW;
                    }
                    // What is on its way goes to the old address, and tells nobody else.
                    Outbox.withdraw(handle, id.value(), Occasion.values());
                    if (contact != null && found.get().acknowledgedAt() == null) {
                        Outbox.put(handle, id.value(), Occasion.RECEIVED, null, now);
                    }
                    for (var request : found.get().requests()) {
                        notes.keep(handle, Verb.NOTIFY, request, note);
                    }
                    return Verdict.DONE;
                });
    }

    private byte @Nullable [] sealed(CaseId id, @Nullable Contact contact) {
        return contact == null
                ? null
                : keyring.sealer().seal(CaseLetters.CONTACT.at(id.value()), contact.email());
    }

    /** The case of this id. */
    public Optional<CaseView> find(CaseId id) {
        return database.withHandle(handle -> find(handle, id));
    }

    private static Optional<CaseView> find(Handle handle, CaseId id) {
        return CaseSql.find(handle, id)
                .map(each -> each.with(Outbox.of(handle, List.of(id.value()))));
    }

    /**
     * Cases in the order in which they were entered.
     *
     * @param after the last of the page before; null: from the beginning
     */
    public Page list(Filter filter, @Nullable UUID after, int limit) {
        var found = database.withHandle(handle -> list(handle, filter, after, limit + 1));
        boolean more = found.size() > limit;
        var page = more ? found.subList(0, limit) : found;
        return new Page(List.copyOf(page), more ? page.getLast().id().value() : null);
    }

    private static List<CaseView> list(
            Handle handle, Filter filter, @Nullable UUID after, int limit) {
        var cases = CaseSql.list(handle, filter, after, limit);
        var mails = Outbox.of(handle, cases.stream().map(each -> each.id().value()).toList());
        return cases.stream().map(each -> each.with(mails)).toList();
    }
}
