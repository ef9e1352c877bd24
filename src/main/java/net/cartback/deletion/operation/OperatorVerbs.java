package net.cartback.deletion.operation;

import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.gate.Gates;
import net.cartback.deletion.ledger.ClosingSql;
import net.cartback.deletion.ledger.ReceiptSql;
import net.cartback.deletion.ledger.ReceiptSql.Incoming;
import net.cartback.deletion.ledger.RedeliverySql;
import net.cartback.deletion.operation.OperatorNotes.Concern;
import net.cartback.deletion.reading.DeliveryView;
import net.cartback.deletion.reading.DeliveryViewSql;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.OperatorNote;
import net.cartback.deletion.terms.Verb;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What an operator can do to deliveries and client systems by hand. Each verb is kept with who did
 * it and why, sealed, in the transaction of the change. A verb that concerns many deliveries goes
 * through them in batches, each a transaction: if it ends half way, the same again does the rest.
 *
 * <p>Safe beside other replicas.
 */
public final class OperatorVerbs {

    /** What a verb for one delivery came to. */
    public enum Verdict {
        DONE,
        UNKNOWN,
        /** It is answered already, or on its way, or not in the state that the verb is for. */
        NOT_NOW
    }

    private static final Logger log = LoggerFactory.getLogger(OperatorVerbs.class);
    private final Database database;
    private final InstantSource clock;
    private final OperatorNotes notes;
    private final ClosedByHand closed;

    public OperatorVerbs(
            Database database, Keyring keyring, InstantSource clock, MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.notes = new OperatorNotes(keyring, clock);
        this.closed = new ClosedByHand(meters);
    }

    /**
     * Sends nothing to this system until it is resumed; what is due goes on to be due.
     *
     * @return false if it is paused already
     */
    public boolean pause(ClientSystemId system, OperatorNote note) {
        boolean paused =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            if (!Gates.pause(handle, system)) {
                                return false;
                            }
                            notes.keep(handle, Verb.PAUSE, Concern.of(system, 0), note);
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
    public boolean resume(ClientSystemId system, OperatorNote note) {
        var now = clock.instant();
        boolean resumed =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            if (!Gates.resume(handle, system, now)) {
                                return false;
                            }
                            notes.keep(handle, Verb.RESUME, Concern.of(system, 0), note);
                            return true;
                        });
        if (resumed) {
            log.atInfo().addKeyValue("system", system).log("A client system is resumed");
        }
        return resumed;
    }

    /** Makes one delivery due now that waits for its time or for its answer. */
    public Verdict retry(DeliveryId delivery, OperatorNote note) {
        return makeDue(
                Verb.RETRY,
                delivery,
                Set.of(DeliveryView.State.PENDING, DeliveryView.State.AWAITING_RECEIPT),
                note);
    }

    /** Makes a parked delivery due now, after what was wrong with it has been mended. */
    public Verdict unpark(DeliveryId delivery, OperatorNote note) {
        return makeDue(Verb.UNPARK, delivery, Set.of(DeliveryView.State.PARKED), note);
    }

    private Verdict makeDue(
            Verb verb, DeliveryId delivery, Set<DeliveryView.State> states, OperatorNote note) {
        return act(
                verb,
                delivery,
                note,
                null,
                (handle, found, action, now) ->
                        states.contains(found.state())
                                && RedeliverySql.makeDue(handle, List.of(delivery.value()), now)
                                        == 1);
    }

    /** What a verb does to one delivery; false: it is not in a state for it. */
    private interface DeliveryAction {
        boolean apply(Handle handle, DeliveryView found, UUID action, Instant now);
    }

    /**
     * Does something to one delivery, and keeps who did it and why.
     *
     * @param closing the outcome with which this closes it; null: it does not
     */
    private Verdict act(
            Verb verb,
            DeliveryId delivery,
            OperatorNote note,
            @Nullable Outcome closing,
            DeliveryAction act) {
        var now = clock.instant();
        var system =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            var found = DeliveryViewSql.find(handle, delivery);
                            if (found.isEmpty()) {
                                return null;
                            }
                            var action = UUID.randomUUID();
                            if (!act.apply(handle, found.get(), action, now)) {
                                return Optional.<ClientSystemId>empty();
                            }
                            var of = found.get().system();
                            notes.keep(handle, action, verb, Concern.of(of, delivery), note);
                            return Optional.of(of);
                        });
        if (system == null) {
            return Verdict.UNKNOWN;
        }
        if (system.isEmpty()) {
            return Verdict.NOT_NOW;
        }
        if (closing != null) {
            closed.tell(system.get(), closing, 1);
        }
        return Verdict.DONE;
    }

    /** Closes one delivery of a client that is gone and will never answer. */
    public Verdict closeUnconfirmed(DeliveryId delivery, OperatorNote note) {
        return act(
                Verb.UNCONFIRMED,
                delivery,
                note,
                Outcome.UNCONFIRMED,
                (handle, found, action, now) ->
                        found.kind().isAnswered()
                                && ClosingSql.unconfirmed(handle, List.of(delivery.value()), now)
                                        == 1);
    }

    /** Enters the answer that a client gave outside of the protocol, in a letter say. */
    public Verdict record(DeliveryId delivery, Answer answer, OperatorNote note) {
        return act(
                Verb.RECORD,
                delivery,
                note,
                answer.outcome(),
                (handle, found, action, now) ->
                        found.kind().isAnswered()
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
    public Verdict amend(DeliveryId delivery, Answer answer, OperatorNote note) {
        return act(
                Verb.AMEND,
                delivery,
                note,
                null,
                (handle, found, action, now) -> {
                    if (!ReceiptSql.lock(handle, delivery)) {
                        return false;
                    }
                    OperatorSql.keepBeforeAmending(handle, action, delivery);
                    ReceiptSql.amend(handle, delivery, answer, now);
                    return true;
                });
    }
}
