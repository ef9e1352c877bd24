-- Makes possible: attempts that end before anything is sent; backfills that wait for transactions
-- without a lock; and keeps copies of what is personal out of the server's statistics.
-- Locks: ACCESS EXCLUSIVE on attempt and backfill for a moment, SHARE UPDATE EXCLUSIVE on the others.
-- Safe while running: yes. A replica of the version before takes a backfill that has been filled
-- once for one that was not: it fills it again, which does nothing, and ends it.

ALTER TABLE attempt DROP CONSTRAINT attempt_reply_check;
ALTER TABLE attempt ADD CONSTRAINT attempt_reply_check
    CHECK (reply IN ('answered', 'accepted', 'try_again', 'throttled', 'system_at_fault',
                     'delivery_at_fault', 'not_sent')) NOT VALID;

-- Since when the subscription is there, by the database's clock; whether what was open then has been
-- filled up; and the transaction up to which one may still be under way that has not seen it.
ALTER TABLE backfill
    ADD COLUMN subscribed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN filled boolean NOT NULL DEFAULT false,
    ADD COLUMN up_to xid8;

-- ANALYZE keeps samples of a column's values, for as long as the table is not analyzed again.
ALTER TABLE deletion_request
    ALTER COLUMN subject_sealed SET STATISTICS 0,
    ALTER COLUMN code_sealed SET STATISTICS 0,
    ALTER COLUMN repeat_digest SET STATISTICS 0;
ALTER TABLE attempt ALTER COLUMN answer_sealed SET STATISTICS 0;
ALTER TABLE receipt ALTER COLUMN body_sealed SET STATISTICS 0;
ALTER TABLE operator_action ALTER COLUMN note_sealed SET STATISTICS 0;
ALTER TABLE idempotency_key ALTER COLUMN body_sealed SET STATISTICS 0;

SELECT pg_clear_attribute_stats('public', sealed.of, sealed.name, false)
  FROM (VALUES ('deletion_request', 'subject_sealed'), ('deletion_request', 'code_sealed'),
               ('deletion_request', 'repeat_digest'), ('attempt', 'answer_sealed'),
               ('receipt', 'body_sealed'), ('operator_action', 'note_sealed'),
               ('idempotency_key', 'body_sealed')) AS sealed (of, name);
