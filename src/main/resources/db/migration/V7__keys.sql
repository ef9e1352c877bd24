-- Makes possible: changing keys while the relay runs, and finding a wrong keyring at the start.
-- Locks: a short ACCESS EXCLUSIVE lock to add a nullable column. Safe while running: yes.

-- Keys that have been in force here. A keyring without one of them, or with another under its id,
-- cannot read this database.
CREATE TABLE relay_key (
    kid text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('data', 'index', 'signing')),
    -- A digest by which it is told from another key; it tells nothing of the key.
    key_check bytea NOT NULL CHECK (length(key_check) = 32),
    first_loaded_at timestamptz NOT NULL,
    -- Since when every running replica has it loaded.
    everywhere_since timestamptz,
    -- Since then nothing needs it any more.
    retired_at timestamptz
);

-- Running replicas, and which keys each has loaded: ids, each with a digest of its key.
CREATE TABLE replica (
    id uuid PRIMARY KEY,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    kids text[] NOT NULL
);

-- When Meta says the wish was made: part of the repeat digest, which is made anew under a new index
-- key. NULL: it did not say, or the request came in before this column did.
ALTER TABLE deletion_request ADD COLUMN issued_at timestamptz;
