"""The surroundings of a door and its place in the province, for a small map without a script."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from geo.label import named, number_label
from registry.core.reads import Reads
from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

REACH_M: Final = 130
"""Half the height of the small map, in metres; it is about twice as wide."""
_MOST_STREETS: Final = 4
_NUMBER: Final = re.compile(r"(?:(.*)/)?(\d+)[^/]*")
"""The path to an alley, and the number there."""
_METRES_NORTH: Final = 110_570
"""A degree of latitude."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A label at a point, in metres east and south of the door."""

    x: float
    y: float
    words: str | None


@dataclass(frozen=True, slots=True)
class Outline:
    """A province as an SVG path in a square of OUTLINE_SIDE, with the position of the door."""

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
    rows: tuple[tuple[Spot, ...], ...]
    """Doors of one side of a street or an alley, by number: about where it runs"""
    province: Outline | None
    """None before the map is first drawn."""


def surroundings(
    reads: Reads, *, code: str, lon: float, lat: float, province_id: int | None
) -> Surroundings:
    """Return doors and street names within REACH_M, without the record of `code` itself."""
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
    numbered_doors = []
    for x, y, key, written, street, kind, name in reads.rows(SQL.driver("neighbours"), box):
        spot = _spot(x, y, lon, lat, number_label(key, written) if key else None)
        doors.append(spot)
        if street is not None:
            found.setdefault(street, []).append(replace(spot, words=named(kind, name)))
            numbered_doors.append((street, key or "", spot))
    # Current names: those drawn on the map may be a day old.
    streets = sorted(found.values(), key=len, reverse=True)[:_MOST_STREETS]
    return Surroundings(
        tuple(doors),
        tuple(_middle(street) for street in streets),
        tuple(_rows(numbered_doors)),
        _outline(reads, lon, lat, province_id),
    )


def numbered(points: Iterable[tuple[float, float]], *, lon: float, lat: float) -> tuple[Spot, ...]:
    """Number points (lon, lat) around a door, as a list beside the map does."""
    return tuple(_spot(x, y, lon, lat, str(at)) for at, (x, y) in enumerate(points, 1))


def _spot(x: float, y: float, lon: float, lat: float, words: str | None) -> Spot:
    return Spot((x - lon) * _metres_east(lat), (lat - y) * _METRES_NORTH, words)


def _metres_east(lat: float) -> float:
    return 111_320 * math.cos(math.radians(lat))


def _middle(doors: list[Spot]) -> Spot:
    """Return the most central door of a street."""
    east, south = (
        sum(axis) / len(doors) for axis in zip(*((d.x, d.y) for d in doors), strict=True)
    )
    return min(doors, key=lambda door: math.hypot(door.x - east, door.y - south))


def _rows(doors: Iterable[tuple[int, str, Spot]]) -> Iterator[tuple[Spot, ...]]:
    sides: dict[tuple[int, str | None, int], list[tuple[int, Spot]]] = defaultdict(list)
    for street, key, spot in doors:
        if read := _NUMBER.fullmatch(key):
            number = int(read[2])
            sides[street, read[1], number % 2].append((number, spot))
    for side in sides.values():
        yield tuple(spot for _, spot in sorted(side, key=lambda door: door[0]))


def _outline(reads: Reads, lon: float, lat: float, province_id: int | None) -> Outline | None:
    if province_id is None:
        return None
    asked = {"unit": province_id, "side": float(OUTLINE_SIDE), "lon": lon, "lat": lat}
    rows = reads.rows(SQL.driver("outline"), asked)
    return Outline(*rows[0]) if rows else None
