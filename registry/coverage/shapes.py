"""Shapes of units for drawing: coarse, with shared edges, in degrees of lon and lat.

The database snaps points to a grid, so that neighbours keep the same edge and the whole country is
a few hundred kilobytes. A province is the union of its communes. The drawing is for statistics, not
a boundary, and `approximate` shapes are cells around seats.
"""

import datetime
import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.units.gazetteer import Gazetteer, Unit

SQL: Final = Statements(__file__, "queries.sql")

ARCHIPELAGOS: Final = {"20333": "Quần đảo Hoàng Sa", "22736": "Quần đảo Trường Sa"}
"""Code of the commune → its archipelago, always drawn in a box of its own."""
ISLANDS_KIND: Final = "dac_khu"
"""The kind of communes off the coast, drawn apart so that other communes are larger."""
COUNTRY_GRID_DEG: Final = 0.008
"""Half a pixel of a country 1,000 pixels high."""
_POLYGON: Final = 3
"""shapely's type id of a polygon."""
_FAR: Final = 1_000_000
"""More than the grid points along any parallel."""
_SLIVER: Final = (4 * COUNTRY_GRID_DEG) ** 2
"""Maximum area, in square degrees, of a hole due to parts that do not quite meet."""
_LOST: Final = 0.01
_STEPS_ACROSS: Final = 900
"""Steps of the grid across a province's communes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a unit."""

    code: str
    name: str
    geometry: Any
    """shapely, in degrees; may be empty if the grid is coarser than the unit."""
    approximate: bool


@dataclass(frozen=True, slots=True)
class Island:
    """A commune that is an archipelago or off the coast, with its province."""

    name: str
    commune: Shape
    province_code: str
    province_name: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes of one map, by code, and its islands in boxes of their own."""

    shapes: tuple[Shape, ...]
    islands: tuple[Island, ...]

    @property
    def approximate(self) -> bool:
        """Whether any shape is a cell around a seat, not a real polygon."""
        shapes = (*self.shapes, *(island.commune for island in self.islands))
        return any(shape.approximate for shape in shapes)


def country_drawing(session: Session, gazetteer: Gazetteer, day: datetime.date) -> Drawing:
    """Return the provinces of that day."""
    communes = list(gazetteer.alive(day, level="commune"))
    known = {shape.code: shape for shape in _read(session, communes, day, COUNTRY_GRID_DEG)}
    by_province: dict[int, list[Shape]] = defaultdict(list)
    for commune in communes:
        if commune.code in known and commune.code not in ARCHIPELAGOS:
            by_province[commune.version_on(day).province_id or 0].append(known[commune.code])
    provinces = [
        _union(gazetteer.units[province_id], day, parts)
        for province_id, parts in by_province.items()
        if province_id in gazetteer.units
    ]
    provinces.sort(key=lambda shape: shape.code)
    return Drawing(tuple(provinces), _islands(session, gazetteer, communes, day))


def province_drawing(
    session: Session,
    gazetteer: Gazetteer,
    province: Unit,
    day: datetime.date,
    *,
    steps: int = _STEPS_ACROSS,
) -> Drawing:
    """Return the communes of a province of that day, on a grid of `steps` across."""
    communes = [unit for unit in gazetteer.members(province, day) if unit.level == "commune"]
    apart = {unit.code for unit in communes if unit.version_on(day).kind == ISLANDS_KIND}
    main = [unit for unit in communes if unit.code not in apart] or communes
    shapes = _read(session, main, day, _grid(main, steps))
    shapes.sort(key=lambda shape: shape.code)
    return Drawing(tuple(shapes), _islands(session, gazetteer, communes, day, apart))


def _read(
    session: Session, units: Iterable[Unit], day: datetime.date, grid_deg: float
) -> list[Shape]:
    by_id = {unit.id: unit for unit in units}
    rows = session.execute(SQL.text("shapes"), {"units": list(by_id), "grid": grid_deg}).all()
    geometries = shapely.from_wkb([row.wkb for row in rows])
    return [
        Shape(
            by_id[row.unit_id].code,
            by_id[row.unit_id].version_on(day).full_name,
            geometry,
            row.approximate,
        )
        for row, geometry in zip(rows, geometries, strict=True)
        if geometry is not None
    ]


def _grid(communes: Iterable[Unit], steps: int) -> float:
    """Return the step of a grid across the communes' extent, estimated from their seats."""
    seats = [(u.lon, u.lat) for u in communes if u.lon is not None and u.lat is not None]
    if len(seats) < 2:
        return 0.0002
    return float(max(np.ptp(seats, axis=0))) / steps


def _union(province: Unit, day: datetime.date, parts: list[Shape]) -> Shape:
    cells = any(part.approximate for part in parts)
    return Shape(
        province.code,
        province.version_on(day).full_name,
        _outline([part.geometry for part in parts], cells=cells),
        cells,
    )


def _outline(parts: list[Any], *, cells: bool = False) -> Any:
    """Return the union of parts whose points are on the grid.

    Edges shared by two parts are inside and dropped; the remaining edges are the outline. If parts
    cross each other, as cells do, the result is not a valid area, and a slow union is used.
    """
    try:
        area = shapely.build_area(shapely.line_merge(_outer_edges(parts)))
    except shapely.errors.GEOSException:
        area = shapely.Polygon()
    if abs(area.area - sum(shapely.area(parts))) > _LOST * area.area:
        valid = shapely.make_valid(parts, method="structure")
        area = shapely.union_all(valid, grid_size=COUNTRY_GRID_DEG)
    # Gaps between round cells do not belong to other units.
    return _without_holes(area, math.inf if cells else _SLIVER)


def _outer_edges(parts: list[Any]) -> Any:
    polygons = shapely.get_parts(parts)
    rings = shapely.get_rings(polygons[shapely.get_type_id(polygons) == _POLYGON])
    points, ring = shapely.get_coordinates(rings, return_index=True)
    # A grid point as one number.
    number = np.rint(points / COUNTRY_GRID_DEG).astype(np.int64) @ np.array([_FAR, 1])
    edges = np.column_stack((number[:-1], number[1:]))[ring[1:] == ring[:-1]]
    edges = np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1)
    edges, times = np.unique(edges, axis=0, return_counts=True)
    ends = np.stack(np.divmod(edges[times % 2 == 1], _FAR), axis=-1) * COUNTRY_GRID_DEG
    return shapely.MultiLineString(list(ends))


def _without_holes(area: Any, least: float) -> Any:
    """Remove holes of at most `least` square degrees."""
    whole = [
        shapely.Polygon(
            polygon.exterior,
            [hole for hole in polygon.interiors if shapely.Polygon(hole).area > least],
        )
        for polygon in shapely.get_parts([area])
        if polygon.geom_type == "Polygon"
    ]
    return shapely.multipolygons(whole)


def _islands(
    session: Session,
    gazetteer: Gazetteer,
    communes: Iterable[Unit],
    day: datetime.date,
    apart: Collection[str] = frozenset(ARCHIPELAGOS),
) -> tuple[Island, ...]:
    own = [unit for unit in communes if unit.code in apart]
    islands = []
    for shape in sorted(_read(session, own, day, 0.001), key=lambda shape: shape.code):
        (unit,) = [unit for unit in own if unit.code == shape.code]
        province = gazetteer.province_of(unit, day)
        if province is not None:
            name = province.version_on(day).full_name
            called = ARCHIPELAGOS.get(unit.code, shape.name)
            islands.append(Island(called, shape, province.code, name))
    return tuple(islands)
