"""Whether to load demo data: a small module, as the supervisor imports nothing else of the demo."""

from typing import Final

from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.records.codes import DEMO_SOURCE

SQL: Final = Statements(__file__, "queries.sql")

FIRST_HOUSEHOLDS: Final = 20_000
"""Households that `bin/run` loads into an empty register: 500 communes of 40, in a few seconds."""


def wants_demo(session: Session) -> bool:
    """Whether the register is empty: it has no households, and no source has published."""
    return bool(session.scalar(SQL.text("is_wanted"), {"source": DEMO_SOURCE}))
