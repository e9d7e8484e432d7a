"""Streets and places keep their past; former names and numbers lead on; successions can end.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PARENT = {
    "thoroughfare": ("", "", ""),
    "locality": (
        "parent_id bigint,",
        "COMMENT ON COLUMN locality_version.parent_id IS 'Locality that held it';",
        "parent_id,",
    ),
}

# Squawk asks for NOT VALID and CONCURRENTLY, which need transactions of their own; streets and
# places are few beside households, and nothing stands in the new tables yet.
_PLACE = """
ALTER TABLE {table} ADD COLUMN merged_into_id bigint
    -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
    CONSTRAINT fk_{table}_merged_into_id_{table} REFERENCES {table} (id);
COMMENT ON COLUMN {table}.merged_into_id IS
    'The one of its commune that it became part of; it keeps its name, no text leads to its key';
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE {table} ADD CONSTRAINT ck_{table}_merged_has_no_key
    CHECK ((merged_into_id IS NOT NULL) = (key LIKE '#%'));

CREATE TABLE {table}_version (
    id bigint NOT NULL,
    valid_to timestamp with time zone NOT NULL,
    ended_by_event_id bigint,
    unit_id integer NOT NULL,
    former_unit_id integer,
    {parent_column}
    key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    merged_into_id bigint,
    CONSTRAINT pk_{table}_version PRIMARY KEY (id, valid_to)
);
COMMENT ON TABLE {table}_version IS
    'Every superseded state of a {table}, written by a trigger; nobody may change it.';
COMMENT ON COLUMN {table}_version.id IS 'The {table}';
COMMENT ON COLUMN {table}_version.valid_to IS 'Until when the state was on record (exclusive)';
COMMENT ON COLUMN {table}_version.ended_by_event_id IS
    'Event that superseded it; none where the writer opened none';
