"""Ranges of numbers: houses with several, and streets that a commune's split divided.

A house with a range, 120-122, has each of its numbers and those between, on its side of the street
if both ends are on one. The successors of a split commune share its streets by side and by range. A
number between two doors of its side in one of them, and beyond all doors of the others, is in that
one. If ranges overlap, or it is beyond all of them, it is unknown and has to be asked.
"""

import re
from collections.abc import Iterable
from typing import Final

from geo.number_ranges import numbers_in_range
from registry.core.batching import LINES, Ask, Query, bulk
from registry.core.sql import Statements
from registry.search.find.doors import Place

SQL: Final = Statements(__file__, "queries.sql", lines=LINES)
_FIRST: Final = re.compile(r"[0-9]{1,6}")
_RANGES: Final = bulk(
    SQL.written("ranges"),
    (("id", "bigint"),),
    (("number", "int"),),
)

_NUMBERED: Final = bulk(
    SQL.written("are_numbered"),
    (("class", "text"), ("unit_id", "bigint"), ("key", "text")),
)
_SEVERAL: Final = bulk(
    SQL.written("numbers_in_range"),
    (("id", "bigint"),),
)


def ranges_with(streets: list[Place], number: str) -> Query[list[str]]:
    """Return the keys of the ranges in these streets that include the number with this key."""
    rows = yield Ask(_SEVERAL, tuple((place.id,) for place in streets))
    return [key for _, key in rows if number in numbers_in_range(key)]


def are_numbered(
    places: Iterable[tuple[str, int, str]],
) -> Query[dict[tuple[str, int, str] | None, bool]]:
    """Return, for each place (class, commune, key) with doors, whether any of them has a number."""
    rows = yield Ask(_NUMBERED, tuple(places))
    return {tuple(place): numbered for _, *place, numbered in rows}


def streets_with_range(streets: list[Place], number: str) -> Query[list[Place]]:
    """Return the streets of the one commune whose range includes a number; all if that is unclear.

    `number` is the key of a house number: in `12/34` the first step counts, where the alley starts.
    """
    first = _FIRST.match(number)
    communes = {place.unit_id for place in streets}
    if first is None or len(communes) == 1:
        return streets
    wanted = int(first[0])
    rows = yield Ask(_RANGES, tuple((place.id,) for place in streets), (wanted,))
    ranges = {place_id: (least, most) for _, place_id, least, most in rows}
    around = [
        place
        for place in streets
        if place.id in ranges and ranges[place.id][0] < wanted < ranges[place.id][1]
    ]
    return around if len({place.unit_id for place in around}) == 1 else streets
