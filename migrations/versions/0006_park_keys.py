"""The first load of a register: keys and indexes off, rows in, keys and indexes made anew.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FUNCTIONS = r"""
CREATE FUNCTION park_keys() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    parked record;
BEGIN
    IF EXISTS (SELECT FROM household) OR EXISTS (SELECT FROM household_ref) THEN
        RETURN false;
    END IF;
    -- Foreign keys go first and come back last: they need the primary keys.
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
        -- Who comes to read waits until the load has ended; there is nothing to read yet. Who reads
        -- already is waited for, but not for long, a backup say: then the load keeps the keys.
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
    RETURN true;
END
$$;
COMMENT ON FUNCTION park_keys IS
    'Takes keys and indexes off household and household_ref when both are empty, else returns false; the transaction cannot commit before unpark_keys';

CREATE FUNCTION unpark_keys() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parked record;
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
END
$$;
COMMENT ON FUNCTION unpark_keys IS 'Makes anew what park_keys took off';

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

CREATE FUNCTION analyse_register() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- What plans depend on; autovacuum looks at the other columns in its own time.
    ANALYZE household (code, unit_id, former_unit_id, thoroughfare_id, locality_id,
        house_number_key, building_key, parent_code, kind, status, point, event_id);
    ANALYZE household_ref (source, source_ref, code, import_id);
    ANALYZE thoroughfare, locality;
END
$$;
COMMENT ON FUNCTION analyse_register IS
    'Tells the planner of many new rows: only the owner of a table may, and autovacuum takes a minute';
"""

# While the primary key is off, a join by code would read the whole table for each building. The
# hashed list is right in both cases. (old, new) fragments of check_household_statement:
FRAGMENTS = (
    (
        """
        LEFT JOIN household p
            ON p.code = n.parent_code AND p.kind = 'building' AND p.unit_id = n.unit_id
        WHERE""",
        """
        WHERE""",
    ),
    (
        "(n.parent_code IS NOT NULL AND p.code IS NULL)",
        """(n.parent_code IS NOT NULL AND (n.parent_code, coalesce(n.unit_id, 0)) NOT IN (
                SELECT p.code, coalesce(p.unit_id, -1) FROM household p
                WHERE p.code = ANY (parents) AND p.kind = 'building'))""",
    ),
)
REPLACE = """
DO $do$
DECLARE
    definition text := pg_get_functiondef('check_household_statement()'::regprocedure);
    replaced text := replace(definition, $old${old}$old$, $new${new}$new$);
BEGIN
    IF replaced = definition THEN
        RAISE EXCEPTION 'check_household_statement is not the function that this migration knows';
    END IF;
    EXECUTE replaced;
END
$do$;
"""


def upgrade() -> None:
    op.create_table(
        "parked_key",
        sa.Column(
            "place",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Order of taking off",
        ),
        sa.Column("relation", sa.Text(), nullable=False, comment="Table that it belongs to"),
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the constraint or index"),
        sa.Column("definition", sa.Text(), nullable=False, comment="As the database tells it"),
        sa.Column("is_constraint", sa.Boolean(), nullable=False, comment="Or else an index"),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_parked_key")),
        comment="Keys and indexes that a first load took off; empty outside its transaction.",
    )
    op.execute("GRANT SELECT ON parked_key TO diachiso_app")
    op.execute(FUNCTIONS)
    for old, new in FRAGMENTS:
        op.execute(REPLACE.format(old=old, new=new))


def downgrade() -> None:
    for old, new in reversed(FRAGMENTS):
        op.execute(REPLACE.format(old=new, new=old))
    op.execute("DROP FUNCTION park_keys()")
    op.execute("DROP FUNCTION unpark_keys()")
    op.execute("DROP FUNCTION analyse_register()")
    op.drop_table("parked_key")
    op.execute("DROP FUNCTION refuse_parked()")
