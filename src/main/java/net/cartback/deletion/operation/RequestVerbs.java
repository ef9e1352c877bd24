package net.cartback.deletion.operation;

import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.keys.OlderReplicaRuns;
import net.cartback.deletion.ledger.ClosingSql;
import net.cartback.deletion.ledger.DueDateSql;
import net.cartback.deletion.operation.OperatorNotes.Concern;
import net.cartback.deletion.operation.OperatorVerbs.Verdict;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.OperatorNote;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.Verb;

import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * What operators do with a request as a whole: hold it, release it, extend its time, complete one
 * that nobody can be asked about. Each change is kept with who and why, in the same transaction;
 * the person is shown it, with its ground.
 */
public final class RequestVerbs {

    /** Two further months (GDPR article 12(3)), in days. */
    public static final int MAX_EXTENSION_DAYS = 60;

    /** The schema whose replicas say what they know; older ones may not know this. */
    private static final int HOLDS = 19;

    private static final Logger log = LoggerFactory.getLogger(RequestVerbs.class);

    private final Database database;
    private final InstantSource clock;
    private final OperatorNotes notes;

    public RequestVerbs(Database database, Keyring keyring, InstantSource clock) {
        this.database = database;
        this.clock = clock;
        this.notes = new OperatorNotes(keyring, clock);
    }

    /**
     * Places a legal hold: from now on nothing more is sent for this request, and none of its data
     * is erased (GDPR article 17(3)). Deliveries in flight still arrive, and answers are recorded.
     * The due date does not move.
     *
     * @param ground a ground that is not for refusals only
     * @throws OlderReplicaRuns if a replica runs that might send held deliveries
     */
    public Verdict hold(RequestId request, Ground ground, OperatorNote note) {
        return act(
                Verb.HOLD,
                request,
                note,
                (handle, now) -> {
                    KeyRegister.requireAllKnow(HOLDS, handle, now);
                    return RequestVerbSql.hold(handle, request, ground, now);
                });
    }

    /** Ends the hold: what is due is sent, and what has been kept long enough is erased. */
    public Verdict release(RequestId request, OperatorNote note) {
        return act(
                Verb.RELEASE,
                request,
                note,
                (handle, now) -> RequestVerbSql.release(handle, request));
    }

    /**
     * Gives a request more time, once, before it is due.
     *
     * @param days 1 to {@link #MAX_EXTENSION_DAYS}
     */
    public Verdict extend(RequestId request, ExtensionGround ground, int days, OperatorNote note) {
        if (days < 1 || days > MAX_EXTENSION_DAYS) {
            throw new IllegalArgumentException("An extension is 1 to 60 days");
        }
        return act(
                Verb.EXTEND,
                request,
                note,
                (handle, now) -> {
                    var due = RequestVerbSql.extend(handle, request, ground, now);
                    due.ifPresent(
                            each ->
                                    DueDateSql.putOff(
                                            handle, request, each.plus(Duration.ofDays(days))));
                    return due.isPresent();
                });
    }

    /**
     * Completes a request of which no delivery is open, because its app has no client system and
     * never will: nobody can be asked, and the person is told so.
     */
    public Verdict closeUnconfirmed(RequestId request, OperatorNote note) {
        return act(
                Verb.UNCONFIRMED,
                request,
                note,
                (handle, now) -> ClosingSql.unconfirmed(handle, request, now));
    }

    private interface RequestAction {
        boolean apply(Handle handle, Instant now);
    }

    private Verdict act(Verb verb, RequestId request, OperatorNote note, RequestAction act) {
        var now = clock.instant();
        var verdict =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            var isDeletion = RequestVerbSql.lock(handle, request);
                            if (isDeletion.isEmpty()) {
                                return Verdict.UNKNOWN;
                            }
                            if (!isDeletion.get() || !act.apply(handle, now)) {
                                return Verdict.NOT_NOW;
                            }
                            notes.keep(handle, verb, Concern.of(request), note);
                            return Verdict.DONE;
                        });
        if (verdict == Verdict.DONE) {
            log.atInfo()
                    .addKeyValue("request_id", request)
                    .addKeyValue("verb", verb.wireName())
                    .log("An operator has acted on a request");
        }
        return verdict;
    }
}
