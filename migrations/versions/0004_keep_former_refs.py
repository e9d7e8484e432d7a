"""References as they were before an import changed them: what its rollback restores.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "household_ref_before",
        sa.Column("import_id", sa.BigInteger(), nullable=False, comment="Import that changed it"),
        sa.Column(
            "source_ref",
            sa.Text(collation="C"),
            nullable=False,
            comment="Reference, of the import's source",
        ),
        sa.Column("linked", sa.Boolean(), nullable=False, comment="As in household_ref"),
        sa.Column("row_hash", sa.Uuid(), nullable=True, comment="As in household_ref"),
        sa.Column(
            "vanished_import_id", sa.BigInteger(), nullable=True, comment="As in household_ref"
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import.id"],
            name=op.f("fk_household_ref_before_import_id_import"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "source_ref", name=op.f("pk_household_ref_before")),
        comment="References as they were before an import changed them, for its rollback.",
    )
    op.execute("GRANT SELECT, INSERT, DELETE ON household_ref_before TO diachiso_app")


def downgrade() -> None:
    op.drop_table("household_ref_before")
