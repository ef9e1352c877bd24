-- Makes possible: notices (deauthorizations); what operators do, with who and why; sending again to
-- a client that has lost what it did; test deliveries; TLS 1.2 and a private CA for one system.
-- Locks: ACCESS EXCLUSIVE on deletion_request and delivery while their rows are checked and one
-- index on delivery is built: everything waits, about a second for each million deliveries.
-- Safe while running: yes. Replicas of the version before claim nothing from then on, because a
-- column that they claim by has another name: they would send a notice as a deletion. Their
-- backfills wait for a newer replica. They still take callbacks and receipts.

ALTER TABLE system_gate RENAME COLUMN paced_until TO rate_used_until;

-- A notice goes the same way as a deletion, so it is kept in the same table: without a code, since
-- nobody asks for its status. Its due_at is when it ends, answered or not.
ALTER TABLE deletion_request
    ADD COLUMN kind text NOT NULL DEFAULT 'deletion'
        CHECK (kind IN ('deletion', 'deauthorization')),
    ALTER COLUMN code_digest DROP NOT NULL,
    ADD CONSTRAINT deletion_has_code CHECK ((kind = 'deletion') = (code_digest IS NOT NULL));

DROP INDEX deletion_request_open_of_app;
CREATE INDEX deletion_request_open_of_app ON deletion_request (app_id, id)
    WHERE closed_at IS NULL AND kind = 'deletion';
CREATE INDEX deletion_request_open_notice ON deletion_request (due_at)
    WHERE closed_at IS NULL AND kind = 'deauthorization';

-- Which system hears of what for which app.
CREATE VIEW subscriber AS
    SELECT s.app_id, s.system_id, event.name AS event
      FROM subscription s
      JOIN client_system c ON c.id = s.system_id
     CROSS JOIN LATERAL unnest(c.events) AS event (name);
CREATE OR REPLACE VIEW deletion_subscriber AS
    SELECT app_id, system_id FROM subscriber WHERE event = 'deletion';

ALTER TABLE delivery
    -- A client that has restored an old backup gets a fresh delivery, of the next round.
    ADD COLUMN round integer NOT NULL DEFAULT 1 CHECK (round > 0),
    DROP CONSTRAINT delivery_outcome_check,
    -- Of a notice: 'delivered' when a system has taken it, 'expired' when its time was over.
    ADD CONSTRAINT delivery_outcome_check CHECK (outcome IN (
        'deleted', 'nothing_found', 'retained', 'refused', 'unconfirmed', 'delivered', 'expired')),
    DROP CONSTRAINT delivery_request_id_system_id_key,
    ADD CONSTRAINT delivery_once_a_round UNIQUE (request_id, system_id, round);

DROP INDEX delivery_parked;
CREATE INDEX delivery_parked ON delivery (system_id, id) WHERE state = 'parked';
CREATE INDEX delivery_silent ON delivery (system_id)
    WHERE state = 'awaiting_receipt' AND reminders > 0;

ALTER TABLE client_system
    ADD COLUMN tls text NOT NULL DEFAULT '1.3' CHECK (tls IN ('1.2', '1.3')),
    -- The only authority that is trusted for this system, as PEM; NULL: the public ones.
    ADD COLUMN ca text;

-- What an operator did. Who and why are a person's words, so they are sealed.
CREATE TABLE operator_action (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    verb text NOT NULL CHECK (verb IN ('pause', 'resume', 'retry', 'unpark', 'replay', 'record',
                                       'amend', 'unconfirmed', 'redeliver', 'test')),
    system_id text REFERENCES client_system,
    delivery_id uuid REFERENCES delivery,
    deliveries integer NOT NULL CHECK (deliveries >= 0),
    note_sealed bytea
);
CREATE INDEX operator_action_of_delivery ON operator_action (delivery_id)
    WHERE delivery_id IS NOT NULL;

CREATE INDEX operator_action_of_system ON operator_action (system_id, at);

-- What a receipt said before an operator amended it.
CREATE TABLE amendment (
    action_id uuid PRIMARY KEY REFERENCES operator_action DEFERRABLE INITIALLY DEFERRED,
    delivery_id uuid NOT NULL REFERENCES delivery,
    basis text NOT NULL,
    outcome text NOT NULL,
    retained jsonb NOT NULL,
    ground text,
    received_at timestamptz NOT NULL
);
CREATE INDEX amendment_of_delivery ON amendment (delivery_id);

-- Test deliveries, so that any replica can send one and any can tell what came of it.
CREATE TABLE test_delivery (
    id uuid PRIMARY KEY,
    system_id text NOT NULL REFERENCES client_system,
    requested_at timestamptz NOT NULL,
    -- Who takes it says so; if nothing has come of it after a while, another one takes it.
    taken_at timestamptz,
    steps jsonb
);
