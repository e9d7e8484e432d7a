"""Coverage is kept by commune, and whoever writes households tells which communes are to be counted anew.

The lists of communes to count are written once a statement, from rows that its other triggers have in
hand; a first load, which takes triggers off, writes its own out of the look at all of its rows that it
takes anyway. A register that has households already is to be counted as a whole.

Revision ID: 0026
Revises: 0025
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE coverage_count (
    unit_id integer NOT NULL,
    with_demo boolean NOT NULL,
    households integer NOT NULL,
    dwellings integer NOT NULL,
    positioned integer NOT NULL,
    verified integer NOT NULL,
    deliverable integer NOT NULL,
    plated integer NOT NULL,
    suspected integer NOT NULL,
    unnumbered integer NOT NULL,
    verified_since date NOT NULL,
    verified_first date,
    CONSTRAINT pk_coverage_count PRIMARY KEY (unit_id, with_demo),
    CONSTRAINT fk_coverage_count_unit_id_admin_unit FOREIGN KEY (unit_id)
        REFERENCES admin_unit (id) ON DELETE CASCADE
);
COMMENT ON TABLE coverage_count IS
    'Counts of communes as of coverage_state.counted_at, or since: whole but for communes in coverage_touched. One without a row has no household.';
COMMENT ON COLUMN coverage_count.unit_id IS 'The commune';
COMMENT ON COLUMN coverage_count.with_demo IS
    'Whether codes that begin with 0 are in it; where it has none of them, one row may stand for both';
COMMENT ON COLUMN coverage_count.households IS 'Hộ of active records';
COMMENT ON COLUMN coverage_count.dwellings IS 'Active records of kind household';
COMMENT ON COLUMN coverage_count.positioned IS 'Of those, point of 20 m or better';
COMMENT ON COLUMN coverage_count.verified IS 'Of those, verified on verified_since or later';
COMMENT ON COLUMN coverage_count.deliverable IS
    'Of those, what a carrier finds: one record at the door, point of 20 m or better, number or locality';
COMMENT ON COLUMN coverage_count.plated IS 'Of those, with a plate at the door';
COMMENT ON COLUMN coverage_count.suspected IS 'Of those, at a door that another record has as well';
COMMENT ON COLUMN coverage_count.unnumbered IS
    'Of those, without a house number and a flat number';
COMMENT ON COLUMN coverage_count.verified_since IS
    'First day of the 24 months that were counted as verified';
COMMENT ON COLUMN coverage_count.verified_first IS
    'Earliest day on which one of the verified was: when the 24 months have left it behind, the count is no longer right';

CREATE TABLE coverage_touched (
    id bigint GENERATED ALWAYS AS IDENTITY,
    unit_id integer NOT NULL,
    records bigint NOT NULL,
    CONSTRAINT pk_coverage_touched PRIMARY KEY (id)
);
COMMENT ON TABLE coverage_touched IS
    'Communes in which something was written since they were counted, as often as that was. Taken away by who counts them.';
COMMENT ON COLUMN coverage_touched.id IS 'Identity, internal';
COMMENT ON COLUMN coverage_touched.unit_id IS 'The commune';
COMMENT ON COLUMN coverage_touched.records IS
    'How many active records it may have gained: how much there is to count';

CREATE TABLE coverage_state (
    id smallint NOT NULL,
    counted_at timestamp with time zone,
    CONSTRAINT pk_coverage_state PRIMARY KEY (id),
    CONSTRAINT ck_coverage_state_one_row CHECK (id = 1)
);
COMMENT ON TABLE coverage_state IS
    'One row: since when the kept counts are whole. Its lock says who counts.';
COMMENT ON COLUMN coverage_state.id IS 'Always 1';
COMMENT ON COLUMN coverage_state.counted_at IS
    'When it was counted last: what was committed before is in the counts; none before the first time';
INSERT INTO coverage_state (id) VALUES (1);

GRANT SELECT, INSERT, UPDATE, DELETE ON coverage_count TO diachiso_app;
GRANT SELECT, INSERT, DELETE ON coverage_touched TO diachiso_app;
GRANT SELECT, UPDATE ON coverage_state TO diachiso_app;
"""

