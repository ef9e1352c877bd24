-- Makes possible: a legal hold on a request, and one extension of its time.
-- Locks: short ACCESS EXCLUSIVE locks on operator_action to add a nullable column and to check its
-- rows, of which there are few. Safe while running: yes. The version before sends and erases what is
-- held: change all replicas before a hold is placed.

-- While it is there, nothing more is sent for the request, and nothing of it is erased (GDPR article
-- 17(3)). It goes when the hold ends; who placed it and who ended it stands in operator_action.
CREATE TABLE legal_hold (
    request_id uuid PRIMARY KEY REFERENCES deletion_request,
    ground text NOT NULL CHECK (ground IN ('legal_obligation', 'legal_claims', 'public_interest',
        'freedom_of_expression', 'archiving', 'public_health')),
    since timestamptz NOT NULL
);

-- One for each request (GDPR article 12(3)): its due date is moved, and was this before.
CREATE TABLE extension (
    request_id uuid PRIMARY KEY REFERENCES deletion_request,
    ground text NOT NULL CHECK (ground IN ('complexity', 'number_of_requests')),
    extended_at timestamptz NOT NULL,
    was_due_at timestamptz NOT NULL
);

ALTER TABLE operator_action
    ADD COLUMN request_id uuid REFERENCES deletion_request,
    DROP CONSTRAINT operator_action_verb_check,
    ADD CONSTRAINT operator_action_verb_check CHECK (verb IN (
        'pause', 'resume', 'retry', 'unpark', 'replay', 'record', 'amend', 'unconfirmed',
        'redeliver', 'test', 'hold', 'release', 'extend'));
CREATE INDEX operator_action_of_request ON operator_action (request_id)
    WHERE request_id IS NOT NULL;

CREATE OR REPLACE FUNCTION audit_operator_action() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, system_id, request_id, delivery_id, deliveries)
    VALUES (public.audit_actor('operator'), 'operator.' || NEW.verb, NEW.system_id,
            NEW.request_id, NEW.delivery_id, NEW.deliveries);
    RETURN NULL;
END $$;

-- What stands beside a request: the trigger's arguments say what its coming and its going are.
CREATE FUNCTION audit_beside_request() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    row record := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    INSERT INTO public.audit (actor, event, request_id, detail)
    VALUES (public.audit_actor('relay'),
            CASE TG_OP WHEN 'INSERT' THEN TG_ARGV[0] WHEN 'DELETE' THEN TG_ARGV[1]
                       ELSE TG_ARGV[0] || '_changed' END,
            row.request_id, row.ground);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_beside AFTER INSERT OR UPDATE OR DELETE ON legal_hold
    FOR EACH ROW EXECUTE FUNCTION audit_beside_request('request.held', 'request.released');
CREATE TRIGGER audit_beside AFTER INSERT OR UPDATE OR DELETE ON extension
    FOR EACH ROW EXECUTE FUNCTION audit_beside_request('request.extended', 'request.unextended');

REVOKE EXECUTE ON FUNCTION audit_beside_request FROM PUBLIC;
