-- Households and buildings: one record per door, its history, and rules that apply to every
-- statement. Where other tables have foreign keys, references of households are checked once for
-- all rows of a statement.

CREATE TABLE household (
    code text COLLATE "C" NOT NULL,
    event_id bigint DEFAULT current_event_id() NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    kind text NOT NULL,
    unit_id integer,
    former_unit_id integer,
    street_id bigint,
    locality_id bigint,
    house_number text,
    house_number_key text COLLATE "C",
    building_name text,
    building_key text COLLATE "C",
    floor text,
    unit_number text,
    parent_code text COLLATE "C",
    households_count integer DEFAULT 1 NOT NULL,
    point geometry(POINT,4326),
    position_method text,
    position_accuracy_m double precision,
    status text NOT NULL,
    restricted boolean DEFAULT false NOT NULL,
    verified_on date,
    delivery_hint text,
    entrances jsonb,
    CONSTRAINT pk_household PRIMARY KEY (code),
    CONSTRAINT ck_household_accuracy_in_metres
        CHECK (position_accuracy_m >= 0 AND position_accuracy_m < 'Infinity'),
    CONSTRAINT ck_household_building_has_no_parent
        CHECK (kind = 'household' OR parent_code IS NULL),
    CONSTRAINT ck_household_code_well_formed CHECK (code ~ '^[0-9FHKMPRTVX]{8}$'),
    -- The list equals its matching elements: the path drops others and unwraps nested lists.
    CONSTRAINT ck_household_entrances_well_formed
        CHECK (jsonb_path_match(entrances, '$.size() >= 1 && $.size() <= 8')
            AND entrances = jsonb_path_query_array(entrances, '$[*] ? (
                @.kind like_regex "^(main|vehicles|delivery|locker)$"
                && @.lon.type() == "number" && @.lon >= -180 && @.lon <= 180
                && @.lat.type() == "number" && @.lat >= -90 && @.lat <= 90
                && (!exists (@.accuracy_m)
                    || @.accuracy_m.type() == "number" && @.accuracy_m >= 0)
                && (!exists (@.note) || @.note like_regex "^.{1,140}$")
                && (!exists (@.seen_on)
                    || @.seen_on like_regex "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
                && (!exists (@.source) || @.source like_regex
                    "^(survey|office|management|carrier|merchant|resident)$"))')),
    CONSTRAINT ck_household_households_counted_once
        CHECK (CASE kind WHEN 'building' THEN households_count = 0 ELSE households_count >= 0 END),
    CONSTRAINT ck_household_kind_known CHECK (kind IN ('household', 'building')),
    CONSTRAINT ck_household_not_its_own_parent CHECK (parent_code <> code),
    CONSTRAINT ck_household_number_has_key
        CHECK ((house_number IS NULL) = (house_number_key IS NULL)),
    CONSTRAINT ck_household_point_has_method CHECK ((point IS NULL) = (position_method IS NULL)),
    CONSTRAINT ck_household_point_on_earth
        CHECK (point IS NULL OR coalesce(
            ST_X(point) BETWEEN -180 AND 180 AND ST_Y(point) BETWEEN -90 AND 90, false)),
    CONSTRAINT ck_household_position_method_known
        CHECK (position_method IN ('survey', 'gps', 'imagery', 'parcel', 'geocoded', 'interpolated',
            'centroid', 'unknown')),
    CONSTRAINT ck_household_status_known
        CHECK (status IN ('reserved', 'proposed', 'active', 'retired')),
    CONSTRAINT ck_household_unit_while_live
        CHECK (status IN ('reserved', 'retired') OR unit_id IS NOT NULL)
);
COMMENT ON TABLE household IS
    'One record per dwelling of a household, and per building with several. Dwellings are stored, never people.';
COMMENT ON COLUMN household.code IS 'Permanent code, canonical, no hyphen; never reused';
COMMENT ON COLUMN household.event_id IS 'Event that wrote this state; set by the database';
COMMENT ON COLUMN household.recorded_at IS 'When this state was recorded; set by the database';
COMMENT ON COLUMN household.kind IS 'household | building (parent record of flats)';
COMMENT ON COLUMN household.unit_id IS 'Current commune; NULL only if never bound to a door';
COMMENT ON COLUMN household.former_unit_id IS 'Commune of an earlier map, if known';
COMMENT ON COLUMN household.street_id IS 'Street';
COMMENT ON COLUMN household.locality_id IS 'Innermost locality';
COMMENT ON COLUMN household.house_number IS 'As written: Số 5A, ngách 34, ngõ 12';
COMMENT ON COLUMN household.house_number_key IS 'Canonical path: 12/34/5A';
COMMENT ON COLUMN household.building_name IS 'Toà nhà, chung cư, block';
COMMENT ON COLUMN household.building_key IS 'Folded building, block and tower, for matching';
COMMENT ON COLUMN household.floor IS 'Tầng';
COMMENT ON COLUMN household.unit_number IS 'Căn hộ, phòng';
COMMENT ON COLUMN household.parent_code IS 'Building that it is in';
COMMENT ON COLUMN household.households_count IS
    'Hộ that share it until they get their own records; 0 for a building, so that sums count hộ, and where nobody lives';
COMMENT ON COLUMN household.point IS 'Entrance, lon/lat EPSG:4326';
COMMENT ON COLUMN household.position_method IS
    'survey, gps, imagery, parcel, geocoded, interpolated, centroid, unknown';
COMMENT ON COLUMN household.position_accuracy_m IS
    'Radius in metres within which the entrance lies';
COMMENT ON COLUMN household.status IS 'reserved | proposed | active | retired';
COMMENT ON COLUMN household.restricted IS 'Never in tiles, exports, packs, reverse, suggestions';
COMMENT ON COLUMN household.verified_on IS 'Last seen to exist';
COMMENT ON COLUMN household.delivery_hint IS 'Landmark: gần chợ …; never a person';
COMMENT ON COLUMN household.entrances IS
    'Entrances besides the point, 1 to 8: kind, lon, lat, accuracy_m, note, seen_on, source; mostly NULL';
-- Doors of a street.
CREATE INDEX ix_household_street
    ON household (street_id, house_number_key) WHERE street_id IS NOT NULL;
-- Doors with several numbers (12-14), few per street, for imports.
CREATE INDEX ix_household_range
    ON household (street_id)
    WHERE street_id IS NOT NULL AND house_number_key LIKE '%-%';
-- Doors of a locality.
CREATE INDEX ix_household_locality
    ON household (locality_id, house_number_key) WHERE locality_id IS NOT NULL;
-- Doors of a hamlet without streets, to find duplicate numbers.
CREATE INDEX ix_household_hamlet_number
    ON household (locality_id, house_number_key)
    WHERE street_id IS NULL AND house_number_key IS NOT NULL;
-- Flats of a building.
CREATE INDEX ix_household_parent ON household (parent_code) WHERE parent_code IS NOT NULL;
-- Names of buildings, for suggestions, without reading the rows.
CREATE INDEX ix_household_building
    ON household (building_key)
    INCLUDE (building_name, unit_id, code)
    WHERE kind = 'building' AND status = 'active' AND NOT restricted;
-- Nearest records.
CREATE INDEX ix_household_point
    ON household USING gist (point) WHERE status = 'active' AND NOT restricted;
-- The same by nearest entrance, for the few records that have entrances.
CREATE FUNCTION entrance_points(entrances jsonb, point geometry)
    RETURNS geometry LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    points public.geometry[] := '{}';
BEGIN
    -- A query of the list would take ten times as long, and each index lookup calls this. Schemas
    -- are named because a restore has an empty search_path.
    FOR at IN 0 .. jsonb_array_length(entrances) - 1 LOOP
        points[at + 1] := public.ST_SetSRID(public.ST_MakePoint(
            (entrances -> at -> 'lon')::float8, (entrances -> at -> 'lat')::float8), 4326);
    END LOOP;
    IF point IS NOT NULL AND NOT entrances @> '[{"kind": "main"}]' THEN
        points := array_append(points, point);
    END IF;
    RETURN public.ST_Collect(points);
END
$$;
COMMENT ON FUNCTION entrance_points IS
    'The entrances, and the point of the record unless one of them is the main entrance';
CREATE INDEX ix_household_entrances
    ON household USING gist (entrance_points(entrances, point))
    WHERE entrances IS NOT NULL AND status = 'active' AND NOT restricted;
-- Records of a commune.
CREATE INDEX ix_household_unit ON household (unit_id, status);
-- Proposed records, few of all: the queue of approvers.
CREATE INDEX ix_household_proposed ON household (unit_id, code) WHERE status = 'proposed';
-- Everything that coverage counts, without reading rows. Demonstration codes start with 0.
CREATE INDEX ix_household_coverage
    ON household (unit_id)
    INCLUDE (households_count, position_accuracy_m, verified_on)
    WHERE status = 'active' AND kind = 'household' AND code >= '1';
-- Doors without a number, which coverage looks up separately.
CREATE INDEX ix_household_unnumbered
    ON household (unit_id)
    INCLUDE (position_accuracy_m, locality_id)
    WHERE status = 'active' AND kind = 'household' AND code >= '1'
        AND house_number_key IS NULL AND unit_number IS NULL;
-- Changes of an event, page by page. Not by event alone: after a first import the planner assumes
-- that every event is large, and would scan the whole primary key for one of a single record.
CREATE INDEX ix_household_event ON household (event_id, code);
GRANT SELECT, UPDATE, DELETE ON household TO diachiso_app;

CREATE TABLE household_version (
    code text COLLATE "C" NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone NOT NULL,
    event_id bigint NOT NULL,
    ended_by_event_id bigint NOT NULL,
    CONSTRAINT pk_household_version PRIMARY KEY (code, valid_from),
    CONSTRAINT ck_household_version_range_not_empty CHECK (valid_from < valid_to)
);
COMMENT ON TABLE household_version IS 'Every superseded state; written by a trigger, append-only.';
COMMENT ON COLUMN household_version.code IS 'Permanent code';
COMMENT ON COLUMN household_version.valid_from IS 'Recorded from (inclusive)';
COMMENT ON COLUMN household_version.valid_to IS 'Recorded until (exclusive)';
COMMENT ON COLUMN household_version.event_id IS 'Event that wrote this state';
COMMENT ON COLUMN household_version.ended_by_event_id IS 'Event that superseded it';
-- fit_household_versions below adds the other columns, those of household.
-- States that an event wrote.
CREATE INDEX ix_household_version_event ON household_version (event_id);
-- States that an event superseded, page by page.
CREATE INDEX ix_household_version_ended_by ON household_version (ended_by_event_id, code);
GRANT SELECT ON household_version TO diachiso_app;
CREATE TRIGGER household_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON household_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A record keeps its code, and changes its status only by the transitions below. Conditions are in
-- the triggers rather than the functions: their operators are resolved once, so a session's
-- search_path cannot change them, and they cost less for valid rows.
CREATE TRIGGER household_no_truncate BEFORE TRUNCATE ON household
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_new_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a code is permanent: % cannot become %', OLD.code, NEW.code
        USING ERRCODE = 'check_violation', CONSTRAINT = 'household_code_permanent';
END
$$;
COMMENT ON FUNCTION refuse_new_code IS 'Trigger: always raises';
CREATE TRIGGER household_code_permanent BEFORE UPDATE ON household FOR EACH ROW
    WHEN (OLD.code <> NEW.code) EXECUTE FUNCTION refuse_new_code();

CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'household % cannot go from % to %', OLD.code, OLD.status, NEW.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'household_status_transition';
END
$$;
COMMENT ON FUNCTION refuse_transition IS 'Trigger: always raises';
CREATE TRIGGER household_status_transition BEFORE UPDATE ON household FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('reserved', 'proposed'), ('reserved', 'active'), ('reserved', 'retired'),
        ('proposed', 'active'), ('proposed', 'retired'),
        ('active', 'retired'), ('retired', 'active')
    )) EXECUTE FUNCTION refuse_transition();

