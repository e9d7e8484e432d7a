"""Statistics of the problems that an import has just written, where they are many.

Autovacuum looks at them only after the import has ended, and until then they count as one row: a file in
which each reference came three times was looked through once for each of its problems.

Revision ID: 0025
Revises: 0024
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ANALYSE = r"""
CREATE FUNCTION analyse_problems() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE import_problem (import_id, row_number, code, severity);
END
$$;
COMMENT ON FUNCTION analyse_problems IS
    'Tells the planner of many new problems: only the owner of a table may';
"""


def upgrade() -> None:
    op.execute(ANALYSE)


def downgrade() -> None:
    op.execute("DROP FUNCTION analyse_problems()")
