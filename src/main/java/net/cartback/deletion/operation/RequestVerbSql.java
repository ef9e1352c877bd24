package net.cartback.deletion.operation;

import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;

import java.time.Instant;
import java.util.Optional;

/** SQL on {@code legal_hold} and {@code extension}. */
final class RequestVerbSql {

    private static final String LOCK =
            """
            SELECT kind <> 'deauthorization' FROM deletion_request
             WHERE id = :id
               FOR NO KEY UPDATE
            """;

    private static final String HOLD =
            """
            INSERT INTO legal_hold (request_id, ground, since)
            SELECT id, :ground, :now
              FROM deletion_request
             WHERE id = :id AND subject_sealed IS NOT NULL
            ON CONFLICT DO NOTHING
            """;

    private static final String RELEASE = "DELETE FROM legal_hold WHERE request_id = :id";

    private static final String EXTEND =
            """
            INSERT INTO extension (request_id, ground, extended_at, was_due_at)
            SELECT id, :ground, :now, due_at
              FROM deletion_request
             WHERE id = :id AND closed_at IS NULL AND due_at > :now
            ON CONFLICT DO NOTHING
            RETURNING was_due_at
            """;

    private RequestVerbSql() {}

    /**
     * Locks a request, so that what is done to it comes one after the other.
     *
     * @return whether it is a deletion; empty: there is none
     */
    static Optional<Boolean> lock(Handle handle, RequestId request) {
        return handle.createQuery(LOCK).bind("id", request.value()).mapTo(Boolean.class).findOne();
    }

    /** False if it is held already, or erased. */
    static boolean hold(Handle handle, RequestId request, Ground ground, Instant now) {
        return handle.createUpdate(HOLD)
                        .bind("id", request.value())
                        .bind("ground", ground.wireName())
                        .bind("now", now)
                        .execute()
                == 1;
    }

    /** False if it is not held. */
    static boolean release(Handle handle, RequestId request) {
        return handle.createUpdate(RELEASE).bind("id", request.value()).execute() == 1;
    }

    /**
     * Keeps that a request was given more time.
     *
     * @return when it was due; empty if it was extended before, is completed, or its time is over
     */
    static Optional<Instant> extend(
            Handle handle, RequestId request, ExtensionGround ground, Instant now) {
        return handle.createQuery(EXTEND)
                .bind("id", request.value())
                .bind("ground", ground.wireName())
                .bind("now", now)
                .mapTo(Instant.class)
                .findOne();
    }
}
