-- Makes possible: telling people by mail that a wish has arrived, and what became of it.
-- Locks: creates a table, and ACCESS EXCLUSIVE on person_case and operator_action for a moment, whose rows are
-- few. Safe while running: yes; an older replica sends no mails, and enters no addresses.

ALTER TABLE person_case
    -- In which the person is told by mail, and to which address; null: the person is not.
    ADD COLUMN language text CHECK (language ~ '^[a-z]{2}$'),
    ADD COLUMN contact_sealed bytea,
    ADD CONSTRAINT contact_has_language CHECK (contact_sealed IS NULL OR language IS NOT NULL);

CREATE INDEX person_case_with_contact ON person_case (id) WHERE contact_sealed IS NOT NULL;

-- What is to be sent, and what became of it. What it says is written when it is sent.
CREATE TABLE mail (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES person_case,
    occasion text NOT NULL CHECK (occasion IN ('received', 'finished')),
    -- Of which of the case's requests it tells; null: of all.
    request_id uuid,
    created_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    -- Null: it is sent, or it is not tried again. While an attempt lasts, its end at the latest.
    next_attempt_at timestamptz,
    error text CHECK (error IN (
        'connect', 'timeout', 'tls', 'login', 'sender', 'busy', 'policy', 'recipient', 'unreadable',
        'erased', 'withdrawn')),
    sent_at timestamptz CHECK (sent_at IS NULL OR next_attempt_at IS NULL),
    -- A digest of what it told; null: it is not sent, or tells of nothing that can change.
    told text
);

CREATE INDEX mail_due ON mail (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX mail_unsent ON mail (created_at) WHERE sent_at IS NULL;
CREATE INDEX mail_of_case ON mail (case_id);

-- What waits says what is so when it is sent: no second one need wait.
CREATE UNIQUE INDEX mail_waits ON mail (case_id, occasion, request_id) NULLS NOT DISTINCT
    WHERE next_attempt_at IS NOT NULL;

ALTER TABLE operator_action
    DROP CONSTRAINT operator_action_verb_check,
    ADD CONSTRAINT operator_action_verb_check CHECK (verb IN (
        'pause', 'resume', 'retry', 'unpark', 'replay', 'record', 'amend', 'unconfirmed',
        'redeliver', 'test', 'hold', 'release', 'extend', 'enter', 'acknowledge', 'notify'));

-- That a person was told stands in the audit trail, as what client systems are told does.
CREATE FUNCTION audit_mail_sent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, request_id, detail)
    SELECT public.audit_actor('relay'), 'mail.sent', o.request_id, NEW.occasion
      FROM public.case_request o
     WHERE o.case_id = NEW.case_id AND o.request_id = COALESCE(NEW.request_id, o.request_id);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_sent AFTER UPDATE ON mail FOR EACH ROW
    WHEN (OLD.sent_at IS NULL AND NEW.sent_at IS NOT NULL) EXECUTE FUNCTION audit_mail_sent();

REVOKE EXECUTE ON FUNCTION audit_mail_sent FROM PUBLIC;
