-- Makes possible: several tokens for the admin API, each with a name, a role and an end.
-- Locks: creates a table only. Safe while running: yes.

CREATE TABLE operator_token (
    -- What it is for; the audit trail tells it.
    name text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9_.-]{0,62}$'),
    -- SHA-256 of the token, which has 256 random bits.
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    created_at timestamptz NOT NULL,
    not_after timestamptz,
    revoked_at timestamptz
);
CREATE TRIGGER audit_added AFTER INSERT OR DELETE ON operator_token
    FOR EACH ROW EXECUTE FUNCTION audit_row('token', 'name');
CREATE TRIGGER audit_changed AFTER UPDATE ON operator_token FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION audit_row('token', 'name');
