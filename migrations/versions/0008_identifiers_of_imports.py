"""The import that delivered an identifier of a record: rolling it back removes the identifier.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# No foreign key, which would lock the table while it is checked: imports are never deleted.
_COLUMN = "ALTER TABLE external_id ADD COLUMN import_id bigint"
_INDEX = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_external_id_import_id ON external_id (import_id) WHERE import_id IS NOT NULL
"""
_WORDS = {"COLUMN external_id.import_id": "Import that delivered it; otherwise NULL"}


def upgrade() -> None:
    op.execute(_COLUMN)
    for what, words in _WORDS.items():
        op.execute(f"COMMENT ON {what} IS '{words}'")
    op.execute(_INDEX)
