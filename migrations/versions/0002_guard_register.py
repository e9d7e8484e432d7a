"""Rules that no statement can get around: events, versions, legal states, privileges.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EVENTS = r"""
CREATE FUNCTION open_event(
    p_kind text,
    p_actor text,
    p_reason text DEFAULT NULL,
    p_decision_number text DEFAULT NULL,
    p_scope jsonb DEFAULT '{}'::jsonb
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    new_id bigint;
BEGIN
    IF current_event_id() IS NOT NULL THEN
        RAISE EXCEPTION 'this transaction already has event %', current_event_id()
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    INSERT INTO event (kind, actor, reason, decision_number, scope)
    VALUES (p_kind, p_actor, p_reason, p_decision_number, p_scope)
    RETURNING id INTO new_id;
    INSERT INTO event_pending (event_id) VALUES (new_id);
    PERFORM set_config('diachiso.event_id', new_id::text, true);
    RETURN new_id;
END
$$;
COMMENT ON FUNCTION open_event IS
    'Opens the one event of this transaction and returns its id; without it nothing can be written';

CREATE FUNCTION move_pending_events() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    moved bigint;
BEGIN
    -- Positions are drawn and become visible in one order only because this lock is held until
    -- commit. The statement after it has a new snapshot, so it sees all that is committed by now.
    -- lock_timeout: one mover that hangs must not hang every writer after its commit.
    PERFORM pg_advisory_xact_lock(7238010021);
    WITH taken AS (DELETE FROM event_pending RETURNING event_id)
    INSERT INTO feed (event_id) SELECT event_id FROM taken ORDER BY event_id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION move_pending_events IS
    'Moves committed events into the feed and returns how many; call it after each commit';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION refuse_change IS 'Trigger: raises, whoever asks';

CREATE FUNCTION refuse_new_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% %: its identity is permanent', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'check_violation';
END
$$;
COMMENT ON FUNCTION refuse_new_identity IS
    'Trigger: a place keeps its id and level, because households refer to it without a foreign key';
CREATE TRIGGER admin_unit_identity BEFORE UPDATE OF id, level ON admin_unit FOR EACH ROW
    WHEN ((OLD.id, OLD.level) IS DISTINCT FROM (NEW.id, NEW.level))
    EXECUTE FUNCTION refuse_new_identity();
CREATE TRIGGER thoroughfare_identity BEFORE UPDATE OF id ON thoroughfare FOR EACH ROW
    WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION refuse_new_identity();
CREATE TRIGGER locality_identity BEFORE UPDATE OF id ON locality FOR EACH ROW
    WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION refuse_new_identity();

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER feed_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON feed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER household_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON household_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER household_no_truncate BEFORE TRUNCATE ON household
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER code_key_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON code_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

HOUSEHOLD_COLUMNS = """kind, unit_id, former_unit_id, thoroughfare_id, locality_id, house_number,
        house_number_key, building_name, building_key, floor, unit_number, parent_code, households_count, point,
        position_method, position_accuracy_m, status, restricted, verified_on, delivery_hint,
        event_id"""
OLD_COLUMNS = ", ".join(f"o.{name.strip()}" for name in HOUSEHOLD_COLUMNS.split(","))

HOUSEHOLDS = rf"""
CREATE FUNCTION refuse_new_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a code is permanent: % cannot become %', OLD.code, NEW.code
        USING ERRCODE = 'check_violation', CONSTRAINT = 'household_code_permanent';
END
$$;
COMMENT ON FUNCTION refuse_new_code IS 'Trigger: raises, whoever asks';
CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'household % cannot go from % to %', OLD.code, OLD.status, NEW.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'household_status_transition';
END
$$;
COMMENT ON FUNCTION refuse_transition IS 'Trigger: raises, whoever asks';
-- Conditions stand here rather than in the functions: they are bound to these operators once, so
-- the search_path of a session cannot bend them, and they cost less for the rows that are right.
CREATE TRIGGER household_code_permanent BEFORE UPDATE ON household FOR EACH ROW
    WHEN (OLD.code <> NEW.code) EXECUTE FUNCTION refuse_new_code();
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
    -- Two states of one code never begin at once, even when the clock is set back.
    NEW.recorded_at := greatest(
        pg_catalog.clock_timestamp(),
        OLD.recorded_at OPERATOR(pg_catalog.+) '1 microsecond'::pg_catalog.interval
    );
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION stamp_household IS 'Trigger: stamps event_id and recorded_at';
CREATE TRIGGER household_stamp BEFORE UPDATE ON household
    FOR EACH ROW EXECUTE FUNCTION stamp_household();

CREATE FUNCTION keep_household_versions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- EXECUTE plans for this statement's number of rows. A plan kept from an update of one row
        -- is a nested loop, and a later update of 60,000 rows would take minutes with it.
        EXECUTE $keep$
            INSERT INTO household_version (
                code, valid_from, valid_to, ended_by_event_id, {HOUSEHOLD_COLUMNS}
            )
            SELECT o.code, o.recorded_at, n.recorded_at, n.event_id, {OLD_COLUMNS}
            FROM old_rows o JOIN new_rows n USING (code)
        $keep$;
    ELSE
        INSERT INTO household_version (
            code, valid_from, valid_to, ended_by_event_id, {HOUSEHOLD_COLUMNS}
        )
        SELECT o.code, o.recorded_at,
            greatest(clock_timestamp(), o.recorded_at + interval '1 microsecond'),
            current_event_id(), {OLD_COLUMNS}
        FROM old_rows o;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keep_household_versions IS
    'Trigger: copies every superseded or removed row into household_version, set by set';

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

    -- In place of five foreign keys, which cost 8 microseconds a row in a bulk load: one pass over
    -- the statement's rows for the combinations of places that it brings, few beside its rows.
    -- One that an old row had is right already. No query here joins a transition table: its plan
    -- would be kept, and be wrong for a statement of another size.
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(p.unit_id), array_agg(p.former_unit_id), array_agg(p.thoroughfare_id),
            array_agg(p.locality_id), array_agg(p.parent_code)
        INTO units, former_units, streets, localities, parents
        FROM (
            SELECT DISTINCT unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code
            FROM new_rows
        ) p;
    ELSE
        SELECT array_agg(p.unit_id), array_agg(p.former_unit_id), array_agg(p.thoroughfare_id),
            array_agg(p.locality_id), array_agg(p.parent_code)
        INTO units, former_units, streets, localities, parents
        FROM (
            SELECT unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code FROM new_rows
            EXCEPT
            SELECT unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code FROM old_rows
        ) p;
    END IF;
    IF units IS NOT NULL THEN -- arrays of nothing are null
        -- Locked first, as foreign keys would: a street that is just moving, or a building that is
        -- just going, is waited for, and then seen where it is. Buildings need the stronger lock
        -- because their commune and kind are no key.
        PERFORM FROM thoroughfare WHERE id = ANY (streets) ORDER BY id FOR KEY SHARE;
        PERFORM FROM locality WHERE id = ANY (localities) ORDER BY id FOR KEY SHARE;
        PERFORM FROM household WHERE code = ANY (parents) ORDER BY code FOR SHARE;
        SELECT n.*, CASE
                WHEN n.unit_id IS NOT NULL AND u.id IS NULL THEN 'unit_id is no commune'
                WHEN n.former_unit_id IS NOT NULL AND f.id IS NULL THEN 'former_unit_id is no unit'
                WHEN n.thoroughfare_id IS NOT NULL AND t.id IS NULL
                    THEN 'the street is not in its commune'
                WHEN n.locality_id IS NOT NULL AND l.id IS NULL
                    THEN 'the locality is not in its commune'
                ELSE 'the parent is no building of its commune'
            END AS fault
        INTO wrong
        FROM unnest(units, former_units, streets, localities, parents)
            AS n(unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code)
        LEFT JOIN admin_unit u ON u.id = n.unit_id AND u.level = 'commune'
        LEFT JOIN admin_unit f ON f.id = n.former_unit_id
        LEFT JOIN thoroughfare t ON t.id = n.thoroughfare_id AND t.unit_id = n.unit_id
        LEFT JOIN locality l ON l.id = n.locality_id AND l.unit_id = n.unit_id
        LEFT JOIN household p
            ON p.code = n.parent_code AND p.kind = 'building' AND p.unit_id = n.unit_id
        WHERE (n.unit_id IS NOT NULL AND u.id IS NULL)
            OR (n.former_unit_id IS NOT NULL AND f.id IS NULL)
            OR (n.thoroughfare_id IS NOT NULL AND t.id IS NULL)
            OR (n.locality_id IS NOT NULL AND l.id IS NULL)
            OR (n.parent_code IS NOT NULL AND p.code IS NULL)
        LIMIT 1;
        IF FOUND THEN
            SELECT min(n.code) INTO bad FROM new_rows n
            WHERE (n.unit_id, n.former_unit_id, n.thoroughfare_id, n.locality_id, n.parent_code)
                IS NOT DISTINCT FROM (wrong.unit_id, wrong.former_unit_id, wrong.thoroughfare_id,
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
    'Trigger: every row written names an event of this transaction and places of its own commune';

CREATE FUNCTION check_household_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    buildings text[];
    bad text;
BEGIN
    IF EXISTS (SELECT FROM old_rows) AND NOT EXISTS (
        SELECT FROM event WHERE id = current_event_id() AND xact = pg_current_xact_id()::text::bigint
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
    'Trigger: rows are removed under an event of this transaction, and no flat loses its building';

-- Triggers of one kind fire in the order of their names: check first, then keep.
CREATE TRIGGER household_1_check_insert AFTER INSERT ON household
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_household_statement();
CREATE TRIGGER household_1_check_update AFTER UPDATE ON household
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_household_statement();
CREATE TRIGGER household_1_check_delete AFTER DELETE ON household
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION check_household_delete();
CREATE TRIGGER household_2_keep_update AFTER UPDATE ON household
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION keep_household_versions();
CREATE TRIGGER household_2_keep_delete AFTER DELETE ON household
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION keep_household_versions();

CREATE FUNCTION check_place_left() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    bad text;
BEGIN
    -- Where the place is now, at commit, and not where this change put it: it may have moved on.
    IF TG_TABLE_NAME = 'thoroughfare' THEN
        SELECT h.code INTO bad FROM household h LEFT JOIN thoroughfare t ON t.id = OLD.id
        WHERE h.thoroughfare_id = OLD.id AND h.unit_id IS DISTINCT FROM t.unit_id LIMIT 1;
    ELSIF TG_TABLE_NAME = 'locality' THEN
        SELECT h.code INTO bad FROM household h LEFT JOIN locality l ON l.id = OLD.id
        WHERE h.locality_id = OLD.id AND h.unit_id IS DISTINCT FROM l.unit_id LIMIT 1;
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
    'Trigger, at commit: a place that moved to another commune, or was removed, left no household';
CREATE CONSTRAINT TRIGGER thoroughfare_moved AFTER UPDATE OF unit_id ON thoroughfare
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.unit_id <> NEW.unit_id)
    EXECUTE FUNCTION check_place_left();
CREATE CONSTRAINT TRIGGER locality_moved AFTER UPDATE OF unit_id ON locality
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.unit_id <> NEW.unit_id)
    EXECUTE FUNCTION check_place_left();
CREATE CONSTRAINT TRIGGER thoroughfare_removed AFTER DELETE ON thoroughfare
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_place_left();
CREATE CONSTRAINT TRIGGER locality_removed AFTER DELETE ON locality
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_place_left();
CREATE CONSTRAINT TRIGGER admin_unit_removed AFTER DELETE ON admin_unit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_place_left();
"""

CODES = r"""
CREATE SEQUENCE code_ordinal AS bigint MINVALUE 0 MAXVALUE 846825857 START 0 NO CYCLE;
COMMENT ON SEQUENCE code_ordinal IS
    'Ordinals of issued codes; the keyed permutation turns one into a serial. Drawn, never given back';

CREATE SEQUENCE demo_ordinal AS bigint MINVALUE 0 MAXVALUE 47045880 START 0 NO CYCLE;
COMMENT ON SEQUENCE demo_ordinal IS
    'Serials of demonstration codes, which begin with 0 and never stand on a real door';

-- 32 bytes out of five random UUIDs of 122 random bits each: no extension is needed for it.
INSERT INTO code_key (id, key) SELECT 1, sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
    || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
INSERT INTO register_identity (id) VALUES (1);
INSERT INTO gazetteer_state (id, version) VALUES (1, 1);

CREATE FUNCTION register_restored() RETURNS uuid
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    new_uuid uuid;
BEGIN
    -- The lost tail of the old register may have issued codes that this copy does not know: they
    -- stand on plates, so this copy never issues them.
    PERFORM setval('code_ordinal', least(last_value + 1000000, 846825857)) FROM code_ordinal;
    UPDATE register_identity
    SET uuid = gen_random_uuid(), created_at = now(), note = 'restored'
    RETURNING uuid INTO new_uuid;
    RETURN new_uuid;
END
$$;
COMMENT ON FUNCTION register_restored IS
    'To be called once after a restore or promotion: moves the ordinals on and renames the register';

CREATE FUNCTION raise_gazetteer_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE gazetteer_state SET version = version + 1;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION raise_gazetteer_version IS
    'Trigger: tells every process that its gazetteer in memory is old';
"""

GAZETTEER_TABLES = (
    "admin_unit",
    "admin_unit_version",
    "admin_unit_alias",
    "admin_unit_succession",
)
GAZETTEER_TRIGGERS = "".join(
    f"""
CREATE TRIGGER {table}_gazetteer AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION raise_gazetteer_version();
"""
    for table in GAZETTEER_TABLES
)

# What the application role may do. Nothing is granted that no command of the program needs.
WRITABLE = {
    "INSERT": "succession_link",
    "INSERT, UPDATE": "admin_unit, admin_unit_version, admin_unit_succession, thoroughfare, "
    "locality, plate, target, coverage_day, field_report, api_key",
    "INSERT, UPDATE, DELETE": "admin_unit_alias, boundary, boundary_part, household_ref, "
    "external_id, import, import_problem, api_key_unit",
    "UPDATE, DELETE": "household",
}
STAMPED = ("event_id", "recorded_at")
INSERTABLE_HOUSEHOLD = ", ".join(
    ["code", *(n.strip() for n in HOUSEHOLD_COLUMNS.split(",") if n.strip() not in STAMPED)]
)
GRANTS = "".join(
    [
        "GRANT USAGE ON SCHEMA public TO diachiso_app;\n",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO diachiso_app;\n",
        *(f"GRANT {verbs} ON {tables} TO diachiso_app;\n" for verbs, tables in WRITABLE.items()),
        f"GRANT INSERT ({INSERTABLE_HOUSEHOLD}) ON household TO diachiso_app;\n",
        "GRANT USAGE, SELECT ON SEQUENCE code_ordinal, demo_ordinal TO diachiso_app;\n",
        "REVOKE EXECUTE ON FUNCTION register_restored() FROM PUBLIC;\n",
        "CREATE SCHEMA staging;\n",
        "COMMENT ON SCHEMA staging IS 'Unlogged tables of imports that are not published yet';\n",
        "GRANT USAGE, CREATE ON SCHEMA staging TO diachiso_app;\n",
    ]
)


def upgrade() -> None:
    for script in (EVENTS, HOUSEHOLDS, CODES, GAZETTEER_TRIGGERS, GRANTS):
        op.execute(script)


def downgrade() -> None:
    op.execute("DROP SCHEMA staging CASCADE")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM diachiso_app")
    op.execute("REVOKE ALL ON SCHEMA public FROM diachiso_app")
    op.execute("DROP SEQUENCE code_ordinal")
    op.execute("DROP SEQUENCE demo_ordinal")
    # CASCADE takes the triggers along, and nothing else depends on these.
    for function in (
        "open_event(text, text, text, text, jsonb)",
        "move_pending_events()",
        "refuse_change()",
        "refuse_new_identity()",
        "refuse_new_code()",
        "refuse_transition()",
        "stamp_household()",
        "keep_household_versions()",
        "check_household_statement()",
        "check_household_delete()",
        "check_place_left()",
        "register_restored()",
        "raise_gazetteer_version()",
    ):
        op.execute(f"DROP FUNCTION {function} CASCADE")
    # The three one-row tables are filled by upgrade(); they go empty into the next one.
    op.execute("DELETE FROM code_key")
    op.execute("DELETE FROM register_identity")
    op.execute("DELETE FROM gazetteer_state")
