-- Makes possible: entering what people asked for by letter, by phone or in person.
-- Locks: creates tables, and ACCESS EXCLUSIVE on operator_action for a moment, whose rows are few.
-- Safe while running: yes.

-- What somebody asked for otherwise than through Meta, and how it reached the agency. By what the person
-- may be found stands in the requests that it became.
CREATE TABLE person_case (
    id uuid PRIMARY KEY,
    channel text NOT NULL CHECK (channel IN ('email', 'phone', 'letter', 'in_person', 'other')),
    asked_right text NOT NULL CHECK (asked_right IN ('erasure')),
    on_behalf_of text CHECK (on_behalf_of IN ('child', 'agent')),
    received_at timestamptz NOT NULL,
    entered_at timestamptz NOT NULL
);

-- One for each app that the person named: a request may be a repeat, and then is that of an earlier case.
CREATE TABLE case_request (
    case_id uuid NOT NULL REFERENCES person_case,
    request_id uuid NOT NULL REFERENCES deletion_request,
    PRIMARY KEY (case_id, request_id)
);

CREATE INDEX case_request_of_request ON case_request (request_id);

ALTER TABLE operator_action
    DROP CONSTRAINT operator_action_verb_check,
    ADD CONSTRAINT operator_action_verb_check CHECK (verb IN (
        'pause', 'resume', 'retry', 'unpark', 'replay', 'record', 'amend', 'unconfirmed',
        'redeliver', 'test', 'hold', 'release', 'extend', 'enter'));
