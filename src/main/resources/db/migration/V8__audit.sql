-- Makes possible: an audit trail of every change, that can be added to and not be changed.
-- Locks: SHARE ROW EXCLUSIVE on each audited table, one after the other, while its triggers are made:
-- writers wait for milliseconds, and as long as another transaction stays open on one of them.
-- Safe while running: yes. What the version before does is written down too.

-- One row for each change, written by the triggers below in the transaction of the change; nobody
-- else may write it. Ids are <months since January 2020> * 10^12 + a count, so that each month has
-- its range, and with it a partition that can be dropped when its time is over.
CREATE SEQUENCE audit_id AS bigint;
CREATE TABLE audit (
    id bigint PRIMARY KEY DEFAULT nextval('audit_id'),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- 'meta', 'relay', 'command', 'client:<system>' or 'operator:<name of the token>'.
    actor text NOT NULL CHECK (length(actor) <= 100 AND actor NOT LIKE '% %'),
    -- '<what>.<what happened to it>'
    event text NOT NULL,
    app_id text,
    system_id text,
    request_id uuid,
    delivery_id uuid,
    -- A state, an outcome, the names of columns: words of this program, never of a person.
    detail text CHECK (length(detail) <= 400 AND detail NOT LIKE '% %'),
    -- How many deliveries it concerned, where it is about more than one.
    deliveries integer
) PARTITION BY RANGE (id);

-- The partitions: in a schema of their own, which the service's role does not enter.
CREATE SCHEMA audit_month;

-- The chain: each block stands for the rows after the last_id of the block before, up to its own.
-- In partitions of the same months.
CREATE TABLE audit_block (
    last_id bigint PRIMARY KEY,
    number bigint NOT NULL CHECK (number > 0),
    -- The ids of its rows in ascending order, and the SHA-256 of each row, 32 bytes one by one.
    ids bigint[] NOT NULL
        CHECK ((array_ndims(ids) = 1 AND array_lower(ids, 1) = 1
                AND cardinality(ids) BETWEEN 1 AND 5000 AND array_position(ids, NULL) IS NULL
                AND ids[1] <= last_id AND ids[cardinality(ids)] = last_id) IS TRUE),
    row_hashes bytea NOT NULL CHECK (length(row_hashes) = 32 * cardinality(ids)),
    previous_hash bytea NOT NULL CHECK (length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    at timestamptz NOT NULL
) PARTITION BY RANGE (last_id);
ALTER TABLE audit_block ALTER COLUMN row_hashes SET STORAGE EXTERNAL;
CREATE INDEX audit_block_number ON audit_block (number);

-- Signed statements (JWS) of where the chain had come to. They were written to the log too, out of
-- this database's reach. Nothing here can tell whether a signature is right: so what is not signed
-- keeps nobody from adding what is.
CREATE TABLE audit_head (
    block bigint NOT NULL,
    jws text NOT NULL CHECK (length(jws) <= 2000),
    at timestamptz NOT NULL,
    PRIMARY KEY (block, jws)
);

-- Signed statements of where the chain had come to, when everything up to there was dropped. The
-- next block follows the last of them.
CREATE TABLE audit_checkpoint (
    block bigint NOT NULL,
    last_id bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    jws text NOT NULL CHECK (length(jws) <= 2000),
    at timestamptz NOT NULL,
    PRIMARY KEY (block, jws)
);

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail can only be added to' USING ERRCODE = '42501';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only_all BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_block
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only_all BEFORE TRUNCATE ON audit_block
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- To the chain too, only what fits can be added: whoever may add could stop it with one row. One at a
-- time: the lock is the leader's, so that two that are added at once see each other.
CREATE FUNCTION audit_block_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number bigint := 0;
    last_id bigint := 0;
    hash bytea := decode(repeat('00', 32), 'hex');
BEGIN
    PERFORM pg_advisory_xact_lock(7022629598041172065);
    SELECT before.number, before.last_id, before.hash INTO number, last_id, hash
      FROM ((SELECT b.number, b.last_id, b.hash FROM public.audit_block b
              ORDER BY b.number DESC LIMIT 1)
             UNION ALL
            (SELECT c.block, c.last_id, c.hash FROM public.audit_checkpoint c
              ORDER BY c.block DESC LIMIT 1)) AS before
     ORDER BY before.number DESC
     LIMIT 1;
    IF NOT COALESCE(NEW.number = COALESCE(number, 0) + 1
                    AND NEW.ids[1] > COALESCE(last_id, 0)
                    AND NEW.last_id >= NEW.ids[1]
                    AND NEW.previous_hash = COALESCE(hash, decode(repeat('00', 32), 'hex'))
                    AND NEW.last_id <= (SELECT q.last_value FROM public.audit_id q), false) THEN
        RAISE EXCEPTION 'This block does not follow the last one' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER follows BEFORE INSERT ON audit_block
    FOR EACH ROW EXECUTE FUNCTION audit_block_follows();

CREATE FUNCTION audit_statement_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.audit_block b WHERE b.number = NEW.block) THEN
        RAISE EXCEPTION 'There is no such block' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_statement_fits();

