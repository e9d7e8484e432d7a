"""Which of several communes a point means, and whether it lies in the one that its row names.

A real polygon decides to the metre; without one, and of the points outside of it, the reach of the
commune from its seat (`registry.boundaries.reach`): a point beyond makes the row an error.
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

from registry.boundaries.reach import DEGREE_KM, REACH
from registry.intake.engine import Workbench

_SEATS: Final = f"""
    SELECT unit_id, ST_X(seat) AS lon, ST_Y(seat) AS lat, reach_km, drawn FROM ({REACH}) r
"""
_DRAWN: Final = "SELECT unit_id FROM boundary WHERE NOT approximate"
_DRAWN_UNITS: Final = text(
    "SELECT unit_id, ST_AsBinary(geom) FROM boundary WHERE unit_id = ANY (:units)"
)
_POLYGONS: Final = 200
"""Polygons that are held at a time."""
_EARTH: Final = Geod(ellps="WGS84")


def decide_communes(bench: Workbench) -> None:
    """Leave `decided`, the communes of rows that name several, as far as their points decide.

    Leaves `reach`, the seats of communes, as well.
    """
    bench.bring("reach", _SEATS)
    bench.run("judging/between_communes.sql")
    _look_up(bench, "between_communes", "held")
    bench.run("judging/decided.sql")


def find_outside(bench: Workbench) -> None:
    """Leave `outside`, the rows whose point is not where it should be; reject those far away.

    Needs `entry` of `judge`, and `reach`.
    """
    bench.bring("drawn", _DRAWN)
    bench.run("judging/pointed.sql")
    _look_up(bench, "pointed", "located")
    bench.run("judging/questioned.sql", degree_km=DEGREE_KM)
    for batch in bench.stream("FROM questioned"):
        number, drawn, *ends = batch.columns
        _, _, metres = _EARTH.inv(*(column.to_numpy(zero_copy_only=False) for column in ends))
        km = pa.array(metres / 1000, from_pandas=True)
        bench.append("measured", pa.table([number, drawn, km], ["row_number", "drawn", "km"]))
    bench.run("judging/outside.sql")


def _look_up(bench: Workbench, rows: str, into: str) -> None:
    """Say of each of the rows in `into` whether the polygon of its unit holds its point."""
    for batch in bench.stream(f"SELECT row_number, unit_id, lon, lat FROM {rows} ORDER BY unit_id"):
        units, lon, lat = (column.to_numpy() for column in batch.columns[1:])
        held = np.zeros(len(units), bool)
        every = list(_runs(units))
        for at in range(0, len(every), _POLYGONS):
            runs = every[at : at + _POLYGONS]
            polygons = _polygons(bench.connection, [int(units[begin]) for begin, _ in runs])
            for begin, end in runs:
                if (polygon := polygons.get(int(units[begin]))) is not None:
                    here = slice(begin, end)
                    held[here] = shapely.intersects_xy(polygon, lon[here], lat[here])
        named = ["row_number", "unit_id", "is_in"]
        bench.append(into, pa.table([*batch.columns[:2], pa.array(held)], named))


def _runs(units: NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Where equal ones of a sorted column begin and end."""
    changes = np.flatnonzero(np.diff(units)) + 1
    return pairwise([0, *changes.tolist(), len(units)])


def _polygons(connection: Connection, units: list[int]) -> dict[int, shapely.Geometry]:
    """What is drawn of units, ready to be asked for many points."""
    drawn = connection.execute(_DRAWN_UNITS, {"units": units}).all()
    polygons = {unit: shapely.from_wkb(polygon) for unit, polygon in drawn}
    for polygon in polygons.values():
        shapely.prepare(polygon)
    return polygons
