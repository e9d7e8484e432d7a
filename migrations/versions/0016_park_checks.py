"""A first load checks the places of its households once, when all of them are there.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# What check_household_statement asked itself before, now asked by unpark_keys as well.
FAULT = r"""
CREATE FUNCTION fault_of_places(units integer[], former_units integer[], streets bigint[],
    localities bigint[], parents text[], OUT unit_id integer, OUT former_unit_id integer,
    OUT thoroughfare_id bigint, OUT locality_id bigint, OUT parent_code text, OUT fault text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- Locked first, as foreign keys would: a street that is just moving, or a building that is
    -- just going, is waited for, and then seen where it is. Buildings need the stronger lock
    -- because their commune and kind are no key.
    PERFORM FROM thoroughfare WHERE id = ANY (streets) ORDER BY id FOR KEY SHARE;
    PERFORM FROM locality WHERE id = ANY (localities) ORDER BY id FOR KEY SHARE;
    PERFORM FROM household WHERE code = ANY (parents) ORDER BY code FOR SHARE;
    SELECT n.*, CASE
            WHEN n.unit_id IS NOT NULL AND u.id IS NULL THEN 'unit_id is no commune'
            WHEN n.former_unit_id IS NOT NULL AND f.id IS NULL THEN 'former_unit_id is no unit'
            WHEN n.thoroughfare_id IS NOT NULL
                AND (t.unit_id IS DISTINCT FROM n.unit_id OR t.merged_into_id IS NOT NULL)
                THEN 'the street is not in its commune'
            WHEN n.locality_id IS NOT NULL
                AND (l.unit_id IS DISTINCT FROM n.unit_id OR l.merged_into_id IS NOT NULL)
                THEN 'the locality is not in its commune'
            ELSE 'the parent is no building of its commune'
        END
    INTO unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code, fault
    FROM unnest(units, former_units, streets, localities, parents)
        AS n(unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code)
    LEFT JOIN admin_unit u ON u.id = n.unit_id AND u.level = 'commune'
    LEFT JOIN admin_unit f ON f.id = n.former_unit_id
    LEFT JOIN thoroughfare t ON t.id = n.thoroughfare_id
    LEFT JOIN locality l ON l.id = n.locality_id
    WHERE (n.unit_id IS NOT NULL AND u.id IS NULL)
        OR (n.former_unit_id IS NOT NULL AND f.id IS NULL)
        OR (n.thoroughfare_id IS NOT NULL
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
    'The first of these combinations of places that no household may have, and why; fault is null where there is none';
"""

# (old, new) of check_household_statement.
ASKED = (
    """
        -- Locked first, as foreign keys would: a street that is just moving, or a building that is
        -- just going, is waited for, and then seen where it is. Buildings need the stronger lock
        -- because their commune and kind are no key.
        PERFORM FROM thoroughfare WHERE id = ANY (streets) ORDER BY id FOR KEY SHARE;
        PERFORM FROM locality WHERE id = ANY (localities) ORDER BY id FOR KEY SHARE;
        PERFORM FROM household WHERE code = ANY (parents) ORDER BY code FOR SHARE;
        SELECT n.*, CASE
                WHEN n.unit_id IS NOT NULL AND u.id IS NULL THEN 'unit_id is no commune'
                WHEN n.former_unit_id IS NOT NULL AND f.id IS NULL THEN 'former_unit_id is no unit'
                WHEN n.thoroughfare_id IS NOT NULL
                    AND (t.unit_id IS DISTINCT FROM n.unit_id OR t.merged_into_id IS NOT NULL)
                    THEN 'the street is not in its commune'
                WHEN n.locality_id IS NOT NULL
                    AND (l.unit_id IS DISTINCT FROM n.unit_id OR l.merged_into_id IS NOT NULL)
                    THEN 'the locality is not in its commune'
                ELSE 'the parent is no building of its commune'
            END AS fault
        INTO wrong
        FROM unnest(units, former_units, streets, localities, parents)
            AS n(unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code)
        LEFT JOIN admin_unit u ON u.id = n.unit_id AND u.level = 'commune'
        LEFT JOIN admin_unit f ON f.id = n.former_unit_id
        LEFT JOIN thoroughfare t ON t.id = n.thoroughfare_id
        LEFT JOIN locality l ON l.id = n.locality_id
        WHERE (n.unit_id IS NOT NULL AND u.id IS NULL)
            OR (n.former_unit_id IS NOT NULL AND f.id IS NULL)
            OR (n.thoroughfare_id IS NOT NULL
                AND (t.unit_id IS DISTINCT FROM n.unit_id OR t.merged_into_id IS NOT NULL))
            OR (n.locality_id IS NOT NULL
                AND (l.unit_id IS DISTINCT FROM n.unit_id OR l.merged_into_id IS NOT NULL))
            OR (n.parent_code IS NOT NULL AND (n.parent_code, coalesce(n.unit_id, 0)) NOT IN (
                SELECT p.code, coalesce(p.unit_id, -1) FROM household p
                WHERE p.code = ANY (parents) AND p.kind = 'building'))
        LIMIT 1;
        IF FOUND THEN
""",
    """
        SELECT * INTO wrong FROM fault_of_places(units, former_units, streets, localities, parents);
        IF wrong.fault IS NOT NULL THEN
""",
)
# The trigger would keep a copy of every row and go through it three times.
PARK = (
    """
    RETURN true;
END
""",
    """
    ALTER TABLE household DISABLE TRIGGER household_1_check_insert;
    RETURN true;
END
""",
)
UNPARK = (
    """
DECLARE
    parked record;
BEGIN
""",
    """
DECLARE
    parked record;
    event_now bigint := current_event_id();
    wrong record;
    bad text;
BEGIN
""",
)
CHECK = (
    """
    DELETE FROM parked_key;
END
""",
    """
    DELETE FROM parked_key;
    -- What the trigger checks of each statement, of all rows: there were none before.
    ALTER TABLE household ENABLE TRIGGER household_1_check_insert;
    IF NOT EXISTS (
        SELECT FROM event WHERE id = event_now AND xact = pg_current_xact_id()::text::bigint
    ) OR EXISTS (SELECT FROM household WHERE event_id <> event_now) THEN
        RAISE EXCEPTION 'households are written under an event of the same transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    SELECT f.* INTO wrong
    FROM (
        SELECT array_agg(p.unit_id) AS units, array_agg(p.former_unit_id) AS former_units,
            array_agg(p.thoroughfare_id) AS streets, array_agg(p.locality_id) AS localities,
            array_agg(p.parent_code) AS parents
        FROM (
            SELECT DISTINCT unit_id, former_unit_id, thoroughfare_id, locality_id, parent_code
            FROM household
        ) p
    ) a, fault_of_places(a.units, a.former_units, a.streets, a.localities, a.parents) f;
    IF wrong.fault IS NOT NULL THEN
        SELECT min(n.code) INTO bad FROM household n
        WHERE (n.unit_id, n.former_unit_id, n.thoroughfare_id, n.locality_id, n.parent_code)
            IS NOT DISTINCT FROM (wrong.unit_id, wrong.former_unit_id, wrong.thoroughfare_id,
                wrong.locality_id, wrong.parent_code);
        RAISE EXCEPTION 'household %: %', bad, wrong.fault
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'household_references';
    END IF;
END
""",
)
CHANGES = (
    ("check_household_statement()", ASKED),
    ("park_keys()", PARK),
    ("unpark_keys()", UNPARK),
    ("unpark_keys()", CHECK),
)
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
    op.execute(FAULT)
    for name, (old, new) in CHANGES:
        op.execute(REPLACE.format(name=name, old=old, new=new))


def downgrade() -> None:
    for name, (old, new) in reversed(CHANGES):
        op.execute(REPLACE.format(name=name, old=new, new=old))
    op.execute("DROP FUNCTION fault_of_places")
