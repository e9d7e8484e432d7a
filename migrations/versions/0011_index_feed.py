"""The feed is paged inside an event: by (event, code) of records, by event of places.

Where nearly all records are of one event, as after a first import, the planner takes every event
for large, and for one of a single record would walk the whole primary key.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# (name, table, columns, columns before)
WIDENED = (
    ("ix_household_event", "household", "event_id, code", "event_id"),
    (
        "ix_household_version_ended_by",
        "household_version",
        "ended_by_event_id, code",
        "ended_by_event_id",
    ),
)
PLACES = ("thoroughfare_version", "locality_version")


def _make(name: str, table: str, columns: str) -> None:
    # In the migration's transaction, as all of this register's indexes: it is not in service.
    op.execute(
        f"-- squawk-ignore require-concurrent-index-creation\n"
        f"CREATE INDEX {name} ON {table} ({columns})"
    )


def _drop(name: str) -> None:
    op.execute(f"-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX {name}")


def upgrade() -> None:
    for name, table, columns, _ in WIDENED:
        _drop(name)
        _make(name, table, columns)
    for table in PLACES:
        _make(f"ix_{table}_ended_by_event_id", table, "ended_by_event_id")


def downgrade() -> None:
    for table in PLACES:
        _drop(f"ix_{table}_ended_by_event_id")
    for name, table, _, columns in WIDENED:
        _drop(name)
        _make(name, table, columns)
