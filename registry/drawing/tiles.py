"""Vector tiles (Mapbox Vector Tile 2.1) of the register: one statement a tile.

| layer | zooms | what |
|---|---|---|
| `provinces`, `communes` | 0, 8 and up | polygons, `code`, `name`; `approximate` of cells |
| `labels` | all | names of units, from 13 on of streets and localities |
| `density` | 4 to 14 | households in each of 64 by 64 cells |
| `doors` | 15 and up | a dot for each spot with households, with its number from 17 on; no codes |
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from geo.label import SPELLED_MARKS
from registry.drawing.grid import FINEST, FIRST
from registry.reads import Reads
from registry.records import OPEN

MAX_ZOOM: Final = 18
"""Whoever looks closer sees tiles of this zoom enlarged."""
FIRST_ZOOM: Final = {0: 0, 1: 7, 2: 9, 3: 12}
"""From which zoom on a detail (`registry.drawing.units`) is shown: its metres are a pixel there."""
COMMUNES_FROM: Final = 8
NUMBERS_FROM: Final = 17
EXTENT: Final = 4096
_BUFFER: Final = 64
# Units of a tile that become one dot: a household less than a pixel away is not told apart.
_SNAP: Final = {15: 32, 16: 16, 17: 4, 18: 2}

_ENVELOPE: Final = "ST_TileEnvelope(%(z)s::int, %(x)s::int, %(y)s::int)"
# A label or line that begins next door is drawn here as well, or it would be cut at the edge.
_AROUND: Final = (
    f"ST_TileEnvelope(%(z)s::int, %(x)s::int, %(y)s::int, margin => {_BUFFER}.0 / {EXTENT})"
)

_UNITS: Final = f"""(SELECT ST_AsMVT(u, '{{layer}}', {EXTENT}, 'geom') FROM (
        SELECT ST_AsMVTGeom(m.geom, {_ENVELOPE}, {EXTENT}, {_BUFFER}) AS geom, m.code, m.name,
            m.approximate
        FROM map_unit m
        WHERE m.detail = {{detail}}::smallint AND m.level = '{{level}}' AND m.geom && {_AROUND}
    ) u WHERE geom IS NOT NULL)"""  # noqa: S608 - constants
_LABELS: Final = f"""(SELECT ST_AsMVT(l, 'labels', {EXTENT}, 'geom') FROM (
        SELECT ST_AsMVTGeom(m.point, {_ENVELOPE}, {EXTENT}, {_BUFFER}, false) AS geom,
            m.kind, m.name, m.holder, m.weight
        FROM map_label m
        WHERE m.first_zoom <= %(z)s::smallint AND m.point && {_AROUND} {{kinds}}
        ORDER BY m.weight DESC, m.id
    ) l WHERE geom IS NOT NULL)"""  # noqa: S608 - constants
_DENSITY: Final = f"""(SELECT ST_AsMVT(c, 'density', {EXTENT}, 'geom') FROM (
        SELECT ST_MakePoint((cell & 63) * 64 + 32, (cell >> 6) * 64 + 32) AS geom,
            u.households AS n
        FROM map_density d, unnest(d.cells, d.households) AS u (cell, households)
        WHERE d.zoom = %(z)s::smallint AND d.x = %(x)s::int AND d.y = %(y)s::int
    ) c)"""  # noqa: S608 - constants
# Places in the tile by arithmetic: ST_Transform of ten thousand points takes longer than all else.
_DOORS: Final = f"""(SELECT ST_AsMVT(d, 'doors', {EXTENT}, 'geom') FROM (
        SELECT ST_MakePoint(px, py) AS geom, nullif(sum(hh), 1)::int AS n{{number}}
        FROM (
            SELECT round(((ST_X(h.point) + 180) / 360 * 2 ^ %(z)s::int - %(x)s::int)
                    * {EXTENT} / {{snap}}) * {{snap}} AS px,
                round(((1 - ln(tan(radians(ST_Y(h.point))) + 1 / cos(radians(ST_Y(h.point))))
                    / pi()) / 2 * 2 ^ %(z)s::int - %(y)s::int) * {EXTENT} / {{snap}}) * {{snap}}
                    AS py,
                greatest(h.households_count, 1) AS hh, h.house_number_key,
                h.house_number
            FROM household h
            WHERE {OPEN}
                AND h.point && ST_Transform({_AROUND}, 4326)
        ) p
        GROUP BY px, py
    ) d)"""  # noqa: S608 - constants
# As it was delivered where that is one word (`geo.label.number_label`). The key of a plot of land
# is not how anybody writes it: `TO4/THUA253`.
_NUMBER: Final = f""",
            CASE WHEN min(house_number_key) < max(house_number_key) THEN NULL
                WHEN min(house_number_key) ~ '^({"|".join(SPELLED_MARKS)})' THEN NULL
                WHEN min(house_number) ~ '^[^[:space:]]+$' THEN min(house_number)
                WHEN min(house_number_key) ~ '^[0-9]' THEN min(house_number_key) END AS number"""


@dataclass(frozen=True, slots=True)
class Tile:
    """Where a tile lies: column and row at a zoom."""

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        """Whether there is such a place on the earth, at a zoom that is drawn."""
        return 0 <= self.z <= MAX_ZOOM and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z


def draw_tile(reads: Reads, tile: Tile) -> bytes:
    """The tile; empty where there is nothing. Raises DatabaseUnavailableError."""
    rows = reads.rows(_statement(tile.z), {"z": tile.z, "x": tile.x, "y": tile.y})
    return bytes(rows[0][0])


@lru_cache(maxsize=MAX_ZOOM + 1)
def _statement(zoom: int) -> str:
    detail = max(detail for detail, first in FIRST_ZOOM.items() if first <= zoom)
    # Where streets are named, a province's own name would lie on somebody's roof.
    kinds = "AND m.kind <> 'province'" if zoom > 10 else ""
    layers = [_UNITS.format(layer="provinces", level="province", detail=detail)]
    if zoom >= COMMUNES_FROM:
        layers.append(_UNITS.format(layer="communes", level="commune", detail=detail))
    if FIRST <= zoom <= FINEST:
        layers.append(_DENSITY)
    if zoom > FINEST:
        number = _NUMBER if zoom >= NUMBERS_FROM else ""
        layers.append(_DOORS.format(snap=_SNAP[zoom], number=number))
    layers.append(_LABELS.format(kinds=kinds))
    # None of a layer without features is NULL: each is an empty one then.
    return f"SELECT {' || '.join(layers)}"
