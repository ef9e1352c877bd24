-- Makes possible: names of apps and organisations that are others in some languages.
-- Locks: ACCESS EXCLUSIVE on meta_app and client_system for a moment. Safe while running: yes; an
-- older replica shows the one name.

-- By the language's tag: {"ja": "…"}.
ALTER TABLE meta_app ADD COLUMN names jsonb NOT NULL DEFAULT '{}';

ALTER TABLE client_system ADD COLUMN public_names jsonb NOT NULL DEFAULT '{}';
