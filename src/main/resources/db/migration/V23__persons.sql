-- Makes possible: requests of people who have asked otherwise than through Meta, and who may be found
-- by identifiers of several kinds.
-- Locks: ACCESS EXCLUSIVE on client_system, deletion_request and the view subscriber for a moment; what
-- is there need not be looked at. Safe while running: yes. With the first such request, older programs no longer run.

-- The kinds of identifiers by which a system finds a person; it is sent no others.
ALTER TABLE client_system
    DROP CONSTRAINT client_system_events_check,
    ADD CONSTRAINT client_system_events_check
        CHECK (events <@ ARRAY['deletion', 'deauthorization', 'person']) NOT VALID,
    ADD COLUMN accepts text[] NOT NULL DEFAULT '{}';

ALTER TABLE deletion_request
    DROP CONSTRAINT deletion_request_kind_check,
    ADD CONSTRAINT deletion_request_kind_check
        CHECK (kind IN ('deletion', 'deauthorization', 'person')) NOT VALID,
    DROP CONSTRAINT deletion_has_code,
    ADD CONSTRAINT answered_has_code
        CHECK ((kind <> 'deauthorization') = (code_digest IS NOT NULL)) NOT VALID,
    -- Of an id of Meta's; a person's own request has none.
    ALTER COLUMN id_type DROP NOT NULL,
    ADD CONSTRAINT person_has_no_id_type
        CHECK ((kind = 'person') = (id_type IS NULL)) NOT VALID,
    -- The kinds of the person's identifiers that are verified, by which a system may find the person.
    ADD COLUMN found_by text[],
    ADD CONSTRAINT person_is_found_by
        CHECK ((kind = 'person') = (found_by IS NOT NULL)) NOT VALID;

CREATE OR REPLACE VIEW subscriber AS
    SELECT s.app_id, s.system_id, event.name AS event, c.accepts
      FROM subscription s
      JOIN client_system c ON c.id = s.system_id
     CROSS JOIN LATERAL unnest(c.events) AS event (name)
     WHERE c.state = 'live';
