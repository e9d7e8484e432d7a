"""An index of the doors over several numbers (12-14), of which imports ask on the streets of their rows.

Revision ID: 0027
Revises: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        # Writers wait, readers do not: half a second for two million households.
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_household_range ON household (thoroughfare_id)"
        " WHERE thoroughfare_id IS NOT NULL AND house_number_key LIKE '%-%'"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_household_range")
