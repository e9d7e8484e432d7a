"""Doors over several numbers, 12-14, of which one is a door of its own, or of another such door.

`12, 14` in a cell is one house over both numbers, or two houses that somebody wrote together.
"""

import re
from collections.abc import Iterator
from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging

_RANGE: Final = "(^|/)[0-9]+[A-Z]?(-[0-9]+[A-Z]?)+$"
_RANGES: Final = f"SELECT at, number_key FROM number WHERE number_key ~ '{_RANGE}'"
_REGISTERED_RANGES: Final = f"""
    SELECT s.unit_id, s.former_id, s.street_at, h.code, h.house_number_key
    FROM near_street s
    JOIN household h ON h.thoroughfare_id = s.id AND h.house_number_key LIKE '%-%'
    WHERE h.kind = 'household' AND h.status IN ('active', 'proposed') AND h.unit_number IS NULL
        AND (h.code < '1') = :demo AND h.house_number_key ~ '{_RANGE}'
"""
_COVERED: Final = """
    SELECT * FROM unnest(CAST(:at AS int[]), CAST(:keys AS text[])) AS covered (at, number_key)
"""
# What rows bear: a number, or each of several.
_BORNE: Final = """
    SELECT at, number_key FROM covered
    UNION ALL
    SELECT at, number_key FROM number WHERE NOT alley_only
"""
# Tables of their own with statistics: from one statement of all these joins the planner expects a
# row or two, and goes through all rows of a commune for each.
_RANGED: Final = """
    SELECT d.row_number, d.unit_id, d.former_id, d.street_at, d.place_at, s.street_key,
        n.at AS number_at
    FROM covered e
    JOIN written d ON d.number_at = e.at AND d.flat_at IS NULL
    JOIN borne n ON n.number_key = e.number_key AND n.at <> e.at
    LEFT JOIN street s ON s.at = d.street_at
"""
_IN_FILE: Final = """
    INSERT INTO near (code, row_number, head)
    SELECT DISTINCT 'near_same_range', greatest(d.row_number, o.row_number),
        least(d.row_number, o.row_number)
    FROM ranged d
    JOIN written o ON o.number_at = d.number_at AND o.flat_at IS NULL AND o.unit_id = d.unit_id
        AND coalesce(o.former_id, d.former_id) IS NOT DISTINCT FROM
            coalesce(d.former_id, o.former_id)
    LEFT JOIN street r ON r.at = o.street_at
    WHERE r.street_key IS NOT DISTINCT FROM d.street_key
        AND (d.street_at IS NOT NULL OR o.place_at IS NOT DISTINCT FROM d.place_at)
"""
# The register by streets alone: numbers without one are those of places, and seldom ranges.
_REGISTERED: Final = """
    INSERT INTO near (code, row_number, household)
    SELECT 'near_same_range', d.row_number, h.code
    FROM covered e
    JOIN written d ON d.number_at = e.at AND d.flat_at IS NULL
    JOIN near_street s ON s.unit_id = d.unit_id AND s.street_at = d.street_at
        AND coalesce(s.former_id, 0) = coalesce(d.former_id, 0)
    JOIN household h ON h.thoroughfare_id = s.id AND h.house_number_key = e.number_key
        AND h.kind = 'household' AND h.status IN ('active', 'proposed') AND h.unit_number IS NULL
        AND (h.code < '1') = :demo AND h.code IS DISTINCT FROM d.code
"""
_IN_REGISTERED: Final = """
    INSERT INTO near (code, row_number, household)
    SELECT DISTINCT 'near_same_range', d.row_number, r.household
    FROM registered_range r
    JOIN borne n ON n.number_key = r.number_key
    JOIN written d ON d.number_at = n.at AND d.unit_id = r.unit_id AND d.street_at = r.street_at
        AND coalesce(d.former_id, 0) = coalesce(r.former_id, 0)
    JOIN number own ON own.at = d.number_at AND own.number_key <> r.range_key
    WHERE d.flat_at IS NULL AND d.code IS DISTINCT FROM r.household
"""
_NUMBER: Final = re.compile(r"(\d+)([A-Z]?)")
_MOST: Final = 40
"""Numbers from the first to the last of one house; between others anything may lie."""


def find_near_ranges(staging: Staging, *, demo: bool, known_streets: bool) -> None:
    """Add to the table `near` the rows that share a number with a row or record of several.

    Needs the view `written`, and `near_street` where any of its streets is known.
    """
    connection = staging.connection
    found = connection.execute(text(_RANGES)).all()
    if not found and not known_streets:
        return
    spanned = [(at, each) for at, key in found for each in numbers_of(key)]
    each_of: dict[str, object] = {
        "at": [at for at, _ in spanned],
        "keys": [key for _, key in spanned],
    }
    staging.select("covered", _COVERED, each_of, stats="at, number_key")
    staging.select("borne", _BORNE, stats="at, number_key")
    if found:
        staging.select("ranged", _RANGED, stats="unit_id, number_at, street_key")
        connection.execute(text(_IN_FILE))
    if not known_streets:
        return
    connection.execute(text(_REGISTERED), {"demo": demo})
    ranges = connection.execute(text(_REGISTERED_RANGES), {"demo": demo}).all()
    if ranges:
        staging.create(
            "registered_range",
            "unit_id int, former_id int, street_at int, household text, range_key text,"
            " number_key text",
        )
        rows = ((*each, number) for each in ranges for number in numbers_of(each[-1]))
        staging.copy("registered_range", rows)
        connection.execute(text(_IN_REGISTERED))


def numbers_of(key: str) -> Iterator[str]:
    """The numbers that a range names or spans, each as the key of a house of its own.

    From even to even the odd ones lie across the street.

    >>> list(numbers_of("12-16")), list(numbers_of("5/22-24-26A")), list(numbers_of("12-12C"))
    (['12', '14', '16'], ['5/22', '5/24', '5/26A'], ['12', '12A', '12B', '12C'])
    >>> list(numbers_of("7-10")), list(numbers_of("12-998"))
    (['7', '8', '9', '10'], ['12', '998'])
    """
    path, slash, last = key.rpartition("/")
    numbers = last.split("-")
    for number in _between(*numbers) if len(numbers) == 2 else numbers:
        yield f"{path}{slash}{number}"


def _between(first: str, last: str) -> list[str]:
    (low, one), (high, other) = (_NUMBER.findall(end)[0] for end in (first, last))
    if low == high:
        letters = (chr(at) for at in range(ord(one or "@") + 1, ord(other or "@")))
        return [first, *(f"{low}{letter}" for letter in letters), last]
    step, apart = 2 - (int(high) - int(low)) % 2, int(high) - int(low)
    if one or other or not 0 < apart <= _MOST:
        return [first, last]
    return [str(number) for number in range(int(low), int(high) + 1, step)]
