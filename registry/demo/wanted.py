"""Whether a demonstration is wanted: asked by the supervisor, which holds nothing else of it."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.demo import SOURCE

FIRST_HOUSEHOLDS: Final = 20_000
"""So many `bin/run` loads into an empty register: 500 communes of 40, in a few seconds."""
_WANTED: Final = text(
    "SELECT NOT (EXISTS (SELECT FROM household)"
    " OR EXISTS (SELECT FROM import WHERE state = 'published' AND source <> :source))"
)


def wants_demo(session: Session) -> bool:
    """Whether the register is empty: nobody's households are in it, nor were any published."""
    return bool(session.scalar(_WANTED, {"source": SOURCE}))
