-- Makes possible: holding, pacing and probing a client system; room for first attempts; reminders.
-- Locks: short ACCESS EXCLUSIVE locks for columns with constant defaults; SHARE locks on delivery
-- while its indexes are built. Replicas of the version before claim nothing from then on, since the
-- columns they claim by are gone; they still take callbacks and receipts. Safe while running: yes.

-- Apart from client_system, because it changes with every claim, while every new delivery takes a
-- share of the lock on its client_system row.
CREATE TABLE system_gate (
    system_id text PRIMARY KEY REFERENCES client_system,
    -- Whatever holds this system back is this one instant, and the claim reads nothing else.
    claimable_at timestamptz NOT NULL DEFAULT '-infinity',
    -- Why: 'rate', 'paused', 'resuming', 'retry_after', 'failing', or what it was at fault for.
    -- With any but 'rate', the next claim takes one delivery as a probe.
    held_reason text,
    -- How many holds in a row: each is longer than the one before.
    hold_level integer NOT NULL DEFAULT 0 CHECK (hold_level >= 0),
    -- The lease of the delivery that probes.
    probe_lease uuid,
    -- Up to when the rate is used up: a claim moves it on by what it takes.
    paced_until timestamptz NOT NULL DEFAULT '-infinity',
    CHECK (hold_level = 0 OR held_reason IS NOT NULL),
    CHECK (probe_lease IS NULL OR held_reason IS NOT NULL)
) WITH (fillfactor = 50);

INSERT INTO system_gate (system_id) SELECT id FROM client_system;
ALTER TABLE client_system DROP COLUMN claimable_at, DROP COLUMN held_reason;

-- The calls of the window that is running. Apart from the gate, because every settling counts here,
-- and must not make a claim pass over the system.
CREATE TABLE system_health (
    system_id text PRIMARY KEY REFERENCES client_system,
    window_started_at timestamptz NOT NULL,
    calls integer NOT NULL CHECK (calls >= 0),
    failures integer NOT NULL CHECK (failures BETWEEN 0 AND calls)
) WITH (fillfactor = 50);

ALTER TABLE delivery
    -- How far it has come in the schedule of retries: what is held back does not get further.
    ADD COLUMN step integer NOT NULL DEFAULT 0 CHECK (step >= 0),
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN reminders integer NOT NULL DEFAULT 0 CHECK (reminders >= 0);
UPDATE delivery SET step = attempts WHERE state <> 'closed' AND attempts > 0;

-- What waits for its first try, and what was tried before, each in a queue of its own. In flight is
-- in neither, and closed in none.
CREATE INDEX delivery_fresh ON delivery (system_id, next_attempt_at)
    WHERE state = 'pending' AND lease_id IS NULL AND step = 0;
CREATE INDEX delivery_retry ON delivery (system_id, next_attempt_at)
    WHERE state = 'pending' AND lease_id IS NULL AND step > 0;
DROP INDEX delivery_due;

-- Rows of these tables die young. Vacuum comes after so many, however large the table is, and does
-- not pause: the indexes that a claim walks must not fill up with entries of the dead.
ALTER TABLE delivery SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE deletion_request SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE system_gate SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
ALTER TABLE system_health SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- The class of what went wrong and the status were one word.
UPDATE attempt SET error = 'status' WHERE error LIKE 'status\_%';

-- These references are made in the statement that writes the row, from rows that nothing deletes
-- before them. They stay declared; checking each again would cost a look-up and a row lock for each
-- row, a fifth of all that the database does for a delivery.
ALTER TABLE delivery ALTER CONSTRAINT delivery_request_id_fkey NOT ENFORCED;
ALTER TABLE delivery ALTER CONSTRAINT delivery_system_id_fkey NOT ENFORCED;
ALTER TABLE attempt ALTER CONSTRAINT attempt_delivery_id_fkey NOT ENFORCED;
ALTER TABLE receipt ALTER CONSTRAINT receipt_delivery_id_fkey NOT ENFORCED;

-- Room in each page for the versions that counting down makes: they need no new index entries.
ALTER TABLE deletion_request SET (fillfactor = 80);

-- The oldest open request is found by app: ids sort by time. One index less on every callback.
DROP INDEX deletion_request_open;
