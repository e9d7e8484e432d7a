"""Find which of several communes a point is in, and whether it is in the one its row names.

A real polygon decides. Without one, and for points outside it, the reach of the commune from its
seat decides (`registry.units.boundaries.reach`): a point beyond it rejects the row.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from sqlalchemy import Connection, text

from registry.intake.engine import Workbench
from registry.units.boundaries.reach import REACHES

_SEATS: Final = (
    "-- columns: unit_id INTEGER, lon DOUBLE, lat DOUBLE, reach_km DOUBLE, drawn BOOLEAN\n"
    + REACHES
)
_DRAWN_UNITS: Final = text(
    "SELECT unit_id, ST_AsBinary(geom) FROM boundary WHERE unit_id = ANY (:units)"
)
_POLYGONS: Final = 200
"""Polygons in memory at a time."""
_EARTH: Final = Geod(ellps="WGS84")


def bring_seats(bench: Workbench) -> None:
    """Create `reach`, the seats of the communes in the file, and `drawn`, those with polygons."""
    units = bench.value("judging/named_units.sql") or []
    bench.bring("reach", _SEATS, units=units)
    bench.bring("drawn", "judging/drawn.pg.sql", units=units)


def locate_candidates(bench: Workbench) -> None:
    """Fill `held`: which polygons of candidate communes contain the points of the rows."""
    _look_up(
        bench, "held", "SELECT row_number, unit_id, lon, lat FROM between_communes ORDER BY unit_id"
    )


def locate(bench: Workbench) -> None:
    """Fill `located`: whether the polygon of its commune contains each row's point."""
    _look_up(bench, "located", "SELECT row_number, unit_id, lon, lat FROM pointed ORDER BY unit_id")


def measure(bench: Workbench) -> None:
    """Fill `measured`: the distance of questioned points from the seat, in kilometres."""
    for batch in bench.stream("FROM questioned"):
        number, drawn, *ends = batch.columns
        _, _, metres = _EARTH.inv(*(column.to_numpy(zero_copy_only=False) for column in ends))
        km = pa.array(metres / 1000, from_pandas=True)
        bench.append("measured", pa.table([number, drawn, km], ["row_number", "drawn", "km"]))


def _look_up(bench: Workbench, into: str, rows: str) -> None:
    """Record in `into` for each row whether the polygon of its unit contains its point."""
    for batch in bench.stream(rows):
        units, lon, lat = (column.to_numpy() for column in batch.columns[1:])
        inside = np.zeros(len(units), bool)
        every = list(_runs(units))
        for at in range(0, len(every), _POLYGONS):
            runs = every[at : at + _POLYGONS]
            polygons = _polygons(bench.connection, [int(units[begin]) for begin, _ in runs])
            for begin, end in runs:
                if (polygon := polygons.get(int(units[begin]))) is not None:
                    here = slice(begin, end)
                    inside[here] = shapely.intersects_xy(polygon, lon[here], lat[here])
        named = ["row_number", "unit_id", "is_in"]
        bench.append(into, pa.table([*batch.columns[:2], pa.array(inside)], named))


def _runs(units: NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of equal values in a sorted column."""
    changes = np.flatnonzero(np.diff(units)) + 1
    return pairwise([0, *changes.tolist(), len(units)])


def _polygons(connection: Connection, units: list[int]) -> dict[int, shapely.Geometry]:
    """Prepared polygons of the units that have any."""
    drawn = connection.execute(_DRAWN_UNITS, {"units": units}).all()
    polygons = {unit: shapely.from_wkb(polygon) for unit, polygon in drawn}
    for polygon in polygons.values():
        shapely.prepare(polygon)
    return polygons
