"""Comments as they are worded now, for registers created with earlier ones.

Each text is written once, in the baseline or the later migration that needs it.

Revision ID: 0009
Revises: 0008
"""

import re
from pathlib import Path
from runpy import run_path

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MIGRATIONS = Path(__file__).parents[1]
_COMMENT = re.compile(r"^COMMENT ON (\w+ [\w.]+) IS\s+'((?:[^']|'')*)';$", re.MULTILINE)


def _words() -> dict[str, str]:
    """Object → its comment. Everything that these migrations created still exists."""
    words: dict[str, str] = {}
    for script in sorted(_MIGRATIONS.glob("baseline/*.sql")):
        words.update(_COMMENT.findall(script.read_text(encoding="utf-8")))
    for migration in sorted(_MIGRATIONS.glob("versions/000[3-8]_*.py")):
        words.update(run_path(str(migration)).get("_WORDS", {}))
    # household_version has the comments of household, except for columns with their own.
    for what in [what for what in words if what.startswith("COLUMN household.")]:
        if what != "COLUMN household.recorded_at":
            words.setdefault(what.replace("household.", "household_version."), words[what])
    return words


def upgrade() -> None:
    for what, words in _words().items():
        op.execute(sa.text(f"COMMENT ON {what} IS '{words}'".replace(":", r"\:")))
