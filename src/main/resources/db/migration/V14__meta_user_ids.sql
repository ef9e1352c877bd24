-- Makes possible: ids of which Meta does not say whether they are one app's or one page's.
-- Locks: ACCESS EXCLUSIVE on deletion_request for a moment; what is there need not be looked at.
-- Safe while running: yes. A replica of the version before cannot read such a delivery: as long as one
-- is due, its claims fail, are undone and tried again, until a newer replica has taken it. Change all
-- replicas soon after one another.

ALTER TABLE deletion_request DROP CONSTRAINT deletion_request_id_type_check;
ALTER TABLE deletion_request ADD CONSTRAINT deletion_request_id_type_check
    CHECK (id_type IN ('app_scoped_user_id', 'page_scoped_user_id', 'meta_user_id')) NOT VALID;
