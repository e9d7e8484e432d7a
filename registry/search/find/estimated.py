"""Where a number that is not registered probably stands: between its neighbours.

A street's numbers run along each of its sides. A number between two registered ones of its side
lies between their doors, as far along as it is between their numbers. Numbers in an alley are
compared with others of the same alley alone. Where neighbours are too far apart, in numbers or in
metres, nothing is supposed: no point is better than a wrong one.
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
"""Numbers on either side within which a neighbour is looked for: ten houses."""
_NARROWEST_M, _WIDEST_M = 0.5, 15.0
"""Metres between two numbers, as streets have them; doors that a geocoder put in the middle of
their street lie nearer, and those of another stretch of it farther.
"""
_UNSAID_M: Final = 30.0
"""How far a neighbour may be from its point where nobody said."""
_MOST_M: Final = 150.0
"""An error beyond which the middle of the street says as much."""
_NUMBER: Final = re.compile(r"([1-9][0-9]{0,3})([A-Z]?)")
_LETTER: Final = 0.4
"""Of a number, how far 27A lies behind 27 and 27B behind 27A."""
_ABSENT: Final = "house_number_not_found"
_OTHERWISE: Final = frozenset({"former_name", "former_differs", "commune_contradicted"})

SQL: Final = Statements(__file__, "queries.sql", lines=LINES, steps=str(STEPS))
_BESIDE: Final = bulk(
    SQL.written("beside_number"),
    (("at", "int"), ("unit_id", "int"), ("former_id", "int"), ("key", "text"), ("name", "text")),
    (("alley", "text"), ("number", "int")),
)


class Neighbour(NamedTuple):
    """A registered door of the same side."""

    number: float
    """Its place among the numbers of the side: 27A stands behind 27."""
    lon: float
    lat: float
    accuracy_m: float | None


class Estimate(NamedTuple):
    """Where a door probably is."""

    lon: float
    lat: float
    accuracy_m: float
    """Within which it lies where the numbers run in order."""


def with_estimates(answers: list[Answer], reading: ReadAddress | None) -> Query[list[Answer]]:
    """The answers; streets and alleys without the number asked for at its estimated point."""
    wanted = _wanted(reading.door.house_number) if reading is not None else None
    lines = [line for at, answer in enumerate(answers) if (line := _line(at, answer))]
    if wanted is None or not lines:
        return answers
    alley, number, place = wanted
    rows = yield Ask(_BESIDE, tuple(lines), (alley, number))
    told = list(answers)
    for at, doors in _by_answer(rows, alley).items():
        found = between(place, doors)
        if found is not None:
            lon, lat, accuracy_m = found
            placed = replace(answers[at], lon=lon, lat=lat, accuracy_m=accuracy_m)
            told[at] = with_fault(placed, POINT_ESTIMATED)
    return told


def between(number: float, doors: Iterable[Neighbour]) -> Estimate | None:
    """Where a number stands between the nearest doors before and behind it; None where that is not
    known well enough, or the number itself is registered.

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
        _UNSAID_M if door.accuracy_m is None else door.accuracy_m for door in (one, other)
    )
    if not _NARROWEST_M * steps <= metres <= _WIDEST_M * max(steps, 2) or error > _MOST_M:
        return None
    return Estimate(
        round(one.lon + share * (other.lon - one.lon), 7),
        round(one.lat + share * (other.lat - one.lat), 7),
        round(error),
    )


def _wanted(number: HouseNumber | None) -> tuple[str, int, float] | None:
    """The alley of a number as keys begin with it, the number, and its place; None for what is no
    plain number of a house.
    """
    if number is None or number.alley_only:
        return None
    *alley, last = number.parts
    read = _NUMBER.fullmatch(last)
    if read is None:
        return None
    return "".join(f"{step}/" for step in alley), int(read[1]), place_of(last)


def place_of(step: str) -> float:
    """The place of a house among the numbers of its side.

    >>> place_of("27"), place_of("27A"), place_of("27B")
    (27.0, 27.4, 27.8)
    """
    digits, letter = step.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), step[-1]
    behind = min(1.8, _LETTER * (ord(letter) - ord("A") + 1)) if letter.isalpha() else 0.0
    return int(digits) + behind


def _line(at: int, answer: Answer) -> tuple[int, int, int | None, str, str] | None:
    """The street of an answer that lacks the number alone: where the number is registered close by,
    or the street was called otherwise, its numbers may be others.
    """
    parts, unit, faults = answer.parts, answer.unit, answer.faults
    if unit is None or not parts.street_name or _ABSENT not in faults:
        return None
    street = parse_street(named(parts.street_kind, parts.street_name))
    if street is None or not _OTHERWISE.isdisjoint(faults):
        return None
    return at, unit.id, answer.former.id if answer.former else None, street.key, parts.street_name


def _by_answer(rows: Iterable[Row], alley: str) -> dict[int, list[Neighbour]]:
    found: dict[int, list[Neighbour]] = {}
    for _, at, key, lon, lat, accuracy_m in rows:
        place = place_of(key.removeprefix(alley))
        found.setdefault(at, []).append(Neighbour(place, lon, lat, accuracy_m))
    return found
