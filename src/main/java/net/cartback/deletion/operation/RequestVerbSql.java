package net.cartback.deletion.operation;

import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** SQL on {@code legal_hold} and {@code extension}. Each method is one statement. */
final class RequestVerbSql {

    private RequestVerbSql() {}

    /**
     * Locks a request, so that what is done to it comes one after the other.
     *
     * @return whether it is a deletion; empty: there is none
     */
    static Optional<Boolean> lock(Handle handle, RequestId request) {
        return handle.createQuery(
                        """
                        SELECT kind = 'deletion' FROM deletion_request
                         WHERE id = :id
                           FOR NO KEY UPDATE
                        """)
                .bind("id", request.value())
                .mapTo(Boolean.class)
                .findOne();
    }

    /** False if it is held already, or erased. */
    static boolean hold(Handle handle, RequestId request, Ground ground, Instant now) {
        return handle.createUpdate(
                                """
                                INSERT INTO legal_hold (request_id, ground, since)
                                SELECT id, :ground, :now
                                  FROM deletion_request
                                 WHERE id = :id AND subject_sealed IS NOT NULL
                                ON CONFLICT DO NOTHING
                                """)
                        .bind("id", request.value())
                        .bind("ground", ground.wireName())
                        .bind("now", now)
                        .execute()
                == 1;
    }

    /** False if it is not held. */
    static boolean release(Handle handle, RequestId request) {
        return handle.createUpdate("DELETE FROM legal_hold WHERE request_id = :id")
                        .bind("id", request.value())
                        .execute()
                == 1;
    }

    /**
     * False if it is completed or held, a delivery of it is open, or its app has a system that it
     * has not been forwarded to yet. As always, closing ends that an undated wish is a repeat.
     */
    static boolean closeUnconfirmed(Handle handle, RequestId request, Instant now) {
        return handle.createUpdate(
                                """
                                UPDATE deletion_request r
                                   SET closed_at = :now,
                                       repeat_digest = CASE WHEN dated THEN repeat_digest END
                                 WHERE id = :id
                                   AND closed_at IS NULL
                                   AND open_deliveries = 0
                                   AND NOT EXISTS (SELECT 1 FROM deletion_subscriber s
                                                    WHERE s.app_id = r.app_id)
                                   AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                    WHERE h.request_id = r.id)
                                """)
                        .bind("id", request.value())
                        .bind("now", now)
                        .execute()
                == 1;
    }

    /** False if it was extended before, is completed, or its time is over. */
    static boolean extend(
            Handle handle, RequestId request, ExtensionGround ground, Duration by, Instant now) {
        return handle.createUpdate(
                                """
                                WITH extended AS (
                                    INSERT INTO extension (request_id, ground, extended_at,
                                                           was_due_at)
                                    SELECT id, :ground, :now, due_at
                                      FROM deletion_request
                                     WHERE id = :id AND closed_at IS NULL AND due_at > :now
                                    ON CONFLICT DO NOTHING
                                    RETURNING request_id, was_due_at
                                )
                                UPDATE deletion_request r
                                   SET due_at = extended.was_due_at + :seconds * INTERVAL '1 s'
                                  FROM extended
                                 WHERE r.id = extended.request_id
                                """)
                        .bind("id", request.value())
                        .bind("ground", ground.wireName())
                        .bind("now", now)
                        .bind("seconds", by.toSeconds())
                        .execute()
                == 1;
    }
}
