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
) RETURNS bigint LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
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
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moved bigint;
BEGIN
    -- Positions are drawn and become visible in one order only because this lock is held until
    -- commit. The statement after it has a new snapshot, so it sees all that is committed by now.
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
        house_number_key, building_name, floor, unit_number, parent_code, households_count, point,
        position_method, position_accuracy_m, status, restricted, verified_on, delivery_hint,
        event_id"""
OLD_COLUMNS = ", ".join(f"o.{name.strip()}" for name in HOUSEHOLD_COLUMNS.split(","))

HOUSEHOLDS = rf"""
CREATE FUNCTION stamp_household() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.code <> OLD.code THEN
        RAISE EXCEPTION 'a code is permanent: % cannot become %', OLD.code, NEW.code
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('reserved', 'proposed'), ('reserved', 'active'), ('reserved', 'retired'),
        ('proposed', 'active'), ('proposed', 'retired'),
        ('active', 'retired'), ('retired', 'active')
    ) THEN
        RAISE EXCEPTION 'household % cannot go from % to %', OLD.code, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'household_status_transition';
    END IF;
    NEW.event_id := current_event_id();
    -- Two states of one code never begin at once, even when the clock is set back.
    NEW.recorded_at := greatest(clock_timestamp(), OLD.recorded_at + interval '1 microsecond');
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION stamp_household IS
    'Trigger: refuses illegal changes of status, stamps event_id and recorded_at';
CREATE TRIGGER household_stamp BEFORE UPDATE ON household
    FOR EACH ROW EXECUTE FUNCTION stamp_household();

CREATE FUNCTION keep_household_versions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO household_version (
            code, valid_from, valid_to, ended_by_event_id, {HOUSEHOLD_COLUMNS}
        )
        SELECT o.code, o.recorded_at, n.recorded_at, n.event_id, {OLD_COLUMNS}
        FROM old_rows o JOIN new_rows n USING (code);
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
    bad text;
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows) THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (
        SELECT FROM event WHERE id = current_event_id() AND xact = pg_current_xact_id()::text::bigint
    ) OR EXISTS (SELECT FROM new_rows WHERE event_id <> current_event_id()) THEN
        RAISE EXCEPTION 'households are written under an event of the same transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    -- In place of five foreign keys, which cost 8 microseconds a row in a bulk load: one pass over
    -- the statement's rows. The parents cannot be deleted, and moving one is checked at commit.
    SELECT format('%s: %s', n.code, CASE
            WHEN n.unit_id IS NOT NULL AND u.id IS NULL THEN 'unit_id is no commune'
            WHEN n.former_unit_id IS NOT NULL AND f.id IS NULL THEN 'former_unit_id is no unit'
            WHEN n.thoroughfare_id IS NOT NULL AND t.id IS NULL
                THEN 'the street is not in its commune'
            WHEN n.locality_id IS NOT NULL AND l.id IS NULL
                THEN 'the locality is not in its commune'
            ELSE 'the parent is no building of its commune'
        END)
    INTO bad
    FROM new_rows n
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
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'household %', bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_references';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT c.code INTO bad
        FROM new_rows n
        JOIN old_rows o USING (code)
        JOIN household c ON c.parent_code = n.code
        WHERE (n.unit_id, n.kind) IS DISTINCT FROM (o.unit_id, o.kind)
            AND (c.unit_id IS DISTINCT FROM n.unit_id OR n.kind <> 'building')
        LIMIT 1;
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
    bad text;
BEGIN
    IF EXISTS (SELECT FROM old_rows) AND NOT EXISTS (
        SELECT FROM event WHERE id = current_event_id() AND xact = pg_current_xact_id()::text::bigint
    ) THEN
        RAISE EXCEPTION 'households are removed under an event of the same transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    SELECT c.code INTO bad
    FROM old_rows o JOIN household c ON c.parent_code = o.code
    LIMIT 1;
    IF bad IS NOT NULL THEN
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

CREATE FUNCTION check_place_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    bad text;
BEGIN
    IF TG_TABLE_NAME = 'thoroughfare' THEN
        SELECT h.code INTO bad FROM household h
        WHERE h.thoroughfare_id = NEW.id AND h.unit_id IS DISTINCT FROM NEW.unit_id LIMIT 1;
    ELSE
        SELECT h.code INTO bad FROM household h
        WHERE h.locality_id = NEW.id AND h.unit_id IS DISTINCT FROM NEW.unit_id LIMIT 1;
    END IF;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION '% % left household % in another commune', TG_TABLE_NAME, NEW.id, bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_references';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_place_moved IS
    'Trigger, at commit: a street or locality that went to another commune took its households along';
CREATE CONSTRAINT TRIGGER thoroughfare_moved AFTER UPDATE OF unit_id ON thoroughfare
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.unit_id <> NEW.unit_id)
    EXECUTE FUNCTION check_place_moved();
CREATE CONSTRAINT TRIGGER locality_moved AFTER UPDATE OF unit_id ON locality
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.unit_id <> NEW.unit_id)
    EXECUTE FUNCTION check_place_moved();
"""

CODES = r"""
CREATE SEQUENCE code_ordinal AS bigint MINVALUE 0 MAXVALUE 846825857 START 0 NO CYCLE;
COMMENT ON SEQUENCE code_ordinal IS
    'Ordinals of issued codes; the keyed permutation turns one into a serial. Drawn, never given back';

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
    "INSERT": "event, event_pending, succession_link",
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
        "GRANT USAGE, SELECT ON SEQUENCE code_ordinal TO diachiso_app;\n",
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
    # CASCADE takes the triggers along, and nothing else depends on these.
    for function in (
        "open_event(text, text, text, text, jsonb)",
        "move_pending_events()",
        "refuse_change()",
        "stamp_household()",
        "keep_household_versions()",
        "check_household_statement()",
        "check_household_delete()",
        "check_place_moved()",
        "register_restored()",
        "raise_gazetteer_version()",
    ):
        op.execute(f"DROP FUNCTION {function} CASCADE")
    # The three one-row tables are filled by upgrade(); they go empty into the next one.
    op.execute("DELETE FROM code_key")
    op.execute("DELETE FROM register_identity")
    op.execute("DELETE FROM gazetteer_state")
