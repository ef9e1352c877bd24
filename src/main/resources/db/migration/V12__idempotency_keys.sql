-- Makes possible: verbs of the admin API that are sent again after a lost answer, and done once.
-- Locks: creates a table only. Safe while running: yes.

CREATE TABLE idempotency_key (
    -- From the SHA-256 of who used it and of the key.
    id uuid PRIMARY KEY,
    -- Whose turn it is: only that one may say that nothing was done.
    attempt uuid NOT NULL UNIQUE,
    -- Keyed digest of what was asked under it.
    request_digest bytea NOT NULL CHECK (length(request_digest) = 32),
    used_at timestamptz NOT NULL,
    -- What was answered: NULL as long as it is being done. It may quote who and why, so it is sealed.
    status integer CHECK (status BETWEEN 200 AND 599),
    body_sealed bytea,
    CHECK ((status IS NULL) = (body_sealed IS NULL))
);
CREATE INDEX idempotency_key_used ON idempotency_key (used_at);
