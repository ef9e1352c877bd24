package net.cartback.deletion.reading;

import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.answer.Retained;
import net.cartback.deletion.language.Names;
import net.cartback.deletion.terms.DeliveryState;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.WireName;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What may be told about a request to whoever knows its code. Everything beyond the stored facts is
 * derived from the parts, never set by hand.
 *
 * @param hold null: there is none
 * @param extension null: there is none
 * @param parts one for each client system, in the order of their creation
 */
public record RequestStatus(
        App app,
        Instant receivedAt,
        Instant dueAt,
        @Nullable Instant closedAt,
        @Nullable Hold hold,
        @Nullable Extension extension,
        List<Part> parts) {

    /**
     * The app whose data is to be deleted.
     *
     * @param platform the Meta product that the person used
     * @param way how the request came
     * @param takesRequests whether it can be asked again
     */
    public record App(Names name, Platform platform, Way way, boolean takesRequests) {}

    /** How a request came. */
    public enum Way implements WireName {
        /** Meta signed it. */
        SIGNED,
        /** It stood in a list of ids. */
        LIST,
        /** The person asked otherwise than through Meta. */
        PERSON
    }

    /** A legal hold: while it lasts, nothing more is deleted, and nothing erased. */
    public record Hold(Ground ground, Instant since) {}

    /** That its time was extended, once. */
    public record Extension(ExtensionGround ground, Instant at, Instant wasDueAt) {}

    /**
     * How a client system was asked.
     *
     * @param attempts how often
     * @param firstAt when first; null: never, or it has answered
     * @param acceptedAt when it said that it has the request; null: it has not
     */
    public record Tries(int attempts, @Nullable Instant firstAt, @Nullable Instant acceptedAt) {}

    /**
     * One client system's part.
     *
     * @param answeredAt when it answered, or was given up; null: the delivery is open
     * @param answeredBefore when it had answered, before it was to be asked again; null: it was not
     * @param isContradicted whether it has since answered otherwise
     */
    public record Part(
            Names systemName,
            DeliveryState state,
            @Nullable Outcome outcome,
            List<Retained> retained,
            @Nullable Ground ground,
            Tries tries,
            @Nullable Instant answeredAt,
            @Nullable Instant answeredBefore,
            boolean isContradicted) {

        /** Whether it was closed although the system has not said what it did. */
        public boolean isGivenUp() {
            return outcome == Outcome.UNCONFIRMED;
        }

        /** Whether the system has said what it did; to be closed unconfirmed is no answer. */
        public boolean isAnswered() {
            return outcome != null && outcome != Outcome.UNCONFIRMED;
        }
    }

    /** The public state. */
    public enum State implements WireName {
        /** No system has answered yet. */
        RECEIVED,
        IN_PROGRESS,
        /** Past its due date and not completed. */
        DELAYED,
        COMPLETED
    }

    /** The public outcome of a completed request. */
    public enum PublicOutcome implements WireName {
        DELETED,
        DELETED_SOME_RETAINED,
        NOTHING_FOUND,
        REFUSED,
        PARTLY_CONFIRMED
    }

    public RequestStatus {
        parts = List.copyOf(parts);
    }

    /** The public state at this instant. */
    public State state(Instant now) {
        if (closedAt != null) {
            return State.COMPLETED;
        }
        if (now.isAfter(dueAt)) {
            return State.DELAYED;
        }
        return confirmed() == 0 ? State.RECEIVED : State.IN_PROGRESS;
    }

    /** How many systems have answered; a delivery that was closed unconfirmed is no answer. */
    public int confirmed() {
        return (int) parts.stream().filter(Part::isAnswered).count();
    }

    /** When the last delivery was closed; if none was, when the request came. */
    public Instant updatedAt() {
        return parts.stream()
                .map(Part::answeredAt)
                .filter(Objects::nonNull)
                .max(Instant::compareTo)
                .orElse(receivedAt);
    }

    /** The outcome, once the request is completed. */
    public Optional<PublicOutcome> outcome() {
        if (closedAt == null) {
            return Optional.empty();
        }
        boolean deleted = false;
        boolean retained = false;
        boolean refused = false;
        boolean unconfirmed = parts.isEmpty();
        for (var part : parts) {
            // Without an outcome nobody knows: that is never told as nothing found.
            switch (part.outcome()) {
                case DELETED -> deleted = true;
                case RETAINED -> retained = true;
                case REFUSED -> refused = true;
                case NOTHING_FOUND -> {}
                case UNCONFIRMED -> unconfirmed = true;
                case null -> unconfirmed = true;
            }
        }
        if (unconfirmed) {
            return Optional.of(PublicOutcome.PARTLY_CONFIRMED);
        }
        if (retained || (deleted && refused)) {
            return Optional.of(PublicOutcome.DELETED_SOME_RETAINED);
        }
        if (deleted) {
            return Optional.of(PublicOutcome.DELETED);
        }
        return Optional.of(refused ? PublicOutcome.REFUSED : PublicOutcome.NOTHING_FOUND);
    }
}
