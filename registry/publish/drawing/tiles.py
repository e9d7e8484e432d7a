"""Vector tiles (Mapbox Vector Tile 2.1) of the register, one statement a tile.

| layer | zooms | what |
|---|---|---|
| `provinces`, `communes` | 0, 8 and up | polygons, `code`, `name`; `approximate` of cells |
| `labels` | all | names of units, from 13 on of streets and localities |
| `density` | 4 to 14 | households in each of 64 by 64 cells |
| `doors` | 15 and up | a dot for each spot with households, with its number from 17 on; no codes |
"""

from dataclasses import dataclass
from typing import Final

from geo.label import SPELLED_MARKS
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.publish.drawing.grid import FINEST, FIRST

SQL: Final = Statements(__file__)

MAX_ZOOM: Final = 18
"""Deeper zooms enlarge tiles of this one."""
FIRST_ZOOM: Final = {0: 0, 1: 7, 2: 9, 3: 12}
"""Detail (`registry.publish.drawing.units`) → first zoom that shows it, where its metres are a
pixel."""
COMMUNES_FROM: Final = 8
NUMBERS_FROM: Final = 17
# Tile units merged into one dot: households less than a pixel apart cannot be distinguished.
_SNAP: Final = {15: 32, 16: 16, 17: 4, 18: 2}

_SPELLED: Final = f"^({'|'.join(SPELLED_MARKS)})"


@dataclass(frozen=True, slots=True)
class Tile:
    """Zoom, column and row of a tile."""

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        """Whether the tile is inside the grid of a zoom that is drawn."""
        return 0 <= self.z <= MAX_ZOOM and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z


def draw_tile(reads: Reads, tile: Tile) -> bytes:
    """Return the tile, possibly empty. Raises DatabaseUnavailableError."""
    detail = max(detail for detail, first in FIRST_ZOOM.items() if first <= tile.z)
    given: dict[str, object] = {"z": tile.z, "x": tile.x, "y": tile.y, "detail": detail}
    given |= {"snap": _SNAP.get(tile.z), "spelled": _SPELLED}
    rows = reads.rows(SQL.driver(_layers(tile.z)), given)
    return bytes(rows[0][0])


def _layers(zoom: int) -> str:
    if zoom > FINEST:
        return "with_numbers" if zoom >= NUMBERS_FROM else "with_doors"
    if zoom >= COMMUNES_FROM:
        return "with_communes"
    return "with_density" if zoom >= FIRST else "provinces_alone"
