-- Makes fast: finding the deliveries that were accepted in doubt, for attention.
-- Locks: SHARE UPDATE EXCLUSIVE on delivery, which nobody meets but VACUUM. Safe while running: yes.
-- It waits, alone, until the transactions that were open at its beginning have ended. If it is cut
-- off, the index is of no use, and the next try makes it anew.

SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS delivery_in_doubt;
CREATE INDEX CONCURRENTLY delivery_in_doubt ON delivery (system_id)
    WHERE state = 'awaiting_receipt' AND reason IS NOT NULL AND reminders = 0;
RESET lock_timeout;
