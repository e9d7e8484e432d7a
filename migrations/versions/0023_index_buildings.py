"""An index of the names of buildings, for suggestions.

Revision ID: 0023
Revises: 0022
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        # Writers wait, readers do not: half a second for two million households.
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_household_building ON household (building_key)"
        " INCLUDE (building_name, unit_id, code)"
        " WHERE kind = 'building' AND status = 'active' AND NOT restricted"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_household_building")
