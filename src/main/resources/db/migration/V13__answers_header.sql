-- Makes possible: a header by which a client system is known to have sent an agreed status itself.
-- Locks: ACCESS EXCLUSIVE on client_system for a moment. Safe while running: yes; an older replica
-- does not look at it.

ALTER TABLE client_system ADD COLUMN answers_header text;
