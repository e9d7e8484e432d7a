"""A point outside all real polygons finds the cell around it by an index.

Reading all boundaries for it took 25 ms, most of them for starting a parallel worker.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In a transaction with everything else, as all migrations are; a few thousand rows.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_boundary_cell ON boundary USING gist (geom) WHERE approximate"
    )


def downgrade() -> None:
    op.execute("-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_boundary_cell")
