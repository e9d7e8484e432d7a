"""Indexes for the search by street and place, and what a full delivery no longer holds.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Writers wait, readers do not: half a second for a million references. CONCURRENTLY and VALIDATE
# would need transactions of their own, and this migration would no longer be all or nothing.
INDEXES = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_thoroughfare_key_unit_id ON thoroughfare (key, unit_id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_locality_key_unit_id ON locality (key, unit_id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_household_ref_import_id ON household_ref (import_id);
"""

VANISHED = """
ALTER TABLE household_ref ADD COLUMN vanished_import_id bigint;
COMMENT ON COLUMN household_ref.vanished_import_id IS
    'Full delivery that no longer held it; none while the source delivers it';
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ALTER TABLE household_ref ADD CONSTRAINT fk_household_ref_vanished_import_id_import
    FOREIGN KEY (vanished_import_id) REFERENCES import (id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_household_ref_vanished_import_id ON household_ref (vanished_import_id)
    WHERE vanished_import_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(INDEXES)
    op.execute(VANISHED)


def downgrade() -> None:
    op.execute("ALTER TABLE household_ref DROP COLUMN vanished_import_id")
    op.execute("DROP INDEX ix_household_ref_import_id")
    op.execute("DROP INDEX ix_locality_key_unit_id")
    op.execute("DROP INDEX ix_thoroughfare_key_unit_id")
