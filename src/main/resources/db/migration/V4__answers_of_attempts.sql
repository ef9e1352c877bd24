-- Makes possible: reading what a client system said to an attempt.
-- Locks: a short ACCESS EXCLUSIVE lock to add a nullable column. Safe while running: yes.

-- The first 2 KiB of the reply's body: sealed, because a stranger's text may hold anything.
ALTER TABLE attempt ADD COLUMN answer_sealed bytea;
