-- Makes possible: to say once what the queue holds: what waits for its first try, and for a further one.
-- Locks: ACCESS SHARE on delivery and legal_hold, which nobody meets. Safe while running: yes.

-- Each is one partial index, in the order of next_attempt_at. What is on its way is in neither.
-- Held: its request is under a legal hold, so it is not sent. The limit makes it one look-up for each
-- row that is read; an EXISTS would read the whole of legal_hold first.
CREATE VIEW fresh_delivery AS
    SELECT d.id, d.request_id, d.system_id, d.state, d.step, d.next_attempt_at, d.lease_id,
           d.attempts, d.created_at, d.closed_at, d.outcome, d.reason, d.round, d.reminders,
           d.accepted_at,
           COALESCE((SELECT true FROM legal_hold h WHERE h.request_id = d.request_id LIMIT 1), false)
               AS held
      FROM delivery d
     WHERE d.state = 'pending' AND d.lease_id IS NULL AND d.step = 0;

CREATE VIEW retry_delivery AS
    SELECT d.id, d.request_id, d.system_id, d.state, d.step, d.next_attempt_at, d.lease_id,
           d.attempts, d.created_at, d.closed_at, d.outcome, d.reason, d.round, d.reminders,
           d.accepted_at,
           COALESCE((SELECT true FROM legal_hold h WHERE h.request_id = d.request_id LIMIT 1), false)
               AS held
      FROM delivery d
     WHERE d.state = 'pending' AND d.lease_id IS NULL AND d.step > 0;
