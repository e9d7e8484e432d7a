"""Places of a statement are looked up by their ids alone, imports of problems once a statement.

After a load of new streets the planner takes `merged_into_id IS NULL` for rare, as it is in tables
without statistics, and reads all streets for each household's. What is not a condition of the join
cannot mislead it. The foreign key of a problem cost 2.5 microseconds a row.

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
# A fifth of the usual sample does until autovacuum looks.
SAMPLE = "ALTER FUNCTION analyse_register() {} default_statistics_target{}"

PROBLEMS = r"""
CREATE FUNCTION check_problems() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    missing bigint;
BEGIN
    SELECT n.import_id INTO missing
    FROM (SELECT DISTINCT import_id FROM new_rows) n LEFT JOIN import i ON i.id = n.import_id
    WHERE i.id IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'there is no import %', missing
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'import_problem_references';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_problems IS
    'Trigger: problems belong to an import, checked once a statement';
CREATE TRIGGER import_problem_check_insert AFTER INSERT ON import_problem
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION check_problems();
CREATE TRIGGER import_problem_check_update AFTER UPDATE OF import_id ON import_problem
    FOR EACH ROW WHEN (OLD.import_id <> NEW.import_id) EXECUTE FUNCTION refuse_change();

CREATE FUNCTION remove_problems() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM import_problem WHERE import_id = OLD.id;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION remove_problems IS 'Trigger: the problems of an import go with it';
CREATE TRIGGER import_remove_problems BEFORE DELETE ON import
    FOR EACH ROW EXECUTE FUNCTION remove_problems();
"""
FOREIGN_KEY = "fk_import_problem_import_id_import"


def upgrade() -> None:
    op.execute(
        f"""
        -- squawk-ignore ban-drop-constraint
        ALTER TABLE import_problem DROP CONSTRAINT {FOREIGN_KEY};
        """
    )
    op.execute(
        "COMMENT ON COLUMN import_problem.import_id IS"
        " 'The import; trigger check_problems looks it up'"
    )
    op.execute(PROBLEMS)
    for function, old, new in FRAGMENTS:
        op.execute(REPLACE.format(function=function, old=old, new=new))
    op.execute(SAMPLE.format("SET", " = 20"))


def downgrade() -> None:
    op.execute("DROP TRIGGER import_remove_problems ON import")
    op.execute("DROP FUNCTION remove_problems()")
    op.execute("DROP TRIGGER import_problem_check_update ON import_problem")
    op.execute("DROP TRIGGER import_problem_check_insert ON import_problem")
    op.execute("DROP FUNCTION check_problems()")
    op.execute("COMMENT ON COLUMN import_problem.import_id IS 'The import'")
    op.create_foreign_key(
        FOREIGN_KEY, "import_problem", "import", ["import_id"], ["id"], ondelete="CASCADE"
    )
    op.execute(SAMPLE.format("RESET", ""))
    for function, old, new in reversed(FRAGMENTS):
        op.execute(REPLACE.format(function=function, old=new, new=old))
