-- Makes possible: an app or a client system that is retired. Nothing new comes to it; what is open
-- is finished; once nothing in the ledger names it, the sweep drops it.
-- Locks: ACCESS EXCLUSIVE on meta_app and client_system for a moment. Safe while running: yes; an
-- older replica takes a retired app for one that takes requests.

ALTER TABLE meta_app
    DROP CONSTRAINT meta_app_state_check,
    ADD CONSTRAINT meta_app_state_check CHECK (state IN ('live', 'ended', 'retired'));

ALTER TABLE client_system
    ADD COLUMN state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'retired'));

CREATE OR REPLACE VIEW subscriber AS
    SELECT s.app_id, s.system_id, event.name AS event
      FROM subscription s
      JOIN client_system c ON c.id = s.system_id
     CROSS JOIN LATERAL unnest(c.events) AS event (name)
     WHERE c.state = 'live';
