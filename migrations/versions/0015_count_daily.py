"""The series of a unit is read by unit, and says what its target counted.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing was ever written there before this version.
    op.execute(
        "ALTER TABLE coverage_day ADD target_counted text"
        " CONSTRAINT ck_coverage_day_target_counted_known"
        " CHECK (target_counted IN ('households', 'residents', 'dwellings'))"
    )
    op.execute(
        "COMMENT ON COLUMN coverage_day.target_counted IS 'households | residents | dwellings, of"
        " the target'"
    )
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_coverage_day_unit_id_day ON coverage_day (unit_id, day)"
    )


def downgrade() -> None:
    op.execute(
        "-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_coverage_day_unit_id_day"
    )
    op.execute("-- squawk-ignore ban-drop-column\nALTER TABLE coverage_day DROP target_counted")
