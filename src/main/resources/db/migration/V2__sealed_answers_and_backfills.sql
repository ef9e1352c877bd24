-- Makes possible: keeping a posted answer as it came, sealed; keeping the query of a system's
-- address sealed; filling up open requests in batches; counting what waits by its state.
-- Locks: short ACCESS EXCLUSIVE locks to add nullable columns; SHARE locks while the indexes are
-- built, during which callbacks wait. Safe while running: yes, with tables of ordinary size.

ALTER TABLE receipt
    -- The body of a signed answer as it came: sealed, because a stranger's text may hold anything.
    ADD COLUMN body_sealed bytea,
    -- Its SHA-256, which outlives it: by this a client can show what it had signed.
    ADD COLUMN body_digest bytea CHECK (length(body_digest) = 32);

-- A query may carry a token, so it is no plain column. One that was registered before moves there
-- when its system is applied again.
ALTER TABLE client_system ADD COLUMN query_sealed bytea;

-- Systems that an app was given while requests were open: those requests still lack a delivery.
-- An id for each, so that finishing one does not end another of the same pair.
CREATE TABLE backfill (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    app_id text NOT NULL REFERENCES meta_app,
    system_id text NOT NULL REFERENCES client_system
);

-- In the order in which a backfill goes through them.
CREATE INDEX deletion_request_open_of_app ON deletion_request (app_id, id)
    WHERE closed_at IS NULL;
DROP INDEX deletion_request_open_by_app;

CREATE INDEX delivery_awaiting ON delivery (system_id, next_attempt_at)
    WHERE state = 'awaiting_receipt';
CREATE INDEX delivery_parked ON delivery (system_id) WHERE state = 'parked';
