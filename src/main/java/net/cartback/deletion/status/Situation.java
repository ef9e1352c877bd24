package net.cartback.deletion.status;

import net.cartback.deletion.reading.RequestStatus;

import java.time.Instant;
import java.util.Locale;

/** Where a request stands, as a person is told: what the page's title and all its parts go by. */
enum Situation {
    /** No organisation has answered yet. */
    RECEIVED,
    IN_PROGRESS,
    /** Past its due date, and open. */
    DELAYED,
    /** Open, because no system hears of the app's requests yet. */
    NOBODY_YET,
    /** Open again: an organisation that had answered is asked once more. */
    ANSWER_AGAIN,
    /** Under a legal hold, and open. */
    HELD,
    DELETED,
    /** At least one keeps something, or refused while another deleted. */
    RETAINED,
    NOTHING_FOUND,
    REFUSED,
    /** At least one can no longer be reached for an answer. */
    UNCONFIRMED,
    /** No system hears of the app's requests. */
    NOBODY_ASKED;

    static Situation of(RequestStatus status, Instant now) {
        // A hold on what is completed keeps the record, and stops nothing.
        if (status.hold() != null && status.closedAt() == null) {
            return HELD;
        }
        if (status.parts().isEmpty()) {
            return status.closedAt() == null ? NOBODY_YET : NOBODY_ASKED;
        }
        if (status.closedAt() == null && isAskedAgain(status)) {
            return ANSWER_AGAIN;
        }
        return switch (status.state(now)) {
            case RECEIVED -> RECEIVED;
            case IN_PROGRESS -> IN_PROGRESS;
            case DELAYED -> DELAYED;
            case COMPLETED -> completed(status);
        };
    }

    private static boolean isAskedAgain(RequestStatus status) {
        return status.parts().stream()
                .anyMatch(part -> part.answeredBefore() != null && !part.isAnswered());
    }

    private static Situation completed(RequestStatus status) {
        return switch (status.outcome().orElseThrow()) {
            case DELETED -> DELETED;
            case DELETED_SOME_RETAINED -> RETAINED;
            case NOTHING_FOUND -> NOTHING_FOUND;
            case REFUSED -> REFUSED;
            case PARTLY_CONFIRMED -> UNCONFIRMED;
        };
    }

    /** Its words begin with this. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether nothing more is awaited. */
    boolean isFinished() {
        return compareTo(DELETED) >= 0;
    }
}