CREATE FUNCTION stamp_household() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Schemas are named because a fixed search_path would cost 1 to 3 microseconds a row.
    NEW.event_id := public.current_event_id();
    -- No two states of a code start at one time, even if the clock is set back.
    NEW.recorded_at := greatest(
        pg_catalog.clock_timestamp(),
        OLD.recorded_at OPERATOR(pg_catalog.+) '1 microsecond'::pg_catalog.interval
    );
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION stamp_household IS 'Trigger: sets event_id and recorded_at';
CREATE TRIGGER household_stamp BEFORE UPDATE ON household
    FOR EACH ROW EXECUTE FUNCTION stamp_household();

-- Triggers of one kind fire in the order of their names, hence the numbers: 1 checks, 2 stores
-- superseded states, 3 updates other tables, 4 notes what to count again (13_coverage.sql).
CREATE FUNCTION fault_of_places(
    units integer[], former_units integer[], streets bigint[], localities bigint[], parents text[],
    OUT unit_id integer, OUT former_unit_id integer, OUT street_id bigint,
    OUT locality_id bigint, OUT parent_code text, OUT fault text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- Locked first, as by foreign keys: waits for streets being moved and buildings being removed,
    -- and then sees the result. Buildings need the stronger lock because their commune and kind are
    -- not in a key.
    PERFORM FROM place WHERE id = ANY (streets || localities) ORDER BY id FOR KEY SHARE;
    PERFORM FROM household WHERE code = ANY (parents) ORDER BY code FOR SHARE;
    SELECT n.*, CASE
            WHEN n.unit_id IS NOT NULL AND u.id IS NULL THEN 'unit_id is no commune of today'
            WHEN n.former_unit_id IS NOT NULL AND f.id IS NULL THEN 'former_unit_id is no unit'
            WHEN n.street_id IS NOT NULL
                AND (t.unit_id IS DISTINCT FROM n.unit_id OR t.merged_into_id IS NOT NULL)
                THEN 'the street is not in its commune'
            WHEN n.locality_id IS NOT NULL
                AND (l.unit_id IS DISTINCT FROM n.unit_id OR l.merged_into_id IS NOT NULL)
                THEN 'the locality is not in its commune'
            ELSE 'the parent is no building of its commune'
        END
    INTO unit_id, former_unit_id, street_id, locality_id, parent_code, fault
    FROM unnest(units, former_units, streets, localities, parents)
        AS n(unit_id, former_unit_id, street_id, locality_id, parent_code)
    -- Rejects a commune that was looked up before a reform ended it, and is written afterwards.
    LEFT JOIN admin_unit u ON u.id = n.unit_id AND u.level = 'commune'
        AND (upper_inf(u.lifetime) OR upper(u.lifetime) > current_date)
    LEFT JOIN admin_unit f ON f.id = n.former_unit_id
    LEFT JOIN place t ON t.id = n.street_id AND t.class = 'street'
    LEFT JOIN place l ON l.id = n.locality_id AND l.class = 'locality'
    WHERE (n.unit_id IS NOT NULL AND u.id IS NULL)
        OR (n.former_unit_id IS NOT NULL AND f.id IS NULL)
        OR (n.street_id IS NOT NULL
            AND (t.unit_id IS DISTINCT FROM n.unit_id OR t.merged_into_id IS NOT NULL))
        OR (n.locality_id IS NOT NULL
            AND (l.unit_id IS DISTINCT FROM n.unit_id OR l.merged_into_id IS NOT NULL))
        OR (n.parent_code IS NOT NULL AND (n.parent_code, coalesce(n.unit_id, 0)) NOT IN (
            SELECT p.code, coalesce(p.unit_id, -1) FROM household p
            WHERE p.code = ANY (parents) AND p.kind = 'building'))
    LIMIT 1;
END
$$;
COMMENT ON FUNCTION fault_of_places IS
    'First invalid combination of places, and why; fault is NULL if all are valid';

CREATE FUNCTION check_household_statement() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    this_event bigint := current_event_id();
    units integer[];
    former_units integer[];
    streets bigint[];
    localities bigint[];
    parents text[];
    changed_buildings text[];
    wrong record;
    bad text;
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows) THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (
        SELECT FROM event WHERE id = this_event AND xact = pg_current_xact_id()::text::bigint
    ) OR EXISTS (SELECT FROM new_rows WHERE event_id <> this_event) THEN
        RAISE EXCEPTION 'households are written under an event of the same transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;

    -- Instead of five foreign keys, which cost 8 microseconds a row in a bulk load: one pass over
    -- the statement's rows collects its combinations of places, far fewer than rows. Those of old
    -- rows are valid already. No query here joins a transition table: its plan would be cached, and
    -- be wrong for a statement of another size.
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(p.unit_id), array_agg(p.former_unit_id), array_agg(p.street_id),
            array_agg(p.locality_id), array_agg(p.parent_code)
        INTO units, former_units, streets, localities, parents
        FROM (
            SELECT DISTINCT unit_id, former_unit_id, street_id, locality_id, parent_code
            FROM new_rows
        ) p;
    ELSE
        SELECT array_agg(p.unit_id), array_agg(p.former_unit_id), array_agg(p.street_id),
            array_agg(p.locality_id), array_agg(p.parent_code)
        INTO units, former_units, streets, localities, parents
        FROM (
            SELECT unit_id, former_unit_id, street_id, locality_id, parent_code FROM new_rows
            EXCEPT
            SELECT unit_id, former_unit_id, street_id, locality_id, parent_code FROM old_rows
        ) p;
    END IF;
    IF units IS NOT NULL THEN -- array_agg of no rows is NULL
        SELECT * INTO wrong FROM fault_of_places(units, former_units, streets, localities, parents);
        IF wrong.fault IS NOT NULL THEN
            SELECT min(n.code) INTO bad FROM new_rows n
            WHERE (n.unit_id, n.former_unit_id, n.street_id, n.locality_id, n.parent_code)
                IS NOT DISTINCT FROM (wrong.unit_id, wrong.former_unit_id, wrong.street_id,
                    wrong.locality_id, wrong.parent_code);
            RAISE EXCEPTION 'household %: %', bad, wrong.fault
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_references';
        END IF;
    END IF;

    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(b.code) INTO changed_buildings
        FROM (
            SELECT code, unit_id, kind FROM old_rows WHERE kind = 'building'
            EXCEPT
            SELECT code, unit_id, kind FROM new_rows
        ) b;
        IF changed_buildings IS NOT NULL THEN
            SELECT c.code INTO bad
            FROM household c JOIN household p ON p.code = c.parent_code
            WHERE c.parent_code = ANY (changed_buildings)
                AND (c.unit_id IS DISTINCT FROM p.unit_id OR p.kind <> 'building')
            LIMIT 1;
        END IF;
        IF bad IS NOT NULL THEN
            RAISE EXCEPTION 'household %: its building left without it', bad
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_references';
        END IF;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_household_statement IS
    'Trigger: every written row refers to an event of this transaction and places of its commune';
