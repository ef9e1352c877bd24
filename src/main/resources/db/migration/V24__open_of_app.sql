-- Makes fast: finding the open requests of an app that are answered, those of persons among them.
-- Locks: SHARE UPDATE EXCLUSIVE on deletion_request, which nobody meets but VACUUM. Safe while
-- running: yes. It waits, alone, until the transactions that were open at its beginning have ended.
-- If it is cut off, the index is of no use, and the next try makes it anew.

SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS deletion_request_answered_of_app;
CREATE INDEX CONCURRENTLY deletion_request_answered_of_app ON deletion_request (app_id, id)
    WHERE closed_at IS NULL AND kind <> 'deauthorization';
DROP INDEX CONCURRENTLY IF EXISTS deletion_request_open_of_app;
RESET lock_timeout;
