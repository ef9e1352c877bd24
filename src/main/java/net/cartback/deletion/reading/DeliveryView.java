package net.cartback.deletion.reading;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.OperatorNote;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A delivery as an operator sees it. It says nothing of the person.
 *
 * @param outcome null while it is not closed; of a notice {@code delivered} or {@code expired}
 * @param round 1, and one more each time it was sent afresh to a client that had lost what it did
 * @param step how far it has come in the schedule of retries
 * @param reason what the last attempt came to, or what to mend; null: nothing
 * @param nextAttemptAt when it is due; in flight: when its lease ends; awaiting: when its answer is
 * @param dueAt of its request
 */
public record DeliveryView(
        DeliveryId id,
        RequestId request,
        ClientSystemId system,
        MetaAppId app,
        Kind kind,
        State state,
        @Nullable String outcome,
        int round,
        int attempts,
        int step,
        int reminders,
        @Nullable String reason,
        @Nullable Instant nextAttemptAt,
        Instant createdAt,
        @Nullable Instant closedAt,
        Instant dueAt) {

    /**
     * A place in a list of deliveries.
     *
     * @param state of which part of the list, not {@code CLOSED}
     * @param at its time; null of a parked delivery, which has none
     */
    public record Cursor(State state, @Nullable Instant at, DeliveryId delivery) {

        /** Reads what {@link #toString} has written; empty if it is something else. */
        public static Optional<Cursor> parse(String text) {
            var parts = text.split("~", -1);
            if (parts.length != 3) {
                return Optional.empty();
            }
            var state =
                    Arrays.stream(State.values())
                            .filter(each -> each != State.CLOSED)
                            .filter(each -> each.wireName().equals(parts[0]))
                            .findFirst();
            var id = DeliveryId.parse(parts[2]);
            if (state.isEmpty()
                    || id.isEmpty()
                    || parts[1].isEmpty() != (state.get() == State.PARKED)) {
                return Optional.empty();
            }
            try {
                var at = parts[1].isEmpty() ? null : Instant.parse(parts[1]);
                return Optional.of(new Cursor(state.get(), at, id.get()));
            } catch (DateTimeParseException e) {
                return Optional.empty();
            }
        }

        @Override
        public String toString() {
            return state.wireName() + "~" + (at == null ? "" : at) + "~" + delivery;
        }
    }

    /** Its place in a list. */
    public Cursor place() {
        return new Cursor(state, nextAttemptAt, id);
    }

    /** Where it is. */
    public enum State implements WireName {
        PENDING,
        /** On its way at this moment, or left by a worker that died, until its lease ends. */
        IN_FLIGHT,
        AWAITING_RECEIPT,
        PARKED,
        CLOSED
    }

    /**
     * One HTTP try.
     *
     * @param answer the beginning of the reply's body; null: there was none, or it cannot be opened
     * @param rule what is wrong with a bad receipt; null: the receipt is not stored whole, or the
     *     stored part does not show it
     */
    public record AttemptView(
            int number,
            Instant startedAt,
            Duration duration,
            String reply,
            @Nullable String error,
            @Nullable Integer status,
            @Nullable String answer,
            @Nullable String rule) {}

    /**
     * An answer.
     *
     * @param standing {@code stands}, {@code amended} or {@code contradicts}
     */
    public record StoredAnswer(String standing, Basis basis, Answer answer, Instant at) {}

    /**
     * What an operator did.
     *
     * @param deliveries how many it concerned
     */
    public record ActionView(
            Instant at, String verb, int deliveries, @Nullable OperatorNote note) {}

    /** All that is known of one delivery; newest first. */
    public record History(
            DeliveryView delivery,
            List<AttemptView> attempts,
            List<StoredAnswer> answers,
            List<ActionView> actions) {}
}
