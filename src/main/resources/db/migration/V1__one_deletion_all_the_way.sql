-- Makes possible: taking a deletion, delivering it to every client system, recording each answer.
-- Locks: creates tables only; nothing exists yet that could wait. Safe while running: yes.
-- Needs PostgreSQL 18 (uuidv7).

-- The registry --------------------------------------------------------------------------------

CREATE TABLE meta_app (
    id text PRIMARY KEY CHECK (id ~ '^[0-9]{1,20}$'),
    name text NOT NULL,
    platform text NOT NULL
        CHECK (platform IN ('facebook', 'instagram', 'threads', 'whatsapp', 'messenger')),
    state text NOT NULL CHECK (state IN ('live', 'ended'))
);

CREATE TABLE app_secret (
    id uuid PRIMARY KEY,
    app_id text NOT NULL REFERENCES meta_app,
    position integer NOT NULL,
    label text,
    value_sealed bytea NOT NULL,
    not_after timestamptz,
    UNIQUE (app_id, position) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE client_system (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    name text NOT NULL,
    public_name text NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL CHECK (events <@ ARRAY['deletion', 'deauthorization']),
    ack_means text NOT NULL CHECK (ack_means IN ('accepted', 'deleted')),
    answers jsonb NOT NULL,
    max_in_flight integer NOT NULL CHECK (max_in_flight BETWEEN 1 AND 1000),
    rate_per_minute integer NOT NULL CHECK (rate_per_minute > 0),
    timeout_ms integer NOT NULL CHECK (timeout_ms BETWEEN 1 AND 60000),
    receipt_within_s bigint NOT NULL CHECK (receipt_within_s > 0),
    -- Whatever holds this system back is this one instant, and the claim reads nothing else.
    claimable_at timestamptz NOT NULL DEFAULT '-infinity',
    held_reason text
);

CREATE TABLE system_secret (
    id uuid PRIMARY KEY,
    system_id text NOT NULL REFERENCES client_system,
    position integer NOT NULL,
    label text,
    value_sealed bytea NOT NULL,
    not_after timestamptz,
    UNIQUE (system_id, position) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE subscription (
    app_id text NOT NULL REFERENCES meta_app,
    system_id text NOT NULL REFERENCES client_system,
    PRIMARY KEY (app_id, system_id)
);

-- Which system must hear of a deletion for which app.
CREATE VIEW deletion_subscriber AS
    SELECT s.app_id, s.system_id
      FROM subscription s
      JOIN client_system c ON c.id = s.system_id
     WHERE 'deletion' = ANY (c.events);

-- Registry files that were applied, by keyed digest of their content.
CREATE TABLE applied_registry (
    fingerprint bytea PRIMARY KEY,
    applied_at timestamptz NOT NULL
);

-- The ledger ----------------------------------------------------------------------------------

CREATE TABLE deletion_request (
    id uuid PRIMARY KEY,
    app_id text NOT NULL REFERENCES meta_app,
    platform text NOT NULL
        CHECK (platform IN ('facebook', 'instagram', 'threads', 'whatsapp', 'messenger')),
    -- Which secret matched. No foreign key: the secret may be taken out of use and go.
    secret_id uuid NOT NULL,
    subject_sealed bytea,
    -- Keyed digest of (kind, app, user, issued_at). One without issued_at (dated = false) is a
    -- repeat only while its request is open, so closing sets it NULL.
    repeat_digest bytea UNIQUE CHECK (length(repeat_digest) = 32),
    dated boolean NOT NULL,
    code_digest bytea NOT NULL UNIQUE CHECK (length(code_digest) = 32),
    code_sealed bytea,
    requested_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL CHECK (due_at > received_at),
    -- Counted down by whoever closes a delivery: the last one closes the request.
    open_deliveries integer NOT NULL CHECK (open_deliveries >= 0),
    closed_at timestamptz,
    CHECK (closed_at IS NULL OR open_deliveries = 0)
);

CREATE INDEX deletion_request_open ON deletion_request (received_at) WHERE closed_at IS NULL;
CREATE INDEX deletion_request_open_by_app ON deletion_request (app_id) WHERE closed_at IS NULL;

CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES deletion_request,
    system_id text NOT NULL REFERENCES client_system,
    state text NOT NULL CHECK (state IN ('pending', 'awaiting_receipt', 'parked', 'closed')),
    outcome text
        CHECK (outcome IN ('deleted', 'nothing_found', 'retained', 'refused', 'unconfirmed')),
    -- Pending: when it is due; under a lease, when the lease ends. Awaiting: when the receipt is.
    next_attempt_at timestamptz,
    lease_id uuid,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- What the last attempt that brought no answer came to; of a parked one, what to mend.
    reason text,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    UNIQUE (request_id, system_id),
    CHECK ((state = 'closed') = (outcome IS NOT NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((state IN ('pending', 'awaiting_receipt')) = (next_attempt_at IS NOT NULL)),
    CHECK (lease_id IS NULL OR state = 'pending')
) WITH (fillfactor = 80);

-- Both indexes hold only what waits or flies; a closed row is in neither.
CREATE INDEX delivery_due ON delivery (system_id, next_attempt_at) WHERE state = 'pending';
CREATE INDEX delivery_in_flight ON delivery (system_id, next_attempt_at)
    WHERE lease_id IS NOT NULL;

-- One HTTP try. Never changed once written.
CREATE TABLE attempt (
    delivery_id uuid NOT NULL REFERENCES delivery,
    number integer NOT NULL CHECK (number > 0),
    lease_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    duration_ms integer NOT NULL CHECK (duration_ms >= 0),
    reply text NOT NULL CHECK (reply IN ('answered', 'accepted', 'try_again', 'throttled',
                                         'system_at_fault', 'delivery_at_fault')),
    error text,
    status integer CHECK (status BETWEEN 100 AND 999),
    PRIMARY KEY (delivery_id, number)
);

-- A client system's answer: the first one, final.
CREATE TABLE receipt (
    delivery_id uuid PRIMARY KEY REFERENCES delivery,
    basis text NOT NULL CHECK (basis IN ('signed', 'in_reply', 'ack', 'by_hand')),
    outcome text NOT NULL CHECK (outcome IN ('deleted', 'nothing_found', 'retained', 'refused')),
    retained jsonb NOT NULL DEFAULT '[]',
    ground text,
    received_at timestamptz NOT NULL,
    CHECK ((outcome = 'retained') = (jsonb_array_length(retained) > 0)),
    CHECK ((outcome = 'refused') = (ground IS NOT NULL))
);

-- A later answer that says something else than the first. Kept for the operator.
CREATE TABLE contradiction (
    delivery_id uuid NOT NULL REFERENCES delivery,
    basis text NOT NULL,
    outcome text NOT NULL,
    retained jsonb NOT NULL,
    ground text,
    received_at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (delivery_id, outcome, retained, ground)
);
