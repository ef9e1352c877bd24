-- Makes possible: a program that would not understand what is in the tables does not run on them, and
-- replicas that say which schema they know.
-- Locks: SHARE ROW EXCLUSIVE and ACCESS EXCLUSIVE on replica for a moment. Safe while running: yes.
-- A replica of the version before counts as one that knows nothing.

ALTER TABLE replica
    ADD COLUMN knows_schema integer;

-- The version of the newest migration that a program must know to run here. It rises with the first
-- row that older programs would do harm to: send what is held, read what they cannot.
CREATE TABLE oldest_program (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    knows_schema integer NOT NULL
);

INSERT INTO oldest_program (knows_schema) VALUES (0);

-- Programs of before do not look at the table above. But none takes in or sends anything that cannot
-- say that it runs. The row is locked, so that it does not rise while a replica comes. It is read under
-- its owner's rights: the service's role is given its own only at the end of all migrations.
CREATE FUNCTION replica_must_understand() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    oldest integer;
BEGIN
    SELECT knows_schema INTO oldest FROM oldest_program FOR SHARE;
    IF COALESCE(NEW.knows_schema, 0) < oldest THEN
        RAISE EXCEPTION 'this program is too old for what is in the database: it must know version % of the schema', oldest;
    END IF;
    RETURN NEW;
END $$;

REVOKE EXECUTE ON FUNCTION replica_must_understand FROM PUBLIC;

CREATE TRIGGER must_understand BEFORE INSERT OR UPDATE ON replica
    FOR EACH ROW EXECUTE FUNCTION replica_must_understand();