CREATE TRIGGER household_1_check_insert AFTER INSERT ON household
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_household_statement();
CREATE TRIGGER household_1_check_update AFTER UPDATE ON household
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_household_statement();

CREATE FUNCTION check_household_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    buildings text[];
    bad text;
BEGIN
    IF EXISTS (SELECT FROM old_rows) AND NOT EXISTS (
        SELECT FROM event
        WHERE id = current_event_id() AND xact = pg_current_xact_id()::text::bigint
    ) THEN
        RAISE EXCEPTION 'households are removed under an event of the same transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    SELECT array_agg(code) INTO buildings FROM old_rows WHERE kind = 'building';
    SELECT c.code INTO bad FROM household c WHERE c.parent_code = ANY (buildings) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'household %: its building cannot be removed without it', bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_references';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_household_delete IS
    'Trigger: requires an event of this transaction, and that no flat loses its building';
CREATE TRIGGER household_1_check_delete AFTER DELETE ON household
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_household_delete();

-- Called again by each migration that adds a column to `household`.
CREATE PROCEDURE fit_household_versions() LANGUAGE plpgsql SET search_path = public, pg_temp AS $fit$
DECLARE
    added record;
    kept text;
    old text;
    given text;
BEGIN
    FOR added IN
        SELECT quote_ident(attname) AS name,
            concat_ws(' ', format_type(atttypid, atttypmod),
                CASE WHEN collname = 'C' THEN 'COLLATE "C"' END,
                'DEFAULT ' || pg_get_expr(adbin, adrelid),
                CASE WHEN attnotnull THEN 'NOT NULL' END) AS definition,
            col_description(attrelid, attnum) AS words
        FROM pg_attribute a
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        LEFT JOIN pg_collation c ON c.oid = attcollation
        WHERE attrelid = 'household'::regclass AND attnum > 0 AND NOT attisdropped
            AND attname <> 'recorded_at' AND NOT EXISTS (
                SELECT FROM pg_attribute v WHERE v.attrelid = 'household_version'::regclass
                    AND v.attname = a.attname AND NOT v.attisdropped)
        ORDER BY attnum
    LOOP
        EXECUTE format('ALTER TABLE household_version ADD COLUMN %s %s',
            added.name, added.definition);
        EXECUTE format('COMMENT ON COLUMN household_version.%s IS %L', added.name, added.words);
    END LOOP;
    SELECT string_agg(name, ', '), string_agg('o.' || name, ', '),
        string_agg(name, ', ') FILTER (WHERE name <> 'event_id')
    INTO kept, old, given
    FROM (
        SELECT quote_ident(attname) AS name FROM pg_attribute
        WHERE attrelid = 'household'::regclass AND attnum > 0 AND NOT attisdropped
            AND attname NOT IN ('code', 'recorded_at')
        ORDER BY attnum
    ) columns;
    -- All but the two columns that the database sets.
    EXECUTE format('GRANT INSERT (code, %s) ON household TO diachiso_app', given);
    EXECUTE format($make$
        CREATE OR REPLACE FUNCTION keep_household_versions() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                -- EXECUTE plans for this statement's number of rows. A plan cached for one row is a
                -- nested loop: a later update of 60,000 rows would take minutes.
                EXECUTE $keep$
                    INSERT INTO household_version
                        (code, valid_from, valid_to, ended_by_event_id, %1$s)
                    SELECT o.code, o.recorded_at, n.recorded_at, n.event_id, %2$s
                    FROM old_rows o JOIN new_rows n USING (code)
                $keep$;
            ELSE
                INSERT INTO household_version
                    (code, valid_from, valid_to, ended_by_event_id, %1$s)
                SELECT o.code, o.recorded_at,
                    greatest(clock_timestamp(), o.recorded_at + interval '1 microsecond'),
                    current_event_id(), %2$s
                FROM old_rows o;
            END IF;
            RETURN NULL;
        END
        $body$
        $make$, kept, old);
