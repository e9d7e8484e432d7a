"""An answer is of one map, and never of a map that is older than the rows it was made of.

The map is a copy in memory, and a reform moves records under units that the copy does not have.
What meets a unit that it does not know, or depends on which units there are, is doubtful; a
doubtful answer is looked at once more before it is given (`GazetteerCache.of_one_map`).
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from registry.units.gazetteer import Gazetteer


@dataclass
class Asking:
    """One question, from its first look at the map to its answer."""

    known: "Gazetteer | None" = None
    """The map that it is answered by, once it was looked at."""
    is_doubtful: bool = False


asking: Final[ContextVar[Asking | None]] = ContextVar("diachiso_asking", default=None)


def doubt() -> None:
    """Say that the answer under way is right only if its map is the newest."""
    if (now := asking.get()) is not None:
        now.is_doubtful = True
