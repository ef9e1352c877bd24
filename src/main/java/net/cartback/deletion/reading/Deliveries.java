package net.cartback.deletion.reading;

import net.cartback.deletion.answer.AnswerReading;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.RequestId;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Deliveries as operators see them: where each stands, and all that was tried and said. */
public final class Deliveries {

    private static final List<DeliveryView.State> OPEN =
            List.of(
                    DeliveryView.State.PENDING,
                    DeliveryView.State.IN_FLIGHT,
                    DeliveryView.State.AWAITING_RECEIPT,
                    DeliveryView.State.PARKED);

    private static final Logger log = LoggerFactory.getLogger(Deliveries.class);
    private static final int MAX_HISTORY = 100;

    private final Database database;
    private final Keyring keyring;
    private final ActionNotes notes;

    public Deliveries(Database database, Keyring keyring) {
        this.database = database;
        this.keyring = keyring;
        this.notes = new ActionNotes(keyring);
    }

    /**
     * Which deliveries are looked for; null: whichever are not closed.
     *
     * @param state not {@code CLOSED}
     * @param newestFirst in which order
     */
    public record Filter(
            @Nullable ClientSystemId system,
            DeliveryView.@Nullable State state,
            boolean newestFirst) {

        private List<DeliveryView.State> states() {
            return state == null ? OPEN : List.of(state);
        }

        /** Whether a list of these may be gone on with from here. */
        public boolean holds(DeliveryView.Cursor place) {
            return states().contains(place.state());
        }
    }

    /**
     * Deliveries that match: state after state, and those of each in the order of their times.
     *
     * @param after only those that follow on this place, which the filter holds; null: from the
     *     first
     */
    public List<DeliveryView> deliveries(
            Filter filter, DeliveryView.@Nullable Cursor after, int atMost) {
        return database.withHandle(
                handle -> {
                    var found = new ArrayList<DeliveryView>();
                    var states = filter.states();
                    int first = after == null ? 0 : states.indexOf(after.state());
                    for (var state : states.subList(first, states.size())) {
                        if (found.size() < atMost) {
                            found.addAll(
                                    DeliveryViewSql.page(
                                            handle,
                                            filter.system(),
                                            state,
                                            filter.newestFirst(),
                                            after != null && after.state() == state ? after : null,
                                            atMost - found.size()));
                        }
                    }
                    return found;
                });
    }

    /** Every delivery of one request, of every round. */
    public List<DeliveryView> deliveries(RequestId request) {
        return database.withHandle(handle -> DeliveryViewSql.ofRequest(handle, request));
    }

    /** What operators did with a system as a whole: the last 100, newest first. */
    public List<DeliveryView.ActionView> actions(ClientSystemId system) {
        return database
                .withHandle(handle -> DeliveryViewSql.actions(handle, system, MAX_HISTORY))
                .stream()
                .map(notes::opened)
                .toList();
    }

    /** What operators did with a request as a whole: the last 100, newest first. */
    public List<DeliveryView.ActionView> actions(RequestId request) {
        return database
                .withHandle(handle -> DeliveryViewSql.actions(handle, request, MAX_HISTORY))
                .stream()
                .map(notes::opened)
                .toList();
    }

    /** All that is known of one delivery; empty if there is none of this id. */
    public Optional<DeliveryView.History> history(DeliveryId delivery) {
        return database.inTransaction(
                handle ->
                        DeliveryViewSql.find(handle, delivery)
                                .map(
                                        found ->
                                                new DeliveryView.History(
                                                        found,
                                                        DeliveryViewSql.attempts(
                                                                        handle,
                                                                        delivery,
                                                                        MAX_HISTORY)
                                                                .stream()
                                                                .map(each -> opened(delivery, each))
                                                                .toList(),
                                                        DeliveryViewSql.said(handle, delivery),
                                                        DeliveryViewSql.actions(
                                                                        handle,
                                                                        delivery,
                                                                        MAX_HISTORY)
                                                                .stream()
                                                                .map(notes::opened)
                                                                .toList())));
    }

    private DeliveryView.AttemptView opened(DeliveryId delivery, DeliveryViewSql.KeptAttempt kept) {
        var attempt = kept.attempt();
        var sealed = kept.answerSealed();
        if (sealed == null) {
            return attempt;
        }
        String answer = null;
        String rule = null;
        try {
            var bytes =
                    keyring.sealer()
                            .openBytes(
                                    SealedColumns.ANSWER.at(
                                            SealedColumns.attempt(delivery, kept.number())),
                                    sealed);
            answer = new String(bytes, StandardCharsets.UTF_8);
            if (ErrorClass.BAD_RECEIPT.wireName().equals(attempt.error())) {
                rule = brokenRule(delivery, attempt.status(), bytes);
            }
        } catch (SealBroken e) {
            log.atWarn()
                    .addKeyValue("delivery_id", delivery)
                    .log("An answer that is kept cannot be opened: {}", e.getMessage());
        }
        return new DeliveryView.AttemptView(
                attempt.number(),
                attempt.startedAt(),
                attempt.duration(),
                attempt.reply(),
                attempt.error(),
                attempt.status(),
                answer,
                rule);
    }

    /** From what is kept, which does not tell how a body was framed and encoded. */
    private static @Nullable String brokenRule(
            DeliveryId delivery, @Nullable Integer status, byte[] answer) {
        if (answer.length == Attempt.MAX_ANSWER) {
            return null;
        }
        return switch (AnswerReading.of(answer).toDeliveryOf(delivery.madeAt())) {
            case AnswerReading.Unacceptable(var field, var rule) -> field + " " + rule;
            case AnswerReading.Read read ->
                    status != null && status / 100 == 2
                            ? "body must be complete, and either unencoded or encoded with gzip"
                            : "outcome must be the outcome agreed for the status, in a complete"
                                    + " body that is unencoded or encoded with gzip";
            case AnswerReading.Empty _, AnswerReading.NoOutcome _, AnswerReading.NoAnswer _ -> null;
        };
    }
}
