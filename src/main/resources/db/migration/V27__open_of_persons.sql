-- Makes fast: finding the oldest open request of a person, and those that no system can be asked for. Such
-- a request may have come long before it was recorded, so its id does not tell its age.
-- Locks: SHARE UPDATE EXCLUSIVE on deletion_request, which nobody meets but VACUUM. Safe while
-- running: yes. It waits, alone, until the transactions that were open at its beginning have ended.
-- If it is cut off, the index is of no use, and the next try makes it anew.

SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS deletion_request_open_of_persons;
CREATE INDEX CONCURRENTLY deletion_request_open_of_persons ON deletion_request (received_at)
    WHERE closed_at IS NULL AND kind = 'person';
RESET lock_timeout;