TRIGGERS = r"""
CREATE FUNCTION touch_coverage() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO coverage_touched (unit_id, records)
        SELECT unit_id, count(*) FILTER (WHERE status = 'active')
        FROM new_rows WHERE unit_id IS NOT NULL GROUP BY unit_id;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO coverage_touched (unit_id, records)
        SELECT DISTINCT unit_id, 0 FROM old_rows WHERE unit_id IS NOT NULL;
    ELSE
        INSERT INTO coverage_touched (unit_id, records)
        SELECT unit_id, greatest(sum(gained), 0)
        FROM (
            SELECT unit_id, CASE status WHEN 'active' THEN 1 ELSE 0 END AS gained FROM new_rows
            UNION ALL
            SELECT unit_id, CASE status WHEN 'active' THEN -1 ELSE 0 END FROM old_rows
        ) r WHERE unit_id IS NOT NULL GROUP BY unit_id;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION touch_coverage IS
    'Trigger: notes the communes in which a statement wrote households, to be counted anew';
CREATE TRIGGER household_4_touch_insert AFTER INSERT ON household
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch_coverage();
CREATE TRIGGER household_4_touch_update AFTER UPDATE ON household
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch_coverage();
CREATE TRIGGER household_4_touch_delete AFTER DELETE ON household
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch_coverage();

CREATE FUNCTION touch_coverage_of_plates() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    codes text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT code) INTO codes FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT code) INTO codes FROM old_rows;
    ELSE
        SELECT array_agg(code) INTO codes
        FROM (SELECT code FROM new_rows UNION SELECT code FROM old_rows) r;
    END IF;
    -- Locked, so that a household that is just moving is seen where it will be.
    INSERT INTO coverage_touched (unit_id, records)
    SELECT DISTINCT unit_id, 0 FROM (
        SELECT unit_id FROM household
        WHERE code = ANY (codes) AND unit_id IS NOT NULL ORDER BY code FOR SHARE
    ) h;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION touch_coverage_of_plates IS
    'Trigger: notes the communes of the doors whose plates were written, to be counted anew';
CREATE TRIGGER plate_touch_insert AFTER INSERT ON plate
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch_coverage_of_plates();
CREATE TRIGGER plate_touch_update AFTER UPDATE ON plate
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch_coverage_of_plates();
CREATE TRIGGER plate_touch_delete AFTER DELETE ON plate
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch_coverage_of_plates();
"""

ALL_TO_COUNT = """
INSERT INTO coverage_touched (unit_id, records)
SELECT unit_id, count(*) FROM household WHERE unit_id IS NOT NULL GROUP BY unit_id
"""

# (old, new) of park_keys and unpark_keys. A trigger that has its rows copied is taken off.
PARKED = (
    """
    SELECT 0, 'household', tgname, pg_get_triggerdef(oid), false
    FROM pg_trigger WHERE tgrelid = 'household'::regclass AND tgname = 'household_1_check_insert';
    DROP TRIGGER household_1_check_insert ON household;
""",
    """
    SELECT 1 - row_number() OVER (ORDER BY tgname), 'household', tgname, pg_get_triggerdef(oid), false
    FROM pg_trigger WHERE tgrelid = 'household'::regclass
        AND tgname IN ('household_1_check_insert', 'household_4_touch_insert');
    DROP TRIGGER household_1_check_insert ON household;
    DROP TRIGGER household_4_touch_insert ON household;
""",
)
LOOKED = (
    """
    SELECT f.* INTO wrong
    FROM (
        SELECT array_agg(p.unit_id) AS units, array_agg(p.former_unit_id) AS former_units,
            array_agg(p.thoroughfare_id) AS streets, array_agg(p.locality_id) AS localities,
            array_agg(p.parent_code) AS parents
        FROM (
            SELECT DISTINCT unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code
            FROM household
        ) p
    ) a, fault_of_places""",
    """
    WITH place AS MATERIALIZED (
        SELECT unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code,
            count(*) AS records
        FROM household
        GROUP BY unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code
    ), touched AS (
        INSERT INTO coverage_touched (unit_id, records)
        SELECT unit_id, sum(records) FROM place WHERE unit_id IS NOT NULL GROUP BY unit_id
    )
    SELECT f.* INTO wrong
    FROM (
        SELECT array_agg(p.unit_id) AS units, array_agg(p.former_unit_id) AS former_units,
            array_agg(p.thoroughfare_id) AS streets, array_agg(p.locality_id) AS localities,
            array_agg(p.parent_code) AS parents
        FROM place p
    ) a, fault_of_places""",
)
CHANGES = (("park_keys()", PARKED), ("unpark_keys()", LOOKED))
REPLACE = """
DO $do$
DECLARE
    definition text := pg_get_functiondef('{name}'::regprocedure);
    replaced text := replace(definition, $old${old}$old$, $new${new}$new$);
BEGIN
    IF replaced = definition THEN
        RAISE EXCEPTION '{name} is not the function that this migration knows';
    END IF;
    EXECUTE replaced;
END
$do$;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(TRIGGERS)
    op.execute(ALL_TO_COUNT)
    for name, (old, new) in CHANGES:
        op.execute(REPLACE.format(name=name, old=old, new=new))


def downgrade() -> None:
    for name, (old, new) in reversed(CHANGES):
        op.execute(REPLACE.format(name=name, old=new, new=old))
    op.execute("DROP FUNCTION touch_coverage() CASCADE")
    op.execute("DROP FUNCTION touch_coverage_of_plates() CASCADE")
    op.execute("DROP TABLE coverage_state, coverage_touched, coverage_count")
