"""Numbers between others: of a house that bears several, and where a split commune cut a street.

A house of several numbers, 120-122, bears each of them, and those between: of its side of the
street where both ends are of one. A split commune is told by the registered numbers around.

The successors of a commune share its streets by side and by range. A number that stands between two
doors of its side in one of them, and beyond all doors of the others, is in that one. Where ranges
overlap, numbers begin anew in each, and where it is beyond all, nothing is known: somebody has to
be asked.
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


def houses_with(streets: list[Place], number: str) -> Query[list[str]]:
    """Keys of the houses of several numbers in these streets of which the number with this key is
    one.
    """
    rows = yield Ask(_SEVERAL, tuple((place.id,) for place in streets))
    return [key for _, key in rows if number in numbers_in_range(key)]


def are_numbered(
    places: Iterable[tuple[str, int, str]],
) -> Query[dict[tuple[str, int, str] | None, bool]]:
    """Whether any door has a number, of each place (class, commune, key) that has doors."""
    rows = yield Ask(_NUMBERED, tuple(places))
    return {tuple(place): numbered for _, *place, numbered in rows}


def in_whose_range(streets: list[Place], number: str) -> Query[list[Place]]:
    """The streets of the one commune in whose range a number is; all of them where that is unclear.

    `number` is the key of a house number: of `12/34` the first step counts, where the alley begins.
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
