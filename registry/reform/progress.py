"""Progress of a running reform."""

from collections.abc import Callable
from typing import Final

PHASES: Final = (
    *("reading", "settling", "report", "places", "households", "units", "boundaries"),
    "commit",
)
"""Phases of a reform in order; a dry run ends with its report."""
Entering = Callable[[str, int], None]
"""Called with each phase that starts, and the number of records done so far."""


def quietly(_phase: str, _done: int) -> None:
    """Report nothing."""