CREATE FUNCTION audit_checkpoint_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.audit_block b
                    WHERE b.number = NEW.block AND b.last_id = NEW.last_id
                      AND b.hash = NEW.hash) THEN
        RAISE EXCEPTION 'There is no such block' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT ON audit_checkpoint
    FOR EACH ROW EXECUTE FUNCTION audit_checkpoint_fits();

-- The service may make, begin and drop months, by this database's clock, and do nothing else to the
-- tables -----------------------------------------------------------------------------------------

CREATE FUNCTION audit_first_id(month date) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN CAST((extract(year FROM month) - 2020) * 12 + extract(month FROM month) - 1 AS bigint)
       * 1000000000000;

CREATE FUNCTION audit_this_month() RETURNS date LANGUAGE sql STABLE
RETURN CAST(date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') AS date);

CREATE FUNCTION audit_partition(parent text, month date) RETURNS text LANGUAGE sql IMMUTABLE
RETURN 'audit_month.' || parent || '_' || to_char(month, 'YYYY_MM');

-- Makes the partitions of this month and the next, where they are missing. Nobody waits: empty
-- tables are attached.
CREATE FUNCTION audit_prepare_months() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms'
AS $$
DECLARE
    month date;
    parent text;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(7021802753301276014);
    FOREACH month IN ARRAY ARRAY[public.audit_this_month(),
                                 CAST(public.audit_this_month() + interval '1 month' AS date)]
    LOOP
        FOREACH parent IN ARRAY ARRAY['audit', 'audit_block'] LOOP
            part := public.audit_partition(parent, month);
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %s (LIKE public.%I INCLUDING ALL)', part, parent);
                EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION %s'
                               ' FOR VALUES FROM (%s) TO (%s)', parent, part,
                               public.audit_first_id(month),
                               public.audit_first_id(CAST(month + interval '1 month' AS date)));
                EXECUTE format('CREATE TRIGGER append_only_all BEFORE TRUNCATE ON %s'
                               ' FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse()', part);
            END IF;
        END LOOP;
    END LOOP;
END $$;

-- Rows go to the partition of this month from now on; what was begun before may still go to the one
-- before. Never back. A sequence moves at once and for good, so its partition must be there for
-- good: made by a transaction that is over, and not by this one, which may still be undone.
CREATE FUNCTION audit_begin_month() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms'
AS $$
DECLARE
    month date := public.audit_this_month();
    first bigint := public.audit_first_id(month);
BEGIN
    PERFORM pg_advisory_xact_lock(7021802753301276014);
    IF (SELECT last_value FROM public.audit_id) >= first THEN
        RETURN true;
    END IF;
    IF (SELECT count(*)
          FROM pg_class c
         WHERE c.oid IN (to_regclass(public.audit_partition('audit', month)),
                         to_regclass(public.audit_partition('audit_block', month)))
           AND age(c.xmin) > age(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS xid))) < 2 THEN
        RETURN false;
    END IF;
    PERFORM setval('public.audit_id', first);
    RETURN true;
END $$;

