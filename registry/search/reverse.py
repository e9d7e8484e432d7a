"""Reverse geocoding: from a point to the doors near it, or else to its commune."""

import datetime
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from geo.label import LabelParts
from registry.core.batching import alone
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.reads import Reads, Row
from registry.core.sql import Statements
from registry.records.entrances import nearest_entrance
from registry.records.record import COLUMNS, Record
from registry.search.answers import Answer, answers_with_past, of_record
from registry.units.gazetteer import Gazetteer, Unit

SQL: Final = Statements(__file__, columns=COLUMNS)

DEFAULT_RADIUS_M: Final = 200
MAX_RADIUS_M: Final = 5_000
MAX_LIMIT: Final = 20
NEIGHBOUR_M: Final = 300
"""Within this distance, a household's commune is the point's, if no real boundary decides."""

_FEW: Final = 5
"""Rows that `nearest_few` keeps."""


def reverse(
    gazetteer: Gazetteer,
    reads: Reads,
    *,
    lon: float,
    lat: float,
    limit: int = 1,
    radius_m: float = DEFAULT_RADIUS_M,
    on: datetime.date | None = None,
) -> list[Answer]:
    """Return the doors within `radius_m`, the nearest first; else the commune; empty abroad.

    Degrees, WGS 84. Raises InvalidInputError for a point that is not on the earth.
    """
    check_point(lon=lon, lat=lat)
    statement = SQL.driver("nearest_few") if limit <= _FEW else SQL.driver("nearest_many")
    reach_m = max(radius_m, NEIGHBOUR_M)
    rows = reads.rows(statement, {"lon": lon, "lat": lat, "reach_m": reach_m})
    near = [row for row in rows if row[-1] is not None]
    inside = [row for row in near[:limit] if row[-1] <= radius_m]
    if inside:
        doors = [_answer(gazetteer, row, lon=lon, lat=lat) for row in inside]
        return alone(reads, answers_with_past(doors, on))
    drawn = [gazetteer.units[i] for i in rows[0][0] if i in gazetteer.units]
    neighbours = [_answer(gazetteer, row, lon=lon, lat=lat) for row in near[:1]]
    return _communes(gazetteer, reads, drawn, neighbours, lon=lon, lat=lat)[:limit]


def check_point(*, lon: float, lat: float) -> None:
    """Raise InvalidInputError unless the point is on the earth."""
    for name, value, most in (("lon", lon, 180), ("lat", lat, 90)):
        if not math.isfinite(value) or abs(value) > most:
            raise InvalidInputError.of_field(
                name, "coordinate_out_of_range", Message("degrees_out_of_range", most=most)
            )


def _answer(gazetteer: Gazetteer, row: Row, *, lon: float, lat: float) -> Answer:
    record = Record(*row[1:-1])
    units = gazetteer.units
    answer = of_record(
        record,
        units.get(record.unit_id or 0),
        units.get(record.former_unit_id or 0),
        distance_m=round(row[-1], 1),
    )
    entrance = nearest_entrance(record, lon=lon, lat=lat)
    return answer if entrance is None else replace(answer, entrance=entrance)


def _communes(
    gazetteer: Gazetteer,
    reads: Reads,
    drawn: list[Unit],
    near: list[Answer],
    *,
    lon: float,
    lat: float,
) -> list[Answer]:
    """Return the commune by real polygon, nearest household, approximate cell, or archipelago."""
    far = ("far_from_household",)
    if drawn:
        # Two polygons cover a point on their common border.
        faults = (*far, "ambiguous") if len(drawn) > 1 else far
        answers = [_commune(unit, faults) for unit in drawn]
    elif near:
        answers = [_commune(near[0].unit, (*far, "boundary_approximate"))]
    else:
        point = {"lon": lon, "lat": lat}
        cells = (
            reads.rows(SQL.driver(way), point) for way in ("cell", "archipelago", "around_seat")
        )
        found = next((rows for rows in cells if rows), [])
        answers = [
            replace(
                _commune(gazetteer.units[unit], (*far, "boundary_approximate")), distance_m=far_m
            )
            for unit, far_m in found
            if unit in gazetteer.units
        ]
    return [replace(answer, lon=lon, lat=lat) for answer in answers]


def _commune(unit: Unit | None, faults: Iterable[str]) -> Answer:
    return Answer("commune", LabelParts(), unit, faults=tuple(faults))
