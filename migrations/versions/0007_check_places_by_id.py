"""Places of a statement are looked up by their ids alone, and statistics take a smaller sample.

After a load of new streets the planner takes `merged_into_id IS NULL` for rare, as it is in tables
without statistics, and reads all streets for each household's. What is not a condition of the join
cannot mislead it.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# (function, old, new) fragments
FRAGMENTS = (
    (
        "check_household_statement",
        "t.id = n.thoroughfare_id AND t.unit_id = n.unit_id AND t.merged_into_id IS NULL",
        "t.id = n.thoroughfare_id",
    ),
    (
        "check_household_statement",
        "l.id = n.locality_id AND l.unit_id = n.unit_id AND l.merged_into_id IS NULL",
        "l.id = n.locality_id",
    ),
    (
        "check_household_statement",
        """OR (n.thoroughfare_id IS NOT NULL AND t.id IS NULL)
            OR (n.locality_id IS NOT NULL AND l.id IS NULL)""",
        """OR (n.thoroughfare_id IS NOT NULL
                AND (t.unit_id IS DISTINCT FROM n.unit_id OR t.merged_into_id IS NOT NULL))
            OR (n.locality_id IS NOT NULL
                AND (l.unit_id IS DISTINCT FROM n.unit_id OR l.merged_into_id IS NOT NULL))""",
    ),
    (
        "check_household_statement",
        """WHEN n.thoroughfare_id IS NOT NULL AND t.id IS NULL
                    THEN""",
        """WHEN n.thoroughfare_id IS NOT NULL
                    AND (t.unit_id IS DISTINCT FROM n.unit_id OR t.merged_into_id IS NOT NULL)
                    THEN""",
    ),
    (
        "check_household_statement",
        """WHEN n.locality_id IS NOT NULL AND l.id IS NULL
                    THEN""",
        """WHEN n.locality_id IS NOT NULL
                    AND (l.unit_id IS DISTINCT FROM n.unit_id OR l.merged_into_id IS NOT NULL)
                    THEN""",
    ),
)
REPLACE = """
DO $do$
DECLARE
    definition text := pg_get_functiondef('{function}()'::regprocedure);
    replaced text := replace(definition, $old${old}$old$, $new${new}$new$);
BEGIN
    IF replaced = definition THEN
        RAISE EXCEPTION '{function} is not the function that this migration knows';
    END IF;
    EXECUTE replaced;
END
$do$;
"""
# A fifth of the usual sample is enough until autovacuum looks.
SAMPLE = "ALTER FUNCTION analyse_register() {} default_statistics_target{}"


def upgrade() -> None:
    for function, old, new in FRAGMENTS:
        op.execute(REPLACE.format(function=function, old=old, new=new))
    op.execute(SAMPLE.format("SET", " = 20"))


def downgrade() -> None:
    op.execute(SAMPLE.format("RESET", ""))
    for function, old, new in reversed(FRAGMENTS):
        op.execute(REPLACE.format(function=function, old=new, new=old))
