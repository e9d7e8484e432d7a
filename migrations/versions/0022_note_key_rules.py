"""The register notes under which rules of reading its keys were looked through last.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE gazetteer_state ADD key_rules text")
    op.execute(
        "COMMENT ON COLUMN gazetteer_state.key_rules IS"
        " 'Rules of reading under which stored keys were looked through last'"
    )


def downgrade() -> None:
    op.execute("-- squawk-ignore ban-drop-column\nALTER TABLE gazetteer_state DROP key_rules")
