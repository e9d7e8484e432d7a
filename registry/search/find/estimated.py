"""Estimates the point of a number that is not registered: between its neighbours.

Numbers run along each side of a street, so a number is interpolated between the doors of two
registered ones of its side. Numbers in an alley are compared only with others of the same alley. If
the neighbours are too far apart, in numbers or in metres, there is no estimate: no point is better
than a wrong one. The answer stays `street`, without a code; its error is the distance to the
farther neighbour and their own. Streets whose numbers jump between sides get wrong points with too
small an error (`bench estimates`).
"""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Final, NamedTuple

from geo.house_number import HouseNumber
from geo.label import named
from geo.street import parse_street
from registry.core.batching import LINES, Ask, Query, bulk
from registry.core.reads import Row
from registry.core.sql import Statements
from registry.search.answers import Answer, with_fault
from registry.search.faults import POINT_ESTIMATED
from registry.search.read.door_with_units import ReadAddress
from registry.units.boundaries.reach import moved_m

STEPS: Final = 20
"""Greatest difference of a neighbour's number: ten houses."""
_NARROWEST_M, _WIDEST_M = 0.5, 15.0
"""Plausible metres per number; doors that a geocoder put in the middle of their street are nearer,
and those of another stretch of it farther.
"""
_UNKNOWN_ERROR_M: Final = 30.0
"""Assumed error of a neighbour's point with unknown accuracy."""
_MOST_M: Final = 150.0
"""Greatest error; beyond, the middle of the street is as good."""
_NUMBER: Final = re.compile(r"([1-9][0-9]{0,3})([A-Z]?)")
_LETTER: Final = 0.4
"""Distance from 27 to 27A and from 27A to 27B, in numbers."""
_ABSENT: Final = "house_number_not_found"
_OTHER_PLACE: Final = frozenset({"former_name", "former_differs", "commune_contradicted"})

SQL: Final = Statements(__file__, "queries.sql", lines=LINES, steps=str(STEPS))
_BESIDE: Final = bulk(
    SQL.written("beside_number"),
    (("at", "int"), ("unit_id", "int"), ("former_id", "int"), ("key", "text"), ("name", "text")),
    (("alley", "text"), ("number", "int")),
)


class Neighbour(NamedTuple):
    """A registered door of the same side."""

    number: float
    """Position among the numbers of the side: 27A is after 27."""
    lon: float
    lat: float
    accuracy_m: float | None


class Estimate(NamedTuple):
    """Estimated position of a door."""

    lon: float
    lat: float
    accuracy_m: float
    """Error, if the numbers run in order."""


def with_estimates(answers: list[Answer], reading: ReadAddress | None) -> Query[list[Answer]]:
    """Return the answers; streets and alleys that lack the number get its estimated point."""
    wanted = _wanted(reading.door.house_number) if reading is not None else None
    lines = [line for at, answer in enumerate(answers) if (line := _line(at, answer))]
    if wanted is None or not lines:
        return answers
    alley, number, place = wanted
    rows = yield Ask(_BESIDE, tuple(lines), (alley, number))
    estimated = list(answers)
    for at, doors in _by_answer(rows, alley).items():
        found = between(place, doors)
        if found is not None:
            lon, lat, accuracy_m = found
            placed = replace(answers[at], lon=lon, lat=lat, accuracy_m=accuracy_m)
            estimated[at] = with_fault(placed, POINT_ESTIMATED)
    return estimated


def between(number: float, doors: Iterable[Neighbour]) -> Estimate | None:
    """Interpolate a number between the nearest doors before and after it; None if that is too
    uncertain, or the number itself is registered.

    >>> here = [Neighbour(25, 105.8, 21.0, 5), Neighbour(29, 105.8002, 21.0, 5)]
    >>> between(27, here)
    Estimate(lon=105.8001, lat=21.0, accuracy_m=15)
    >>> between(31, here)
    """
    known = sorted(doors, key=attrgetter("number"))
    at = bisect_left(known, number, key=attrgetter("number"))
    if not 0 < at < len(known) or known[at].number == number:
        return None
    one, other = known[at - 1], known[at]
    steps = other.number - one.number
    metres = moved_m((one.lon, one.lat), (other.lon, other.lat))
    share = (number - one.number) / steps
    error = metres * max(share, 1 - share) + max(
        _UNKNOWN_ERROR_M if door.accuracy_m is None else door.accuracy_m for door in (one, other)
    )
    if not _NARROWEST_M * steps <= metres <= _WIDEST_M * max(steps, 2) or error > _MOST_M:
        return None
    return Estimate(
        round(one.lon + share * (other.lon - one.lon), 7),
        round(one.lat + share * (other.lat - one.lat), 7),
        round(error),
    )


def _wanted(number: HouseNumber | None) -> tuple[str, int, float] | None:
    """Return the alley as a prefix of keys, the number, and its position; None unless it is a plain
    house number.
    """
    if number is None or number.alley_only:
        return None
    *alley, last = number.parts
    read = _NUMBER.fullmatch(last)
    if read is None:
        return None
    return "".join(f"{step}/" for step in alley), int(read[1]), place_of(last)


def place_of(step: str) -> float:
    """Return the position of a house among the numbers of its side.

    >>> place_of("27"), place_of("27A"), place_of("27B")
    (27.0, 27.4, 27.8)
    """
    digits, letter = step.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), step[-1]
    behind = min(1.8, _LETTER * (ord(letter) - ord("A") + 1)) if letter.isalpha() else 0.0
    return int(digits) + behind


def _line(at: int, answer: Answer) -> tuple[int, int, int | None, str, str] | None:
    """Return the street of an answer that lacks only the number.

    None if the number is registered close by, or the street matched by a former name, since its
    numbers may differ then.
    """
    parts, unit, faults = answer.parts, answer.unit, answer.faults
    if unit is None or not parts.street_name or _ABSENT not in faults:
        return None
    street = parse_street(named(parts.street_kind, parts.street_name))
    if street is None or not _OTHER_PLACE.isdisjoint(faults):
        return None
    return at, unit.id, answer.former.id if answer.former else None, street.key, parts.street_name


def _by_answer(rows: Iterable[Row], alley: str) -> dict[int, list[Neighbour]]:
    found: dict[int, list[Neighbour]] = {}
    for _, at, key, lon, lat, accuracy_m in rows:
        place = place_of(key.removeprefix(alley))
        found.setdefault(at, []).append(Neighbour(place, lon, lat, accuracy_m))
    return found
