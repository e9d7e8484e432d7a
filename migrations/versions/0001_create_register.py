"""The register, subject by subject: migrations/baseline/*.sql, in the order of their numbers.

Revision ID: 0001
Revises:
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BASELINE = Path(__file__).parents[1] / "baseline"


def upgrade() -> None:
    for script in sorted(BASELINE.glob("*.sql")):
        # A colon is SQL's own here, and names no parameter.
        op.execute(sa.text(script.read_text(encoding="utf-8").replace(":", r"\:")))
    op.execute("GRANT SELECT ON alembic_version TO diachiso_app")
    works_with = "The schema works with programs from migration 0001 on"
    op.execute(f"COMMENT ON TABLE alembic_version IS '{works_with}'")
