"""Consistency of the map: an answer uses one map, which is not older than its rows.

The map is a copy in memory, and a reform moves records to units that the copy does not have. An
answer that meets an unknown unit, or depends on which units exist, is doubtful; a doubtful answer
is checked again before it is returned (`GazetteerCache.of_one_map`).
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from registry.units.gazetteer import Gazetteer


@dataclass
class Asking:
    """One query, from its first use of the map to its answer."""

    known: "Gazetteer | None" = None
    """The map used for the answer; None before its first use."""
    is_doubtful: bool = False


asking: Final[ContextVar[Asking | None]] = ContextVar("diachiso_asking", default=None)


def doubt() -> None:
    """Mark the current answer as right only if its map is the newest."""
    if (now := asking.get()) is not None:
        now.is_doubtful = True
