"""From a point to the doors near it, or else to its commune."""

import datetime
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from geo.label import LabelParts
from registry.entrances import nearest_entrance
from registry.errors import InvalidInputError
from registry.gazetteer import Gazetteer, Unit
from registry.past import answers_with_past
from registry.reads import Reads, Row
from registry.records import COLUMNS, JOINS, OPEN, Record
from registry.search.answers import Answer, of_record
from registry.search.batching import alone

DEFAULT_RADIUS_M: Final = 200
MAX_RADIUS_M: Final = 5_000
MAX_LIMIT: Final = 20
NEIGHBOUR_M: Final = 300
"""So near, a household's commune is the point's, where no real boundary says otherwise."""

_POINT: Final = "ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326)"

# LIMIT is a literal and the point an uncorrelated sub-select, so that the index gives the order
# under a generic plan too; from a CTE the point would not (2,000,000 rows: 0.12 ms with an inline
# point and with a sub-select, planned each time or once). Nearest in degrees is not nearest in
# metres (a degree of longitude is 8 % shorter in the north), so more are fetched than asked for
# and put in order on the spheroid. A flat is found as its building, unless that has no point.
# Records with entrances, few of all, are found by whichever of these lies nearest, by an index of
# their own: of those that lie nearest by their point they are left out (decision 0040).
_DOORS: Final = f"""
            SELECT h.*, {{points}} AS points FROM household h
            WHERE {OPEN} {{which}}
                AND CASE WHEN h.parent_code IS NULL THEN true ELSE (
                    SELECT true FROM household b
                    WHERE b.code = h.parent_code AND b.status = 'active' AND NOT b.restricted
                        AND (b.point IS NOT NULL OR b.entrances IS NOT NULL)
                    LIMIT 1
                ) IS NULL END
            ORDER BY {{points}} <-> (SELECT {_POINT})
            LIMIT {{{{fetched}}}}"""  # noqa: S608 - constants
_BY_POINT: Final = _DOORS.format(points="h.point", which="")
_BY_ENTRANCE: Final = _DOORS.format(
    points="entrance_points(h.entrances, h.point)", which="AND h.entrances IS NOT NULL"
)
_NEAREST: Final = f"""
    SELECT at.units, {COLUMNS}, h.distance_m
    FROM (SELECT ARRAY(
        SELECT DISTINCT p.unit_id
        FROM boundary_part p JOIN admin_unit u ON u.id = p.unit_id
        WHERE ST_Covers(p.geom, (SELECT {_POINT}))
            AND u.level = 'commune' AND u.lifetime @> current_date
        ORDER BY p.unit_id
    ) AS units) at
    LEFT JOIN (
        SELECT n.*, ST_Distance(n.points::geography, (SELECT {_POINT})::geography) AS distance_m
        FROM (
            SELECT p.* FROM ({_BY_POINT}) p WHERE p.entrances IS NULL
            UNION ALL
            ({_BY_ENTRANCE})
        ) n
        ORDER BY distance_m, code
        LIMIT {{kept}}
    ) h ON h.distance_m <= %(reach_m)s
    {JOINS}
    ORDER BY h.distance_m, h.code
"""  # noqa: S608 - constants; a value is a bind parameter
_FEW: Final = 5
NEAREST_FEW: Final = _NEAREST.format(fetched=20, kept=_FEW)
_NEAREST_MANY: Final = _NEAREST.format(fetched=80, kept=MAX_LIMIT)

_HOLE: Final = 0.01
"""Degrees, about 1 km: cells are cut by circles, and between the circles of a town are holes."""
_CELL: Final = f"""
    SELECT b.unit_id, NULL::float8 FROM boundary b JOIN admin_unit u ON u.id = b.unit_id
    WHERE b.approximate AND u.level = 'commune' AND u.lifetime @> current_date
        AND ST_DWithin(b.geom, (SELECT {_POINT}), {_HOLE})
    ORDER BY ST_Distance(b.geom, (SELECT {_POINT})), b.unit_id LIMIT 1
"""  # noqa: S608 - constants

# Of an archipelago only the islands are drawn. The sea between them is nobody else's, which a hull
# around the coast of the mainland could not say.
_ARCHIPELAGO: Final = f"""
    SELECT b.unit_id, NULL::float8 FROM boundary b
    JOIN admin_unit u ON u.id = b.unit_id
    JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
    WHERE v.kind = 'dac_khu' AND u.lifetime @> current_date AND b.geom && (SELECT {_POINT})
        AND ST_Covers(ST_ConvexHull(b.geom), (SELECT {_POINT}))
    ORDER BY b.unit_id LIMIT 1
"""  # noqa: S608 - constants

# Where not even the islands are drawn, all that is near the seat: kilometres that hold most islands
# and no other country's land (Palawan begins at 335 from Trường Sa's, Hainan at 320 from Hoàng
# Sa's). An import allows more, of places that somebody says are there (`boundaries.reach`).
_AROUND_SEAT: Final = f"""
    SELECT u.id, round(ST_Distance(u.seat::geography, (SELECT {_POINT})::geography)) AS distance_m
    FROM (VALUES ('20333', 250), ('22736', 310)) a (code, km)
    JOIN admin_unit u ON u.code = a.code AND u.level = 'commune' AND u.lifetime @> current_date
    WHERE ST_DWithin(u.seat::geography, (SELECT {_POINT})::geography, a.km * 1000)
        AND NOT EXISTS (SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate)
    ORDER BY distance_m LIMIT 1
"""  # noqa: S608 - constants


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
    """The doors within `radius_m`, the nearest first; else the commune; empty outside Viet Nam.

    Degrees, WGS 84. Raises InvalidInputError for a point that is not on the earth.
    """
    check_point(lon=lon, lat=lat)
    statement = NEAREST_FEW if limit <= _FEW else _NEAREST_MANY
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
    """Raises InvalidInputError unless the point is on the earth."""
    for name, value, most in (("lon", lon, 180), ("lat", lat, 90)):
        if not math.isfinite(value) or abs(value) > most:
            raise InvalidInputError.of_field(
                name, "coordinate_out_of_range", f"degrees from -{most} to {most}"
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
    """The commune by its real polygon, its nearest households, its cell, or the islands around."""
    far = ("far_from_household",)
    if drawn:
        # Two polygons cover a point on their border.
        faults = (*far, "ambiguous") if len(drawn) > 1 else far
        answers = [_commune(unit, faults) for unit in drawn]
    elif near:
        answers = [_commune(near[0].unit, (*far, "boundary_approximate"))]
    else:
        point = {"lon": lon, "lat": lat}
        cells = (reads.rows(statement, point) for statement in (_CELL, _ARCHIPELAGO, _AROUND_SEAT))
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
