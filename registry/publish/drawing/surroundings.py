"""What lies around a door, and where in its province: for a small map without a script."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from geo.label import named, number_label
from registry.core.reads import Reads
from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

REACH_M: Final = 130
"""Half the height of the small map, which is about twice as wide."""
_MOST_STREETS: Final = 4
_METRES_NORTH: Final = 110_570
"""A degree of latitude."""


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
    for x, y, key, written, street, kind, name in reads.rows(SQL.driver("neighbours"), box):
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
    rows = reads.rows(SQL.driver("outline"), asked)
    return Outline(*rows[0]) if rows else None
