"""Identifiers of units: one per scheme and day; every process reloads them after a change.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The table is still empty: nothing is scanned or blocked.
_ONE_PER_DAY = """
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE unit_identifier ADD CONSTRAINT ex_unit_identifier_one_per_day
    EXCLUDE USING gist (unit_id WITH =, scheme WITH =, valid WITH &&)
"""
_RAISE_VERSION = """
CREATE TRIGGER unit_identifier_gazetteer AFTER INSERT OR UPDATE OR DELETE ON unit_identifier
    FOR EACH STATEMENT EXECUTE FUNCTION raise_gazetteer_version()
"""


def upgrade() -> None:
    op.execute(_ONE_PER_DAY)
    op.execute(_RAISE_VERSION)
