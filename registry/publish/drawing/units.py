"""Provinces and communes for the map, simplified together so that neighbours still meet.

PostGIS 3.3 simplifies each polygon alone, which tears borders apart; GEOS simplifies a whole
coverage, and shapely ships a GEOS that can.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo.admin import full_name
from registry.core.database import driver_connection
from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

DETAILS: Final = ((3, 25.0), (2, 150.0), (1, 700.0), (0, 2_500.0))
"""(detail, tolerance in metres), the finest first: each is derived from the one before."""

_GAP_M: Final = {0: 8_000.0, 1: 3_000.0}
"""Detail → half of the widest gap between two cells of a province that is closed."""

Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Unit:
    id: int
    level: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class _Commune:
    unit: _Unit
    province: _Unit
    approximate: bool


def draw_units(connection: Connection) -> None:
    """Draw every current commune with a boundary or cell, and provinces as their union."""
    rows = connection.execute(SQL.text("boundaries")).all()
    communes = [
        _Commune(
            _Unit(row.unit_id, "commune", row.code, full_name(row.kind, row.name)),
            _Unit(
                *(row.province_id, "province", row.province_code),
                full_name(row.province_kind, row.province),
            ),
            row.approximate,
        )
        for row in rows
    ]
    shapes: Shapes = shapely.from_wkb([bytes(row.wkb) for row in rows])
    connection.execute(text("DELETE FROM map_unit"))
    for detail, metres in DETAILS:
        if not len(shapes):
            return
        shapes = shapely.coverage_simplify(shapes, metres)
        _store(connection, detail, communes, shapes)


def _store(connection: Connection, detail: int, communes: list[_Commune], shapes: Shapes) -> None:
    parts: dict[_Unit, list[int]] = defaultdict(list)
    for place, commune in enumerate(communes):
        parts[commune.province].append(place)
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy(
            "COPY map_unit (unit_id, level, code, name, detail, approximate, geom) FROM STDIN"
        ) as copy,
    ):
        for commune, shape in zip(communes, shapes, strict=True):
            _write(copy, commune.unit, detail, commune.approximate, shape)
        for province, places in parts.items():
            # A full union, not just removal of inner borders: real polygons overlap a little.
            merged = shapely.union_all(shapes[np.array(places)])
            approximate = any(communes[place].approximate for place in places)
            if approximate and detail in _GAP_M:
                merged = _close_gaps(merged, _GAP_M[detail])
            _write(copy, province, detail, approximate, merged)


def _close_gaps(shape: Any, gap_m: float) -> Any:
    """Close the gaps between circles around seats, which are neither sea nor holes."""
    joined = shapely.buffer(shapely.buffer(shape, gap_m, quad_segs=2), -gap_m, quad_segs=2)
    solid = [shapely.Polygon(part.exterior) for part in shapely.get_parts([joined])]
    return shapely.simplify(shapely.multipolygons(solid), gap_m / 20)


def _write(copy: Any, unit: _Unit, detail: int, approximate: bool, shape: Any) -> None:
    """Write one row, unless nothing is left of the shape."""
    polygons = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and not p.is_empty]
    if polygons:
        multi = shapely.set_srid(shapely.MultiPolygon(polygons), 3857)
        wkb = shapely.to_wkb(multi, hex=True, include_srid=True)
        copy.write_row((unit.id, unit.level, unit.code, unit.name, detail, approximate, wkb))