-- Drops a month and those before it, with their blocks: only if it ended a year ago, and if all of
-- it is chained up to a checkpoint. Whoever writes waits for two catalog changes.
CREATE FUNCTION audit_drop_month(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms'
AS $$
DECLARE
    after bigint := public.audit_first_id(CAST(month + interval '1 month' AS date));
    part text;
BEGIN
    IF month + interval '13 months' > public.audit_this_month()
       OR NOT EXISTS (SELECT FROM public.audit_checkpoint c
                       WHERE c.last_id < after
                         AND c.last_id >= (SELECT COALESCE(max(a.id), 0) FROM public.audit a
                                            WHERE a.id < after)) THEN
        RAISE EXCEPTION 'This month may not be dropped yet: %', month USING ERRCODE = '55000';
    END IF;
    FOR part IN
        SELECT c.oid::regclass
          FROM pg_class c
         WHERE c.relnamespace = 'audit_month'::regnamespace AND c.relkind = 'r'
           AND (c.relname BETWEEN 'audit_0' AND 'audit_' || to_char(month, 'YYYY_MM')
                OR c.relname BETWEEN 'audit_block_0'
                                 AND 'audit_block_' || to_char(month, 'YYYY_MM'))
    LOOP
        EXECUTE format('DROP TABLE %s', part);
    END LOOP;
END $$;

-- What is written down -------------------------------------------------------------------------

-- The tables of the ledger have a trigger for each statement, which costs a third of one for each
-- row. Its two tables are joined by hashing, whatever the plan that was kept had expected.

-- Who does it: whoever the connection or the transaction says, or who usually does.
CREATE FUNCTION audit_actor(usual text) RETURNS text LANGUAGE sql STABLE
RETURN COALESCE(NULLIF(current_setting('relay.actor', true), ''), usual);

-- The deliveries that are made with a request are told with it, those that are made later by what
-- they add to it: a row for each would double what a callback costs here.
CREATE FUNCTION audit_requests_recorded() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, app_id, request_id, detail, deliveries)
    SELECT public.audit_actor('meta'), 'request.recorded', n.app_id, n.id, n.kind,
           n.open_deliveries
      FROM new_rows n;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_recorded AFTER INSERT ON deletion_request
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_requests_recorded();

CREATE FUNCTION audit_requests_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
AS $$
BEGIN
    INSERT INTO public.audit (actor, event, app_id, request_id, deliveries)
    SELECT public.audit_actor('relay'), what.event, n.app_id, n.id, what.deliveries
      FROM new_rows n
      JOIN old_rows o ON o.id = n.id
     CROSS JOIN LATERAL (VALUES
           (CASE WHEN o.closed_at IS NULL AND n.closed_at IS NOT NULL THEN 'request.completed'
                 WHEN o.closed_at IS NOT NULL AND n.closed_at IS NULL THEN 'request.reopened'
            END, NULL),
           (CASE WHEN n.open_deliveries > o.open_deliveries THEN 'request.forwarded' END,
            n.open_deliveries - o.open_deliveries),
           (CASE WHEN o.subject_sealed IS NOT NULL AND n.subject_sealed IS NULL
                 THEN 'request.erased' END, NULL),
           (CASE WHEN (o.kind, o.app_id, o.platform, o.code_digest, o.requested_at, o.received_at,
                       o.due_at)
                      IS DISTINCT FROM
                      (n.kind, n.app_id, n.platform, n.code_digest, n.requested_at, n.received_at,
                       n.due_at)
                   OR (o.closed_at IS NOT NULL AND n.closed_at IS NOT NULL
                       AND o.closed_at <> n.closed_at)
                 THEN 'request.changed' END, NULL)) AS what (event, deliveries)
     WHERE what.event IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_changed AFTER UPDATE ON deletion_request
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_requests_changed();

CREATE FUNCTION audit_requests_dropped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, app_id, request_id)
    SELECT public.audit_actor('relay'), 'request.dropped', o.app_id, o.id
      FROM old_rows o;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_dropped AFTER DELETE ON deletion_request
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_requests_dropped();

CREATE FUNCTION audit_deliveries_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
AS $$
BEGIN
    INSERT INTO public.audit (actor, event, system_id, request_id, delivery_id, detail)
    SELECT public.audit_actor(CASE WHEN n.state = 'awaiting_receipt'
                                     OR n.outcome NOT IN ('unconfirmed', 'expired')
                                   THEN 'client:' || n.system_id ELSE 'relay' END),
           CASE WHEN o.state <> n.state OR o.outcome <> n.outcome THEN 'delivery.' || n.state
                ELSE 'delivery.changed' END,
           n.system_id, n.request_id, n.id, COALESCE(n.outcome, NULLIF(n.reason, ''))
      FROM new_rows n
      JOIN old_rows o ON o.id = n.id
     WHERE o.state <> n.state
        OR o.outcome <> n.outcome
        OR o.closed_at <> n.closed_at
        OR (o.request_id, o.system_id, o.round, o.created_at)
           IS DISTINCT FROM (n.request_id, n.system_id, n.round, n.created_at);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_changed AFTER UPDATE ON delivery
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_deliveries_changed();

CREATE FUNCTION audit_deliveries_dropped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, system_id, request_id, delivery_id)
    SELECT public.audit_actor('relay'), 'delivery.dropped', o.system_id, o.request_id, o.id
      FROM old_rows o;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_dropped AFTER DELETE ON delivery
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_deliveries_dropped();

