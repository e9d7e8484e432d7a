"""Where a split commune cut a street: told by the registered numbers around the one asked for.

The successors of a commune share its streets by side and by range. A number that stands between two
doors of its side in one of them, and beyond all doors of the others, is in that one. Where ranges
overlap, numbers begin anew in each, and where it is beyond all, nothing is known: somebody has to
be asked.
"""

import re
from typing import Final

from registry.records import OPEN
from registry.search.asking import Ask, Steps, bulk
from registry.search.doors import Place

_FIRST: Final = re.compile(r"[0-9]{1,6}")
_RANGES: Final = bulk(
    rf"""
    SELECT k.question, k.id, min(d.number), max(d.number)
    FROM {{k}} CROSS JOIN LATERAL (
        SELECT substring(h.house_number_key FROM '^\d{{1,6}}')::int AS number
        FROM household h
        WHERE h.thoroughfare_id = k.id AND {OPEN}
            AND h.house_number_key ~ '^\d' AND h.unit_number IS NULL
        LIMIT 20000
    ) d
    WHERE d.number %% 2 = k.number %% 2
    GROUP BY k.question, k.id
    """,  # noqa: S608 - constants
    (("id", "bigint"),),
    (("number", "int"),),
)


def in_whose_range(streets: list[Place], number: str) -> Steps[list[Place]]:
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
