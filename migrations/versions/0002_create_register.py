"""The register by subject: migrations/baseline/*.sql, in the order of their numbers.

Registers at 0001, before release 1.0, had streets and localities in two tables; `transfer` converts
them. Numbered migrations follow; this one and the baseline are frozen.

Revision ID: 0002
Revises:
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = None
branch_labels = None
depends_on = None

BASELINE = Path(__file__).parents[1] / "baseline"


def upgrade() -> None:
    for script in sorted(BASELINE.glob("*.sql")):
        # Colons are part of the SQL, not of parameters.
        op.execute(sa.text(script.read_text(encoding="utf-8").replace(":", r"\:")))
    op.execute("GRANT SELECT ON alembic_version TO diachiso_app")
    works_with = "The schema works with programs from migration 0002 on"
    op.execute(f"COMMENT ON TABLE alembic_version IS '{works_with}'")
