package net.cartback.deletion.ledger;

import net.cartback.deletion.registry.ClientSystemId;
import net.cartback.deletion.registry.MetaAppId;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
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
public record DeliveryRecord(
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
     * @param at its time; null in a list of parked deliveries, which have none
     */
    public record Place(@Nullable Instant at, DeliveryId delivery) {

        /** Reads what {@link #toString} has written; empty if it is something else. */
        public static Optional<Place> parse(String text) {
            var parts = text.split("_", -1);
            try {
                return parts.length != 2
                        ? Optional.empty()
                        : DeliveryId.parse(parts[1])
                                .map(
                                        id ->
                                                new Place(
                                                        parts[0].isEmpty()
                                                                ? null
                                                                : Instant.parse(parts[0]),
                                                        id));
            } catch (DateTimeParseException e) {
                return Optional.empty();
            }
        }

        @Override
        public String toString() {
            return (at == null ? "" : at.toString()) + "_" + delivery;
        }
    }

    /** Its place in a list. */
    public Place place() {
        return new Place(nextAttemptAt, id);
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
     * @param answer the beginning of what came back; null: nothing, or it cannot be opened
     */
    public record Try(
            int number,
            Instant startedAt,
            Duration duration,
            String reply,
            @Nullable String error,
            @Nullable Integer status,
            @Nullable String answer) {}

    /**
     * An answer.
     *
     * @param standing {@code stands}, {@code amended} or {@code contradicts}
     */
    public record Said(String standing, Basis basis, Answer answer, Instant at) {}

    /**
     * What an operator did.
     *
     * @param deliveries how many it concerned
     */
    public record Done(Instant at, String verb, int deliveries, @Nullable Note note) {}

    /** All that is known of one delivery; newest first. */
    public record History(
            DeliveryRecord delivery, List<Try> attempts, List<Said> answers, List<Done> actions) {}
}