-- A delivery comes to be sent. One that is there in any other state was put there by hand.
CREATE FUNCTION audit_delivery_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, system_id, request_id, delivery_id, detail)
    VALUES (public.audit_actor('relay'), 'delivery.added', NEW.system_id, NEW.request_id, NEW.id,
            COALESCE(NEW.outcome, NEW.state));
    RETURN NULL;
END $$;
CREATE TRIGGER audit_added AFTER INSERT ON delivery FOR EACH ROW
    WHEN (NEW.state <> 'pending') EXECUTE FUNCTION audit_delivery_added();

-- A receipt comes with the closing of its delivery, which tells of it; whatever else happens to one
-- is told for itself. Deliveries are looked up by their ids, whatever the plan had expected.
CREATE FUNCTION audit_receipts_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO public.audit (actor, event, system_id, request_id, delivery_id, detail)
    SELECT public.audit_actor('relay'), 'receipt.added', d.system_id, d.request_id, n.delivery_id,
           n.outcome
      FROM new_rows n
      LEFT JOIN public.delivery d ON d.id = n.delivery_id
     WHERE (d.closed_at = n.received_at AND d.outcome = n.outcome) IS NOT TRUE;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_added AFTER INSERT ON receipt
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_receipts_added();

CREATE FUNCTION audit_receipts_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
AS $$
BEGIN
    INSERT INTO public.audit (actor, event, delivery_id, detail)
    SELECT public.audit_actor('relay'), 'receipt.changed', n.delivery_id, n.outcome
      FROM new_rows n
      JOIN old_rows o ON o.delivery_id = n.delivery_id
     WHERE (o.basis, o.outcome, o.retained, o.ground, o.received_at, o.body_digest)
           IS DISTINCT FROM (n.basis, n.outcome, n.retained, n.ground, n.received_at, n.body_digest);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_changed AFTER UPDATE ON receipt
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_receipts_changed();

CREATE FUNCTION audit_receipts_dropped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, delivery_id)
    SELECT public.audit_actor('relay'), 'receipt.dropped', o.delivery_id
      FROM old_rows o;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_dropped AFTER DELETE ON receipt
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION audit_receipts_dropped();

-- By its id a row is known here: one that took another would be told as neither changed nor gone. For
-- each statement, and only those that set an id: a trigger for each row would lock each row twice.
CREATE FUNCTION audit_id_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An id does not change' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER id_stays BEFORE UPDATE OF id ON deletion_request
    FOR EACH STATEMENT EXECUTE FUNCTION audit_id_stays();
CREATE TRIGGER id_stays BEFORE UPDATE OF id ON delivery
    FOR EACH STATEMENT EXECUTE FUNCTION audit_id_stays();
CREATE TRIGGER id_stays BEFORE UPDATE OF delivery_id ON receipt
    FOR EACH STATEMENT EXECUTE FUNCTION audit_id_stays();

-- What was said before or beside: the trigger's argument says which.
CREATE FUNCTION audit_beside_delivery() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    row record := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    INSERT INTO public.audit (actor, event, delivery_id, detail)
    VALUES (public.audit_actor('relay'),
            TG_ARGV[0] || CASE TG_OP WHEN 'INSERT' THEN '.added' WHEN 'UPDATE' THEN '.changed'
                                     ELSE '.dropped' END,
            row.delivery_id, row.outcome);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_beside AFTER INSERT OR UPDATE OR DELETE ON amendment
    FOR EACH ROW EXECUTE FUNCTION audit_beside_delivery('amendment');
CREATE TRIGGER audit_beside AFTER UPDATE OR DELETE ON contradiction
    FOR EACH ROW EXECUTE FUNCTION audit_beside_delivery('contradiction');

-- An answer that disagrees with the one that stands.
CREATE FUNCTION audit_contradicted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, system_id, request_id, delivery_id, detail)
    SELECT public.audit_actor('client:' || d.system_id), 'delivery.contradicted', d.system_id,
           d.request_id, d.id, NEW.outcome
      FROM public.delivery d
     WHERE d.id = NEW.delivery_id;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_contradicted AFTER INSERT ON contradiction
    FOR EACH ROW EXECUTE FUNCTION audit_contradicted();

CREATE FUNCTION audit_operator_action() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, system_id, delivery_id, deliveries)
    VALUES (public.audit_actor('operator'), 'operator.' || NEW.verb, NEW.system_id,
            NEW.delivery_id, NEW.deliveries);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_acted AFTER INSERT ON operator_action
    FOR EACH ROW EXECUTE FUNCTION audit_operator_action();

