package net.cartback.deletion.operation;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.gate.Gates;
import net.cartback.deletion.ledger.Answers;
import net.cartback.deletion.ledger.ReceiptSql;
import net.cartback.deletion.ledger.ReceiptSql.Incoming;
import net.cartback.deletion.reading.DeliveryRecord;
import net.cartback.deletion.reading.DeliveryRecordSql;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.Note;

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
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What an operator can do to deliveries and client systems by hand. Each verb is kept with who did
 * it and why, sealed, in the transaction of the change. A verb that concerns many deliveries goes
 * through them in batches, each a transaction: if it ends half way, the same again does the rest.
 *
 * <p>Thread-safe, and safe beside other replicas. Throws {@code DatabaseUnavailable} while the
 * database is away.
 */
public final class OperatorVerbs {

    /** What a verb for one delivery came to. */
    public enum Verdict {
        DONE,
        UNKNOWN,
        /** It is answered already, or on its way, or not in the state that the verb is for. */
        NOT_NOW
    }

    /** What a verb for many deliveries may concern at most. */
    public static final int MOST = 1_000_000;

    private static final Logger log = LoggerFactory.getLogger(OperatorVerbs.class);
    private static final int BATCH = 1_000;

    /** Read in one statement where no index helps: well within a statement's time limit. */
    private static final int STRETCH = 100_000;

    private final Database database;
    private final InstantSource clock;
    private final OperatorNotes notes;
    private final MeterProvider<Counter> closed;

    public OperatorVerbs(
            Database database, Keyring keyring, InstantSource clock, MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.notes = new OperatorNotes(keyring, clock);
        this.closed = Answers.closedCounter(meters);
    }

