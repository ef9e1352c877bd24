package net.cartback.deletion.operation;

import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.ledger.ClosingSql;
import net.cartback.deletion.ledger.RedeliverySql;
import net.cartback.deletion.operation.OperatorNotes.Concern;
import net.cartback.deletion.reading.DeliveryView;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.OperatorNote;
import net.cartback.deletion.terms.Verb;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * What operators do to many deliveries at once. Each goes through them in batches, each a
 * transaction: if it ends half way, the same again does the rest.
 */
public final class BulkVerbs {

    /** What a verb for many deliveries may concern at most. */
    public static final int MOST = 1_000_000;

    private static final Logger log = LoggerFactory.getLogger(BulkVerbs.class);
    private static final int BATCH = 1_000;

    /** Read in one statement where no index helps: well within a statement's time limit. */
    private static final int STRETCH = 100_000;

    private final Database database;
    private final InstantSource clock;
    private final OperatorNotes notes;
    private final ClosedByHand closed;

    public BulkVerbs(
            Database database, Keyring keyring, InstantSource clock, MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.notes = new OperatorNotes(keyring, clock);
        this.closed = new ClosedByHand(meters);
    }

    /** How many deliveries {@link #replay} would send now. */
    public int countReplay(ClientSystemId system, Replay replay) {
        return matching(system, replay).size();
    }

    /**
     * Makes matching deliveries due now, under the ids that they have; what is answered meanwhile
     * is left out.
     *
     * @return how many
     */
    public int replay(ClientSystemId system, Replay replay, OperatorNote note) {
        return forAll(Verb.REPLAY, system, matching(system, replay), note, RedeliverySql::makeDue);
    }

    private List<UUID> matching(ClientSystemId system, Replay replay) {
        return walk(system, replay.states(), replay);
    }

    /** Goes through what is not answered, a stretch at a time. */
    private List<UUID> walk(
            ClientSystemId system, Set<DeliveryView.State> states, @Nullable Replay replay) {
        // What moves on while we walk may be met twice.
        var found = new LinkedHashSet<UUID>();
        for (var state : states) {
            DeliveryView.Cursor after = null;
            do {
                var from = after;
                var walked =
                        database.withHandle(
                                handle ->
                                        OperatorSql.unanswered(
                                                handle, system, state, replay, from, STRETCH));
                found.addAll(walked.found());
                after = walked.last();
            } while (after != null && found.size() < MOST);
        }
        return found.stream().limit(MOST).toList();
    }

    /** How many deliveries {@link #closeUnconfirmed(ClientSystemId, Note)} would close now. */
    public int countUnanswered(ClientSystemId system) {
        return unanswered(system).size();
    }

    /**
     * Closes everything of a client that is gone and will never answer, but for what is under a
     * legal hold; the person is told so.
     *
     * @return how many
     */
    public int closeUnconfirmed(ClientSystemId system, OperatorNote note) {
        int count =
                forAll(Verb.UNCONFIRMED, system, unanswered(system), note, ClosingSql::unconfirmed);
        closed.tell(system, Outcome.UNCONFIRMED, count);
        return count;
    }

    private List<UUID> unanswered(ClientSystemId system) {
        return walk(system, EnumSet.complementOf(EnumSet.of(DeliveryView.State.CLOSED)), null);
    }

    /** How many deliveries {@link #redeliver} would create now. */
    public int countRedeliver(ClientSystemId system, Instant since) {
        return closedSince(system, since).size();
    }

    /**
     * Sends afresh, under new ids, everything that this system has closed since then and whose
     * person is still known: for a client that has restored a backup, and with it what it had
     * deleted. Those requests are open until it has answered again.
     *
     * @return how many deliveries were created
     */
    public int redeliver(ClientSystemId system, Instant since, OperatorNote note) {
        return forAll(
                Verb.REDELIVER,
                system,
                closedSince(system, since),
                note,
                RedeliverySql::deliverAgain);
    }

    private List<UUID> closedSince(ClientSystemId system, Instant since) {
        var found = new ArrayList<UUID>();
        UUID after = null;
        do {
            var from = after;
            var stretch =
                    database.withHandle(
                            handle ->
                                    OperatorSql.closedSince(handle, system, since, from, STRETCH));
            found.addAll(stretch.found());
            after = stretch.last();
        } while (after != null && found.size() < MOST);
        return found.size() > MOST ? found.subList(0, MOST) : found;
    }

    private interface Step {
        int apply(Handle handle, List<UUID> batch, Instant now);
    }

    private int forAll(
            Verb verb, ClientSystemId system, List<UUID> deliveries, OperatorNote note, Step step) {
        int done = 0;
        for (int i = 0; i < deliveries.size(); i += BATCH) {
            var batch = deliveries.subList(i, Math.min(i + BATCH, deliveries.size()));
            var now = clock.instant();
            done +=
                    database.inTransaction(
                            note.actor(),
                            handle -> {
                                int concerned = step.apply(handle, batch, now);
                                notes.keep(handle, verb, Concern.of(system, concerned), note);
                                return concerned;
                            });
        }
        log.atInfo()
                .addKeyValue("verb", verb.wireName())
                .addKeyValue("system", system)
                .addKeyValue("deliveries", done)
                .log("An operator has acted on many deliveries");
        return done;
    }
}
