"""Which import delivered an identifier of a record: it goes when the import is taken back.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# In place of a foreign key, which would lock the table while it is checked: imports are never deleted.
_COLUMN = "ALTER TABLE external_id ADD COLUMN import_id bigint"
_INDEX = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_external_id_import_id ON external_id (import_id) WHERE import_id IS NOT NULL
"""


def upgrade() -> None:
    op.execute(_COLUMN)
    op.execute("COMMENT ON COLUMN external_id.import_id IS 'Import that delivered it; else none'")
    op.execute(_INDEX)
