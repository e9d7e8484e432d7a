"""A target can be withdrawn: it stays as history and counts no more.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE target ADD withdrawn_at timestamp with time zone")
    op.execute(
        "COMMENT ON COLUMN target.withdrawn_at IS"
        " 'When it was withdrawn; kept as history, and counts no more'"
    )


def downgrade() -> None:
    op.execute("DELETE FROM target WHERE withdrawn_at IS NOT NULL")
    op.execute("-- squawk-ignore ban-drop-column\nALTER TABLE target DROP withdrawn_at")
