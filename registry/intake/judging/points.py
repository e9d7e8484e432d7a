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
_POLYGON: Final = text("SELECT ST_AsBinary(geom) FROM boundary WHERE unit_id = :unit")
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
    polygon: shapely.Geometry = shapely.Polygon()
    of_unit = None
    for batch in bench.stream(f"SELECT row_number, unit_id, lon, lat FROM {rows} ORDER BY unit_id"):
        units, lon, lat = (column.to_numpy() for column in batch.columns[1:])
        held = np.empty(len(units), bool)
        for begin, end in _runs(units):
            if units[begin] != of_unit:
                of_unit = int(units[begin])
                polygon = _polygon(bench.connection, of_unit)
            held[begin:end] = shapely.intersects_xy(polygon, lon[begin:end], lat[begin:end])
        named = ["row_number", "unit_id", "is_in"]
        bench.append(into, pa.table([*batch.columns[:2], pa.array(held)], named))


def _runs(units: NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Where equal ones of a sorted column begin and end."""
    changes = np.flatnonzero(np.diff(units)) + 1
    return pairwise([0, *changes.tolist(), len(units)])


def _polygon(connection: Connection, unit: int) -> shapely.Geometry:
    """What is drawn of a unit; nothing where nothing is."""
    drawn = connection.execute(_POLYGON, {"unit": unit}).scalar()
    polygon: shapely.Geometry = shapely.from_wkb(drawn) if drawn else shapely.Polygon()
    shapely.prepare(polygon)
    return polygon
