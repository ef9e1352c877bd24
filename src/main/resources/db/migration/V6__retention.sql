-- Makes possible: erasing what is personal once its time is over, and later the record itself.
-- Locks: SHARE locks on deletion_request, receipt and operator_action while their indexes are
-- built, during which callbacks and receipts wait. Safe while running: yes.

-- What still holds something personal, and what holds nothing personal any more: by the date from
-- which each one's time counts.
CREATE INDEX deletion_request_to_erase ON deletion_request (closed_at)
    WHERE closed_at IS NOT NULL AND subject_sealed IS NOT NULL;
CREATE INDEX deletion_request_held ON deletion_request (received_at)
    WHERE closed_at IS NOT NULL AND subject_sealed IS NOT NULL;
CREATE INDEX deletion_request_to_drop ON deletion_request (closed_at)
    WHERE closed_at IS NOT NULL AND subject_sealed IS NULL;
CREATE INDEX receipt_to_erase ON receipt (received_at, delivery_id) WHERE body_sealed IS NOT NULL;
CREATE INDEX operator_action_to_erase ON operator_action (at, id) WHERE note_sealed IS NOT NULL;

-- One row for each sweep: what it found and what it did.
CREATE TABLE retention_sweep (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- Requests of which everything personal was erased.
    erased integer CHECK (erased >= 0),
    -- Requests that were dropped with all that belongs to them.
    dropped integer CHECK (dropped >= 0),
    -- When the oldest request came in that still holds something personal; NULL: none does.
    oldest_held timestamptz,
    CHECK (ended_at IS NOT NULL OR (erased IS NULL AND dropped IS NULL AND oldest_held IS NULL))
);
CREATE INDEX retention_sweep_started ON retention_sweep (started_at);