COMMENT ON COLUMN {table}_version.unit_id IS 'Commune of that time';
COMMENT ON COLUMN {table}_version.former_unit_id IS 'Commune of an earlier map, when known';
{parent_comment}
COMMENT ON COLUMN {table}_version.key IS 'Folded name';
COMMENT ON COLUMN {table}_version.name IS 'Name as written';
COMMENT ON COLUMN {table}_version.kind IS 'As in {table}';
COMMENT ON COLUMN {table}_version.merged_into_id IS 'The one that it had become part of';
CREATE TRIGGER {table}_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON {table}_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE {table}_alias (
    named_id bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    {table}_id bigint NOT NULL,
    unit_id integer NOT NULL,
    until timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    event_id bigint DEFAULT current_event_id(),
    CONSTRAINT pk_{table}_alias PRIMARY KEY (named_id, key),
    CONSTRAINT fk_{table}_alias_named_id_{table}
        FOREIGN KEY (named_id) REFERENCES {table} (id) ON DELETE CASCADE,
    -- A reform moves the names along.
    CONSTRAINT fk_{table}_alias_leads_to FOREIGN KEY ({table}_id, unit_id)
        REFERENCES {table} (id, unit_id) ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE {table}_alias IS
    'Former names, by which a {table} is still found; written by a trigger.';
COMMENT ON COLUMN {table}_alias.named_id IS
    'The one that bore the name: numbers of that time count there';
COMMENT ON COLUMN {table}_alias.key IS 'Folded former name: what is matched';
COMMENT ON COLUMN {table}_alias.name IS 'Former name as written';
COMMENT ON COLUMN {table}_alias.kind IS 'Former kind';
COMMENT ON COLUMN {table}_alias.{table}_id IS
    'Where it leads today: the same, or what it was merged into';
COMMENT ON COLUMN {table}_alias.unit_id IS 'Commune of today, of what it leads to';
COMMENT ON COLUMN {table}_alias.until IS 'Until when the name was on record';
COMMENT ON COLUMN {table}_alias.event_id IS 'Event that ended it';
CREATE INDEX ix_{table}_alias_key_unit_id ON {table}_alias (key, unit_id);
CREATE INDEX ix_{table}_alias_{table}_id ON {table}_alias ({table}_id);

CREATE FUNCTION keep_{table}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    heir {table};
BEGIN
    INSERT INTO {table}_version (id, valid_to, ended_by_event_id, unit_id, former_unit_id,
        {parent} key, name, kind, merged_into_id)
    SELECT OLD.id,
        -- Two states never end at once, even when the clock is set back.
        greatest(clock_timestamp(), max(v.valid_to) + interval '1 microsecond'),
        current_event_id(), OLD.unit_id, OLD.former_unit_id, {old_parent} OLD.key, OLD.name,
        OLD.kind, OLD.merged_into_id
    FROM {table}_version v WHERE v.id = OLD.id;
    IF NEW.merged_into_id IS DISTINCT FROM OLD.merged_into_id THEN
        SELECT * INTO heir FROM {table} WHERE id = NEW.merged_into_id FOR KEY SHARE;
        IF OLD.merged_into_id IS NOT NULL OR heir.id = NEW.id
            OR heir.unit_id <> NEW.unit_id OR heir.merged_into_id IS NOT NULL THEN
            RAISE EXCEPTION '{table} % cannot become part of {table} %', NEW.id, NEW.merged_into_id
                USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_merged';
        END IF;
        UPDATE {table}_alias SET {table}_id = NEW.merged_into_id WHERE {table}_id = NEW.id;
    END IF;
    IF NEW.key <> OLD.key THEN
        INSERT INTO {table}_alias (named_id, key, name, kind, {table}_id, unit_id)
        VALUES (OLD.id, OLD.key, OLD.name, OLD.kind, coalesce(NEW.merged_into_id, NEW.id),
            NEW.unit_id)
        ON CONFLICT (named_id, key) DO UPDATE SET name = excluded.name, kind = excluded.kind,
            until = excluded.until, event_id = excluded.event_id;
        DELETE FROM {table}_alias WHERE named_id = NEW.id AND key = NEW.key;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keep_{table} IS
    'Trigger: keeps the superseded state of a {table}, and its former name';
CREATE TRIGGER {table}_keep AFTER UPDATE ON {table} FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION keep_{table}();

GRANT SELECT ON {table}_version, {table}_alias TO diachiso_app;
"""

NUMBERS = """
CREATE TABLE household_former_number (
    code text COLLATE "C" NOT NULL,
    event_id bigint DEFAULT current_event_id() NOT NULL,
    thoroughfare_id bigint,
    locality_id bigint,
    house_number text NOT NULL,
    house_number_key text COLLATE "C" NOT NULL,
    until timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_household_former_number PRIMARY KEY (code, event_id)
);
COMMENT ON TABLE household_former_number IS
    'Numbers that stood on a door until a decision changed them or their street; corrected mistakes are none.';
COMMENT ON COLUMN household_former_number.code IS 'The record that bore the number';
COMMENT ON COLUMN household_former_number.event_id IS 'Event that ended it';
COMMENT ON COLUMN household_former_number.thoroughfare_id IS
    'Street along which it counted, also where that was merged since';
COMMENT ON COLUMN household_former_number.locality_id IS
    'Innermost locality at that time, also where that was merged since';
COMMENT ON COLUMN household_former_number.house_number IS 'As it was written';
COMMENT ON COLUMN household_former_number.house_number_key IS 'Canonical path: 12/34/5A';
COMMENT ON COLUMN household_former_number.until IS 'Until when it was on record';
CREATE INDEX ix_household_former_number_thoroughfare
    ON household_former_number (thoroughfare_id, house_number_key)
    WHERE thoroughfare_id IS NOT NULL;
CREATE INDEX ix_household_former_number_locality
    ON household_former_number (locality_id, house_number_key)
    WHERE locality_id IS NOT NULL;
GRANT SELECT, INSERT ON household_former_number TO diachiso_app;

-- In place of a foreign key, which makes the merger of a large street a sixth slower.
CREATE FUNCTION forget_former_numbers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- EXECUTE plans for this statement's number of rows, as in keep_household_versions.
    EXECUTE 'DELETE FROM household_former_number f USING old_rows o WHERE f.code = o.code';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION forget_former_numbers IS
    'Trigger: a record that is removed leaves no former number behind';
CREATE TRIGGER household_3_forget_numbers AFTER DELETE ON household
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION forget_former_numbers();
"""

SUCCESSIONS = """
ALTER TABLE succession_link ADD COLUMN ended_by_event_id bigint
    -- squawk-ignore adding-foreign-key-constraint
    CONSTRAINT fk_succession_link_ended_by_event_id_event REFERENCES event (id);
COMMENT ON COLUMN succession_link.ended_by_event_id IS
    'Event that reinstated the retired record, so that it needs no successor; none while it holds';
-- The same two codes may be linked again after a reinstatement.
-- squawk-ignore ban-drop-constraint
ALTER TABLE succession_link DROP CONSTRAINT pk_succession_link;
-- squawk-ignore constraint-missing-not-valid, adding-serial-primary-key-field
ALTER TABLE succession_link ADD CONSTRAINT pk_succession_link
    PRIMARY KEY (old_code, new_code, event_id);
-- Households that are removed take their links along: demonstration ones.
-- squawk-ignore ban-drop-constraint
ALTER TABLE succession_link DROP CONSTRAINT fk_succession_link_old_code_household;
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE succession_link ADD CONSTRAINT fk_succession_link_old_code_household
    FOREIGN KEY (old_code) REFERENCES household (code) ON DELETE CASCADE;
-- squawk-ignore ban-drop-constraint
ALTER TABLE succession_link DROP CONSTRAINT fk_succession_link_new_code_household;
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE succession_link ADD CONSTRAINT fk_succession_link_new_code_household
    FOREIGN KEY (new_code) REFERENCES household (code) ON DELETE CASCADE;

CREATE FUNCTION refuse_succession_cycle() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE onward AS (
            SELECT NEW.new_code AS code
            UNION
            SELECT s.new_code FROM onward o JOIN succession_link s ON s.old_code = o.code
            WHERE s.ended_by_event_id IS NULL
        ) SELECT FROM onward WHERE code = NEW.old_code
    ) THEN
        RAISE EXCEPTION 'code % would be continued by itself', NEW.old_code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'succession_link_no_cycle';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION refuse_succession_cycle IS
    'Trigger: no code is continued by itself, through any number of steps';