-- That a system's rate is used up is no event.
CREATE FUNCTION audit_gate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, system_id, detail)
    VALUES (public.audit_actor('relay'),
            CASE WHEN NULLIF(NEW.held_reason, 'rate') IS NULL THEN 'system.freed'
                 ELSE 'system.held' END,
            NEW.system_id, NULLIF(NEW.held_reason, 'rate'));
    RETURN NULL;
END $$;
CREATE TRIGGER audit_held AFTER UPDATE ON system_gate FOR EACH ROW
    WHEN (NULLIF(OLD.held_reason, 'rate') IS DISTINCT FROM NULLIF(NEW.held_reason, 'rate'))
    EXECUTE FUNCTION audit_gate();

-- Everything else changes seldom: what it is stands in the trigger's first argument, the column that
-- tells which one in the second; of a change the names of the columns are told too.
CREATE FUNCTION audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    after jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    changed text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT string_agg(n.key, ',' ORDER BY n.key) INTO changed
          FROM jsonb_each(after) n
          JOIN jsonb_each(to_jsonb(OLD)) o ON o.key = n.key
         WHERE o.value IS DISTINCT FROM n.value;
    END IF;
    INSERT INTO public.audit (actor, event, app_id, system_id, detail)
    VALUES (public.audit_actor('relay'),
            TG_ARGV[0] || CASE TG_OP WHEN 'INSERT' THEN '.added' WHEN 'UPDATE' THEN '.changed'
                                     ELSE '.removed' END,
            CASE WHEN TG_TABLE_NAME = 'meta_app' THEN after ->> 'id' ELSE after ->> 'app_id' END,
            CASE WHEN TG_TABLE_NAME = 'client_system' THEN after ->> 'id'
                 ELSE after ->> 'system_id' END,
            NULLIF(concat_ws(':', regexp_replace(after ->> TG_ARGV[1], '[^A-Za-z0-9_.-]', '_', 'g'),
                             changed), ''));
    RETURN NULL;
END $$;

CREATE TRIGGER audit_added AFTER INSERT OR DELETE ON meta_app
    FOR EACH ROW EXECUTE FUNCTION audit_row('app');
CREATE TRIGGER audit_changed AFTER UPDATE ON meta_app FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION audit_row('app');
CREATE TRIGGER audit_added AFTER INSERT OR DELETE ON app_secret
    FOR EACH ROW EXECUTE FUNCTION audit_row('app_secret', 'id');
CREATE TRIGGER audit_changed AFTER UPDATE ON app_secret FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION audit_row('app_secret', 'id');
CREATE TRIGGER audit_added AFTER INSERT OR DELETE ON client_system
    FOR EACH ROW EXECUTE FUNCTION audit_row('system');
CREATE TRIGGER audit_changed AFTER UPDATE ON client_system FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION audit_row('system');
CREATE TRIGGER audit_added AFTER INSERT OR DELETE ON system_secret
    FOR EACH ROW EXECUTE FUNCTION audit_row('system_secret', 'id');
CREATE TRIGGER audit_changed AFTER UPDATE ON system_secret FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION audit_row('system_secret', 'id');
CREATE TRIGGER audit_added AFTER INSERT OR DELETE ON subscription
    FOR EACH ROW EXECUTE FUNCTION audit_row('subscription');
CREATE TRIGGER audit_added AFTER INSERT OR DELETE ON backfill
    FOR EACH ROW EXECUTE FUNCTION audit_row('backfill');
CREATE TRIGGER audit_added AFTER INSERT OR DELETE ON relay_key
    FOR EACH ROW EXECUTE FUNCTION audit_row('key', 'kid');
CREATE TRIGGER audit_changed AFTER UPDATE ON relay_key FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION audit_row('key', 'kid');

CREATE FUNCTION audit_sweep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.audit (actor, event, detail)
    VALUES (public.audit_actor('relay'), 'sweep.ended',
            format('erased=%s,dropped=%s', NEW.erased, NEW.dropped));
    RETURN NULL;
END $$;
CREATE TRIGGER audit_ended AFTER UPDATE ON retention_sweep FOR EACH ROW
    WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION audit_sweep();

-- Nobody but the owner may call any of this, nor make a trigger of it on a table of their own; the
-- service may prepare, begin and drop months, which is granted where its role is known.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;

-- The first partition is made here, by hand: nothing was written yet, so nothing can go wrong.
SELECT audit_prepare_months();
SELECT setval('audit_id', audit_first_id(audit_this_month()));
