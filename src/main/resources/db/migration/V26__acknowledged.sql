-- Makes possible: to know by when a person must be told that a wish has arrived, and when that was.
-- Locks: ACCESS EXCLUSIVE on person_case and operator_action for a moment, whose rows are few. Safe while
-- running: yes; no case is entered before all replicas know of it.

ALTER TABLE person_case
    ADD COLUMN acknowledge_by timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN acknowledged_at timestamptz CHECK (acknowledged_at >= received_at);

CREATE INDEX person_case_unacknowledged ON person_case (acknowledge_by)
    WHERE acknowledged_at IS NULL;

ALTER TABLE operator_action
    DROP CONSTRAINT operator_action_verb_check,
    ADD CONSTRAINT operator_action_verb_check CHECK (verb IN (
        'pause', 'resume', 'retry', 'unpark', 'replay', 'record', 'amend', 'unconfirmed',
        'redeliver', 'test', 'hold', 'release', 'extend', 'enter', 'acknowledge'));
