-- Makes possible: to say once what the queue holds: what waits for its first try, and for a further one.
-- Locks: ACCESS SHARE on delivery and legal_hold, which nobody meets. Safe while running: yes.

-- Each is one partial index, in the order of next_attempt_at. What is on its way is in neither.
-- Held: its request is under a legal hold, so it is not sent. (A column that nobody asks for is not
-- computed.)
CREATE VIEW fresh_delivery AS
    SELECT d.*,
           EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = d.request_id) AS held
      FROM delivery d
     WHERE d.state = 'pending' AND d.lease_id IS NULL AND d.step = 0;

CREATE VIEW retry_delivery AS
    SELECT d.*,
           EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = d.request_id) AS held
      FROM delivery d
     WHERE d.state = 'pending' AND d.lease_id IS NULL AND d.step > 0;