    /**
     * Sends nothing to this system until it is resumed; what is due goes on to be due.
     *
     * @return false if it is paused already
     */
    public boolean pause(ClientSystemId system, Note note) {
        boolean paused =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            Gates.createMissing(handle, List.of(system));
                            if (!OperatorSql.pause(handle, system)) {
                                return false;
                            }
                            notes.keep(handle, "pause", system, null, 0, note);
                            return true;
                        });
        if (paused) {
            log.atInfo().addKeyValue("system", system).log("A client system is paused");
        }
        return paused;
    }

    /**
     * Sends to this system again, whether an operator has paused it or its own calls held it back:
     * one delivery as a probe first.
     *
     * @return false if nothing holds it back
     */
    public boolean resume(ClientSystemId system, Note note) {
        var now = clock.instant();
        boolean resumed =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            if (!OperatorSql.resume(handle, system, now)) {
                                return false;
                            }
                            notes.keep(handle, "resume", system, null, 0, note);
                            return true;
                        });
        if (resumed) {
            log.atInfo().addKeyValue("system", system).log("A client system is resumed");
        }
        return resumed;
    }

    /** Makes one delivery due now that waits for its time or for its answer. */
    public Verdict retry(DeliveryId delivery, Note note) {
        return makeDue(
                "retry",
                delivery,
                Set.of(DeliveryRecord.State.PENDING, DeliveryRecord.State.AWAITING_RECEIPT),
                note);
    }

    /** Makes a parked delivery due now, after what was wrong with it has been mended. */
    public Verdict unpark(DeliveryId delivery, Note note) {
        return makeDue("unpark", delivery, Set.of(DeliveryRecord.State.PARKED), note);
    }

    private Verdict makeDue(
            String verb, DeliveryId delivery, Set<DeliveryRecord.State> states, Note note) {
        return act(
                verb,
                delivery,
                note,
                null,
                (handle, found, action, now) ->
                        states.contains(found.state())
                                && OperatorSql.makeDue(handle, List.of(delivery.value()), now)
                                        == 1);
    }

    /** What a verb does to one delivery; false: it is not in a state for it. */
    private interface Act {
        boolean on(Handle handle, DeliveryRecord found, UUID action, Instant now);
    }

    /**
     * Does something to one delivery, and keeps who did it and why.
     *
     * @param closing the outcome with which this closes it; null: it does not
     */
    private Verdict act(
            String verb, DeliveryId delivery, Note note, @Nullable Outcome closing, Act act) {
        var now = clock.instant();
        var system =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            var found = DeliveryRecordSql.find(handle, delivery);
                            if (found.isEmpty()) {
                                return null;
                            }
                            var action = UUID.randomUUID();
                            if (!act.on(handle, found.get(), action, now)) {
                                return Optional.<ClientSystemId>empty();
                            }
                            var of = found.get().system();
                            notes.keep(handle, action, verb, of, delivery, 1, note);
                            return Optional.of(of);
                        });
        if (system == null) {
            return Verdict.UNKNOWN;
        }
        if (system.isEmpty()) {
            return Verdict.NOT_NOW;
        }
        if (closing != null) {
            tell(system.get(), closing, 1);
        }
        return Verdict.DONE;
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
    public int replay(ClientSystemId system, Replay replay, Note note) {
        return forAll(
                "replay",
                system,
                matching(system, replay),
                note,
                (handle, batch, now) -> OperatorSql.makeDue(handle, batch, now));
    }

    private List<UUID> matching(ClientSystemId system, Replay replay) {
        return walk(system, replay.states(), replay);
    }

    /** Goes through what is not answered, a stretch at a time. */
    private List<UUID> walk(
            ClientSystemId system, Set<DeliveryRecord.State> states, @Nullable Replay replay) {
        // What moves on while we walk may be met twice.
        var found = new LinkedHashSet<UUID>();
        for (var state : states) {
            DeliveryRecord.Place after = null;
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
    public int closeUnconfirmed(ClientSystemId system, Note note) {
        int closed =
                forAll(
                        "unconfirmed",
                        system,
                        unanswered(system),
                        note,
                        (handle, batch, now) -> OperatorSql.closeUnconfirmed(handle, batch, now));
        tell(system, Outcome.UNCONFIRMED, closed);
        return closed;
    }

    private void tell(ClientSystemId system, Outcome outcome, int deliveries) {
        closed.withTags("system", system.value(), "outcome", outcome.wireName())
                .increment(deliveries);
        log.atInfo()
                .addKeyValue("system", system)
                .addKeyValue("outcome", outcome.wireName())
                .addKeyValue("deliveries", deliveries)
                .log("An operator has closed deliveries by hand");
    }

    private List<UUID> unanswered(ClientSystemId system) {
        return walk(system, EnumSet.complementOf(EnumSet.of(DeliveryRecord.State.CLOSED)), null);
    }

    /** Closes one delivery of a client that is gone and will never answer. */
    public Verdict closeUnconfirmed(DeliveryId delivery, Note note) {
        return act(
                "unconfirmed",
                delivery,
                note,
                Outcome.UNCONFIRMED,
                (handle, found, action, now) ->
                        found.kind() == Kind.DELETION
                                && OperatorSql.closeUnconfirmed(
                                                handle, List.of(delivery.value()), now)
                                        == 1);
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
    public int redeliver(ClientSystemId system, Instant since, Note note) {
        return forAll(
                "redeliver",
                system,
                closedSince(system, since),
                note,
                (handle, batch, now) -> OperatorSql.deliverAgain(handle, batch, now));
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
            String verb, ClientSystemId system, List<UUID> deliveries, Note note, Step step) {
        int done = 0;
        for (int i = 0; i < deliveries.size(); i += BATCH) {
            var batch = deliveries.subList(i, Math.min(i + BATCH, deliveries.size()));
            var now = clock.instant();
            done +=
                    database.inTransaction(
                            note.actor(),
                            handle -> {
                                int concerned = step.apply(handle, batch, now);
                                notes.keep(handle, verb, system, null, concerned, note);
                                return concerned;
                            });
        }
        log.atInfo()
                .addKeyValue("verb", verb)
                .addKeyValue("system", system)
                .addKeyValue("deliveries", done)
                .log("An operator has acted on many deliveries");
        return done;
    }

    /** Enters the answer that a client gave outside of the protocol, in a letter say. */
    public Verdict record(DeliveryId delivery, Answer answer, Note note) {
        return act(
                "record",
                delivery,
                note,
                answer.outcome(),
                (handle, found, action, now) ->
                        found.kind() == Kind.DELETION
                                && !ReceiptSql.closeWithFirst(
                                                handle,
                                                List.of(
                                                        new Incoming(
                                                                delivery,
                                                                found.request(),
                                                                found.system(),
                                                                answer,
                                                                Basis.BY_HAND,
                                                                null)),
                                                now)
                                        .isEmpty());
    }

    /** Corrects an answer that was recorded before; what it said stays on record. */
    public Verdict amend(DeliveryId delivery, Answer answer, Note note) {
        return act(
                "amend",
                delivery,
                note,
                null,
                (handle, found, action, now) -> {
                    if (!OperatorSql.lockReceipt(handle, delivery)) {
                        return false;
                    }
                    OperatorSql.keepBeforeAmending(handle, action, delivery);
                    OperatorSql.amend(handle, delivery, answer, now);
                    return true;
                });
    }
}