END
$fit$;
COMMENT ON PROCEDURE fit_household_versions IS
    'Adds the columns of household to household_version, its trigger and the grants';
CALL fit_household_versions();
COMMENT ON FUNCTION keep_household_versions IS
    'Trigger: copies superseded and removed rows into household_version, per statement';
CREATE TRIGGER household_2_keep_update AFTER UPDATE ON household
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION keep_household_versions();
CREATE TRIGGER household_2_keep_delete AFTER DELETE ON household
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION keep_household_versions();

-- The reverse check: no household may refer to a place that was removed or moved.
CREATE FUNCTION check_place_left() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    bad text;
BEGIN
    -- The place as of the commit, not of this change: it may have moved again.
    IF TG_TABLE_NAME = 'place' THEN
        SELECT h.code INTO bad FROM household h LEFT JOIN place p ON p.id = OLD.id
        WHERE (h.street_id = OLD.id OR h.locality_id = OLD.id)
            AND h.unit_id IS DISTINCT FROM p.unit_id LIMIT 1;
    ELSE
        SELECT h.code INTO bad FROM household h
        WHERE h.unit_id = OLD.id OR h.former_unit_id = OLD.id LIMIT 1;
    END IF;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION '% % left household % behind', TG_TABLE_NAME, OLD.id, bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_references';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_place_left IS
    'Trigger, at commit: no household remains at a place that was removed or left its commune';
CREATE CONSTRAINT TRIGGER place_moved AFTER UPDATE OF unit_id ON place
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.unit_id <> NEW.unit_id)
    EXECUTE FUNCTION check_place_left();
CREATE CONSTRAINT TRIGGER place_removed AFTER DELETE ON place
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_place_left();
CREATE CONSTRAINT TRIGGER admin_unit_removed AFTER DELETE ON admin_unit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_place_left();
