-- The first load of an empty register: drops keys and indexes, loads the rows, recreates keys and
-- indexes, and checks everything once at the end.

CREATE TABLE parked_key (
    place integer NOT NULL,
    relation text NOT NULL,
    name text NOT NULL,
    definition text NOT NULL,
    is_constraint boolean NOT NULL,
    CONSTRAINT pk_parked_key PRIMARY KEY (place)
);
COMMENT ON TABLE parked_key IS
    'Keys and indexes that a first load dropped; empty outside its transaction.';
COMMENT ON COLUMN parked_key.place IS 'Order of dropping';
COMMENT ON COLUMN parked_key.relation IS 'Its table';
COMMENT ON COLUMN parked_key.name IS 'Name of the constraint or index';
COMMENT ON COLUMN parked_key.definition IS 'Its SQL definition';
COMMENT ON COLUMN parked_key.is_constraint IS 'False for an index';
GRANT SELECT ON parked_key TO diachiso_app;

CREATE FUNCTION park_keys() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    SET lock_timeout = '2s' AS $$
DECLARE
    parked record;
BEGIN
    IF EXISTS (SELECT FROM household) OR EXISTS (SELECT FROM household_ref) THEN
        RETURN false;
    END IF;
    -- Foreign keys are dropped first, recreated last: they need primary keys.
    INSERT INTO parked_key (place, relation, name, definition, is_constraint)
    SELECT row_number() OVER (ORDER BY contype = 'f' DESC, conname), conrelid::regclass::text,
        conname, pg_get_constraintdef(oid), true
    FROM pg_constraint
    WHERE contype IN ('f', 'p', 'u') AND (
        conrelid IN ('household'::regclass, 'household_ref'::regclass)
        OR confrelid IN ('household'::regclass, 'household_ref'::regclass));
    INSERT INTO parked_key (place, relation, name, definition, is_constraint)
    SELECT 1000 + row_number() OVER (ORDER BY c.relname), i.indrelid::regclass::text, c.relname,
        pg_get_indexdef(i.indexrelid), false
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid IN ('household'::regclass, 'household_ref'::regclass) AND NOT EXISTS (
        SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid);
    BEGIN
        -- New readers wait until the load has ended; there is nothing to read yet. Present readers,
        -- such as a backup, are waited for, but not long: then the load keeps the keys.
        FOR parked IN SELECT DISTINCT relation FROM parked_key ORDER BY relation LOOP
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', parked.relation);
        END LOOP;
    EXCEPTION WHEN lock_not_available THEN
        DELETE FROM parked_key;
        RETURN false;
    END;
    IF EXISTS (SELECT FROM household) OR EXISTS (SELECT FROM household_ref) THEN
        DELETE FROM parked_key;
        RETURN false;
    END IF;
    FOR parked IN SELECT * FROM parked_key ORDER BY place LOOP
        IF parked.is_constraint THEN
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', parked.relation, parked.name);
        ELSE
            EXECUTE format('DROP INDEX %I', parked.name);
        END IF;
    END LOOP;
    -- Recreated last, since unpark_keys goes by descending place.
    INSERT INTO parked_key (place, relation, name, definition, is_constraint)
    SELECT 1 - row_number() OVER (ORDER BY tgname), 'household', tgname, pg_get_triggerdef(oid),
        false
    FROM pg_trigger WHERE tgrelid = 'household'::regclass
        AND tgname IN ('household_1_check_insert', 'household_4_touch_insert');
    DROP TRIGGER household_1_check_insert ON household;
    DROP TRIGGER household_4_touch_insert ON household;
    RETURN true;
END
$$;
COMMENT ON FUNCTION park_keys IS
    'Drops keys and indexes of household and household_ref if both are empty, else returns false; the transaction cannot commit before unpark_keys';

CREATE FUNCTION unpark_keys(brought boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parked record;
    event_now bigint := current_event_id();
    wrong record;
    bad text;
BEGIN
    FOR parked IN SELECT * FROM parked_key ORDER BY place DESC LOOP
        IF parked.is_constraint THEN
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s',
                parked.relation, parked.name, parked.definition);
        ELSE
            EXECUTE parked.definition;
        END IF;
    END LOOP;
    DELETE FROM parked_key;
    -- The trigger's checks, for all rows: there were none before.
    IF NOT brought AND (NOT EXISTS (
        SELECT FROM event WHERE id = event_now AND xact = pg_current_xact_id()::text::bigint
    ) OR EXISTS (SELECT FROM household WHERE event_id <> event_now)) THEN
        RAISE EXCEPTION 'households are written under an event of the same transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    WITH combination AS MATERIALIZED (
        SELECT unit_id, former_unit_id, street_id, locality_id, parent_code,
            status = 'retired' AS retired, count(*) AS records
        FROM household
        GROUP BY unit_id, former_unit_id, street_id, locality_id, parent_code, retired
    ), touched AS (
        INSERT INTO coverage_touched (unit_id, records)
        SELECT unit_id, sum(records) FROM combination WHERE unit_id IS NOT NULL GROUP BY unit_id
    )
    SELECT f.* INTO wrong
    FROM (
        SELECT array_agg(p.unit_id) AS units, array_agg(p.former_unit_id) AS former_units,
            array_agg(p.street_id) AS streets, array_agg(p.locality_id) AS localities,
            array_agg(p.parent_code) AS parents
        FROM combination p WHERE NOT (brought AND p.retired)
    ) a, fault_of_places(a.units, a.former_units, a.streets, a.localities, a.parents) f;
    IF wrong.fault IS NOT NULL THEN
        SELECT min(n.code) INTO bad FROM household n
        WHERE (n.unit_id, n.former_unit_id, n.street_id, n.locality_id, n.parent_code)
            IS NOT DISTINCT FROM (wrong.unit_id, wrong.former_unit_id, wrong.street_id,
                wrong.locality_id, wrong.parent_code);
        RAISE EXCEPTION 'household %: %', bad, wrong.fault
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_references';
    END IF;
END
$$;
COMMENT ON FUNCTION unpark_keys IS
    'Recreates what park_keys dropped. Rows transferred from another register keep their events, and those retired there may be in a unit that has ended since';

CREATE FUNCTION refuse_parked() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM parked_key) THEN
        RAISE EXCEPTION 'keys are parked: unpark_keys() comes before the end of the transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION refuse_parked IS 'Trigger, at commit: no transaction leaves tables without keys';
CREATE CONSTRAINT TRIGGER parked_key_empty AFTER INSERT ON parked_key
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_parked();

-- A fifth of the usual sample is enough until autovacuum runs.
CREATE FUNCTION analyse_register() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    SET default_statistics_target = 20 AS $$
BEGIN
    -- Columns that plans depend on; autovacuum analyses the others later.
    ANALYZE household (code, unit_id, former_unit_id, street_id, locality_id,
        house_number_key, building_key, parent_code, kind, status, point, event_id);
    ANALYZE household_ref (source, source_ref, code, import_id);
    ANALYZE place;
END
$$;
COMMENT ON FUNCTION analyse_register IS
    'Updates statistics after many new rows: only the table owner may, and autovacuum takes a minute';
