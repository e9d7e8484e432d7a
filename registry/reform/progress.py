"""How far a reform is, for who waits for it."""

from collections.abc import Callable
from typing import Final

PHASES: Final = (
    *("reading", "settling", "report", "places", "households", "units", "boundaries"),
    "commit",
)
"""Of one that is carried, in their order; a dry run ends with its report."""
Entering = Callable[[str, int], None]
"""Called with each phase that begins, and the number of records that are carried so far."""


def quietly(_phase: str, _done: int) -> None:
    """Tell nobody."""
