"""What leads to a street or locality is found by an index when the place is removed.

Each place that goes is looked for in these columns, by its foreign keys: without an index that read
all places once for each one, 100 seconds for an import with 12,000 of them beside 140,000.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COLUMNS = {"thoroughfare": "merged_into_id", "locality": "merged_into_id", "target": "locality_id"}


def upgrade() -> None:
    for table, column in COLUMNS.items():
        # In a transaction with everything else; places are few beside households.
        op.execute(
            "-- squawk-ignore require-concurrent-index-creation\n"
            f"CREATE INDEX ix_{table}_{column} ON {table} ({column}) WHERE {column} IS NOT NULL"
        )


def downgrade() -> None:
    for table, column in COLUMNS.items():
        op.execute(
            f"-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_{table}_{column}"
        )
