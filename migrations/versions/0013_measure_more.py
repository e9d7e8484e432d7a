"""Coverage tells more: what has no number, two records at one door, what a target counts; the series.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# In the migration's transaction, as all of this register's indexes: it is not in service.
INDEXES = (
    (
        "ix_household_unnumbered",
        "household (unit_id) INCLUDE (position_accuracy_m, locality_id)"
        " WHERE status = 'active' AND kind = 'household' AND code >= '1'"
        " AND house_number_key IS NULL AND unit_number IS NULL",
    ),
    (
        "ix_household_hamlet_number",
        "household (locality_id, house_number_key)"
        " WHERE thoroughfare_id IS NULL AND house_number_key IS NOT NULL",
    ),
    ("ix_plate_mounted", "plate (code) WHERE mounted_on IS NOT NULL"),
)
COUNTS = {
    "deliverable": "Of those, what a carrier finds: one record at the door, point of 20 m or "
    "better, number or locality",
    "plated": "Of those, with a plate at the door",
    "suspected": "Of those, at a door that another record has as well",
    "unnumbered": "Of those, without a house number and a flat number",
    "target": "Tổng số hộ as it was known that day",
}
KEY = "uq_target_unit_id_locality_id_quality_source_reference_date"
KEY_COLUMNS = "unit_id, locality_id, quality, source, reference_date"


def upgrade() -> None:
    for name, what in INDEXES:
        op.execute(
            f"-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX {name} ON {what}"
        )
    # Nothing was ever written there before this version.
    for column, comment in COUNTS.items():
        op.execute(
            f"-- squawk-ignore prefer-bigint-over-int\nALTER TABLE coverage_day ADD {column} integer"
        )
        op.execute(f"COMMENT ON COLUMN coverage_day.{column} IS '{comment}'")
    op.execute(
        "ALTER TABLE coverage_day ADD target_quality text"
        " CONSTRAINT ck_coverage_day_target_quality_known"
        " CHECK (target_quality IN ('declared', 'census', 'estimate'))"
    )
    op.execute(
        "COMMENT ON COLUMN coverage_day.target_quality IS 'declared | census | estimate, of the target'"
    )
    op.execute(
        "ALTER TABLE target ADD counted text NOT NULL DEFAULT 'households'"
        " CONSTRAINT ck_target_counted_known"
        " CHECK (counted IN ('households', 'residents', 'dwellings'))"
    )
    op.execute(
        "COMMENT ON COLUMN target.counted IS 'What is counted: households (hộ) | residents"
        " (hộ thường trú) | dwellings (chỗ ở)'"
    )
    _key(f"{KEY_COLUMNS}, counted")


def downgrade() -> None:
    op.execute("DELETE FROM target WHERE counted <> 'households'")
    _key(KEY_COLUMNS)
    op.execute("-- squawk-ignore ban-drop-column\nALTER TABLE target DROP counted")
    for column in ("target_quality", *COUNTS):
        op.execute(f"-- squawk-ignore ban-drop-column\nALTER TABLE coverage_day DROP {column}")
    for name, _ in INDEXES:
        op.execute(f"-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX {name}")


def _key(columns: str) -> None:
    # A few thousand rows.
    op.execute(f"-- squawk-ignore ban-drop-constraint\nALTER TABLE target DROP CONSTRAINT {KEY}")
    op.execute(
        "-- squawk-ignore disallowed-unique-constraint, constraint-missing-not-valid\n"
        f"ALTER TABLE target ADD CONSTRAINT {KEY} UNIQUE NULLS NOT DISTINCT ({columns})"
    )
