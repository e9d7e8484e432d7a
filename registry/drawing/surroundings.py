"""What lies around a door, and where in its province: for a small map without a script."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from geo.label import named, number_label
from registry.reads import Reads
from registry.records import OPEN

REACH_M: Final = 130
"""Half the height of the small map, which is about twice as wide."""
_MOST_STREETS: Final = 4
_METRES_NORTH: Final = 110_570
"""A degree of latitude."""

_NEIGHBOURS: Final = f"""
    SELECT ST_X(h.point), ST_Y(h.point), h.house_number_key, h.house_number, t.id, t.kind, t.name
    FROM household h LEFT JOIN place t ON t.id = h.street_id
    WHERE {OPEN} AND h.code <> %(code)s
        AND h.point && ST_MakeEnvelope(%(west)s::float8, %(south)s::float8, %(east)s::float8,
            %(north)s::float8, 4326)
    ORDER BY h.point <-> (SELECT ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326))
    LIMIT 120
"""  # noqa: S608 - constants
# Pixels of a picture of a given side, y downwards: coordinates of it are short numbers.
_OUTLINE: Final = """
    WITH unit AS (
        SELECT geom, approximate FROM map_unit
        WHERE unit_id = %(unit)s::int AND detail = 0 AND level = 'province'
    ), frame AS (
        SELECT ST_XMin(geom) AS x0, ST_YMax(geom) AS y1,
            %(side)s::float8 / greatest(ST_XMax(geom) - ST_XMin(geom),
                ST_YMax(geom) - ST_YMin(geom), 1) AS scale
        FROM unit
    ), at AS (
        SELECT ST_Transform(ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326), 3857)
            AS p
    )
    SELECT ST_AsSVG(ST_Scale(ST_Translate(geom, -x0, -y1), scale, scale), 1, 0), approximate,
        (ST_X(p) - x0) * scale, (y1 - ST_Y(p)) * scale
    FROM unit, frame, at
"""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in metres east and south of the door, and what is written there."""

    x: float
    y: float
    words: str | None


@dataclass(frozen=True, slots=True)
class Outline:
    """A province as the path of an SVG, in a square of OUTLINE_SIDE, with the door in it."""

    path: str
    approximate: bool
    x: float
    y: float


OUTLINE_SIDE: Final = 88


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is drawn around a door."""

    doors: tuple[Spot, ...]
    streets: tuple[Spot, ...]
    province: Outline | None
    """None where the map was not drawn yet."""


def surroundings(
    reads: Reads, *, code: str, lon: float, lat: float, province_id: int | None
) -> Surroundings:
    """Doors and names within REACH_M; the record of `code` itself is not among them."""
    metres_east = _metres_east(lat)
    across, down = 2 * REACH_M / metres_east, REACH_M / _METRES_NORTH
    box = {
        "code": code,
        "lon": lon,
        "lat": lat,
        "west": lon - across,
        "east": lon + across,
        "south": lat - down,
        "north": lat + down,
    }

    found: dict[int, list[Spot]] = {}
    doors = []
    for x, y, key, written, street, kind, name in reads.rows(_NEIGHBOURS, box):
        spot = _spot(x, y, lon, lat, number_label(key, written) if key else None)
        doors.append(spot)
        if street is not None:
            found.setdefault(street, []).append(replace(spot, words=named(kind, name)))
    # As they are called now: what the map has drawn may be a day old.
    streets = sorted(found.values(), key=len, reverse=True)[:_MOST_STREETS]
    return Surroundings(
        tuple(doors),
        tuple(_middle(street) for street in streets),
        _outline(reads, lon, lat, province_id),
    )


def numbered(points: Iterable[tuple[float, float]], *, lon: float, lat: float) -> tuple[Spot, ...]:
    """Points (lon, lat) around a door, with the numbers by which a list beside names them."""
    return tuple(_spot(x, y, lon, lat, str(at)) for at, (x, y) in enumerate(points, 1))


def _spot(x: float, y: float, lon: float, lat: float, words: str | None) -> Spot:
    return Spot((x - lon) * _metres_east(lat), (lat - y) * _METRES_NORTH, words)


def _metres_east(lat: float) -> float:
    return 111_320 * math.cos(math.radians(lat))


def _middle(doors: list[Spot]) -> Spot:
    """The door that lies most in the middle of those of a street."""
    east, south = (
        sum(axis) / len(doors) for axis in zip(*((d.x, d.y) for d in doors), strict=True)
    )
    return min(doors, key=lambda door: math.hypot(door.x - east, door.y - south))


def _outline(reads: Reads, lon: float, lat: float, province_id: int | None) -> Outline | None:
    if province_id is None:
        return None
    asked = {"unit": province_id, "side": float(OUTLINE_SIDE), "lon": lon, "lat": lat}
    rows = reads.rows(_OUTLINE, asked)
    return Outline(*rows[0]) if rows else None
