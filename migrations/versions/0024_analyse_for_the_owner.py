"""Statistics of boundaries and of the map are taken, and a first load keeps no copy of its rows.

Only the owner of a table may ANALYZE it: asked by the application it was skipped with a warning, and
a first load behind new boundaries took half a minute longer, looking through all parts of them for
each of its rows.

A trigger that is switched off has its rows copied all the same, so a first load takes it off.

Revision ID: 0024
Revises: 0023
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ANALYSE = r"""
CREATE FUNCTION analyse_boundaries() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE boundary (unit_id, approximate), boundary_part;
END
$$;
COMMENT ON FUNCTION analyse_boundaries IS
    'Tells the planner of new polygons: only the owner of a table may, and autovacuum takes a minute';
CREATE FUNCTION analyse_map() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE map_unit, map_label, map_density;
END
$$;
COMMENT ON FUNCTION analyse_map IS
    'Tells the planner of a map that is drawn anew: only the owner of a table may';
"""
PARK = (
    """
    ALTER TABLE household DISABLE TRIGGER household_1_check_insert;
    RETURN true;
END
""",
    """
    -- Comes back last, for `unpark_keys` goes by place, downwards.
    INSERT INTO parked_key (place, relation, name, definition, is_constraint)
    SELECT 0, 'household', tgname, pg_get_triggerdef(oid), false
    FROM pg_trigger WHERE tgrelid = 'household'::regclass AND tgname = 'household_1_check_insert';
    DROP TRIGGER household_1_check_insert ON household;
    RETURN true;
END
""",
)
SAID = """
    -- What the trigger checks of each statement, of all rows: there were none before.
"""
UNPARK = (f"{SAID}    ALTER TABLE household ENABLE TRIGGER household_1_check_insert;\n", SAID)
CHANGES = (("park_keys()", PARK), ("unpark_keys()", UNPARK))
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
    op.execute(ANALYSE)
    for name, (old, new) in CHANGES:
        op.execute(REPLACE.format(name=name, old=old, new=new))


def downgrade() -> None:
    for name, (old, new) in reversed(CHANGES):
        op.execute(REPLACE.format(name=name, old=new, new=old))
    op.execute("DROP FUNCTION analyse_map()")
    op.execute("DROP FUNCTION analyse_boundaries()")