CREATE TRIGGER succession_link_no_cycle AFTER INSERT ON succession_link
    FOR EACH ROW EXECUTE FUNCTION refuse_succession_cycle();

CREATE FUNCTION end_succession() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE succession_link SET ended_by_event_id = current_event_id()
    WHERE old_code = NEW.code AND ended_by_event_id IS NULL;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION end_succession IS
    'Trigger: a record that is reinstated is continued by nothing any more';
CREATE TRIGGER household_3_end_succession AFTER UPDATE ON household FOR EACH ROW
    WHEN (OLD.status = 'retired' AND NEW.status <> 'retired')
    EXECUTE FUNCTION end_succession();
"""

# No household is put into a street or locality that is merged already, not even by a writer that
# waited for the merger. The function is that of 0002 with one condition more.
_PLACE_CHECKS = (
    "t.unit_id = n.unit_id",
    "l.unit_id = n.unit_id",
)
LIVING_PLACES = """
DO $do$
DECLARE
    definition text := pg_get_functiondef('check_household_statement'::regproc);
BEGIN
    definition := replace(replace(definition, '{0}', '{1}'), '{2}', '{3}');
    ASSERT definition LIKE '%{1}%' AND definition LIKE '%{3}%', 'check_household_statement';
    EXECUTE definition;
END
$do$
"""


def _living_places(*, only_living: bool) -> str:
    wide = list(_PLACE_CHECKS)
    narrow = [f"{check} AND {check[0]}.merged_into_id IS NULL" for check in wide]
    old, new = (wide, narrow) if only_living else (narrow, wide)
    return LIVING_PLACES.format(old[0], new[0], old[1], new[1])


def _place(table: str) -> str:
    column, comment, parent = _PARENT[table]
    return _PLACE.format(
        table=table,
        parent_column=column,
        parent_comment=comment,
        parent=parent,
        old_parent="OLD.parent_id," if parent else "",
    )


def upgrade() -> None:
    for table in _PARENT:
        op.execute(_place(table))
    op.execute(NUMBERS)
    op.execute(SUCCESSIONS)
    op.execute(_living_places(only_living=True))


def downgrade() -> None:
    op.execute(_living_places(only_living=False))
    op.execute("DROP FUNCTION forget_former_numbers() CASCADE")
    op.execute("DROP FUNCTION end_succession() CASCADE")
    op.execute("DROP FUNCTION refuse_succession_cycle() CASCADE")
    # Ended links are history that the older schema cannot tell from living ones.
    op.execute("DELETE FROM succession_link WHERE ended_by_event_id IS NOT NULL")
    op.execute(
        """
        ALTER TABLE succession_link DROP CONSTRAINT pk_succession_link;
        ALTER TABLE succession_link ADD CONSTRAINT pk_succession_link
            PRIMARY KEY (old_code, new_code);
        ALTER TABLE succession_link DROP CONSTRAINT fk_succession_link_old_code_household;
        ALTER TABLE succession_link ADD CONSTRAINT fk_succession_link_old_code_household
            FOREIGN KEY (old_code) REFERENCES household (code);
        ALTER TABLE succession_link DROP CONSTRAINT fk_succession_link_new_code_household;
        ALTER TABLE succession_link ADD CONSTRAINT fk_succession_link_new_code_household
            FOREIGN KEY (new_code) REFERENCES household (code);
        ALTER TABLE succession_link DROP COLUMN ended_by_event_id;
        DROP TABLE household_former_number
        """
    )
    for table in _PARENT:
        op.execute(f"DROP FUNCTION keep_{table}() CASCADE")
        op.execute(f"DROP TABLE {table}_alias, {table}_version")
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_merged_has_no_key")
        op.execute(f"ALTER TABLE {table} DROP COLUMN merged_into_id")
