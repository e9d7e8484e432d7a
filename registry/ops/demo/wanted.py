"""Whether a demonstration is wanted: asked by the supervisor, which holds nothing else of it."""

from typing import Final

from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.records.codes import DEMO_SOURCE

SQL: Final = Statements(__file__, "queries.sql")

FIRST_HOUSEHOLDS: Final = 20_000
"""So many `bin/run` loads into an empty register: 500 communes of 40, in a few seconds."""


def wants_demo(session: Session) -> bool:
    """Whether the register is empty: nobody's households are in it, nor were any published."""
    return bool(session.scalar(SQL.text("is_wanted"), {"source": DEMO_SOURCE}))
