-- Makes possible: requests from the lists of ids that Meta offers for download.
-- Locks: short ACCESS EXCLUSIVE locks on deletion_request for a column with a constant default and a
-- constraint that is taken off. Safe while running: yes. The version before would send page-scoped
-- ids as app-scoped ones: change all replicas before such a list is imported.

ALTER TABLE deletion_request
    -- A list is not signed, so no secret has matched.
    ALTER COLUMN secret_id DROP NOT NULL,
    ADD COLUMN id_type text NOT NULL DEFAULT 'app_scoped_user_id'
        CHECK (id_type IN ('app_scoped_user_id', 'page_scoped_user_id'));
