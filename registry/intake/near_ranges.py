"""Ranges of numbers whose ends are doors of their own: 12-14 beside 12, or beside 14.

`12, 14` in a cell is one house over both numbers, or two houses that somebody wrote together.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import text

from registry.intake.staging import Staging

_RANGES: Final = r"""
    SELECT at, number_key FROM number WHERE number_key ~ '(^|/)[0-9]+[A-Z]?(-[0-9]+[A-Z]?)+$'
"""
_IN_FILE: Final = """
    INSERT INTO near (code, row_number, head)
    SELECT DISTINCT 'near_same_range', greatest(d.row_number, o.row_number),
        least(d.row_number, o.row_number)
    FROM range_end e
    JOIN written d ON d.number_at = e.at AND d.flat_at IS NULL
    JOIN number n ON n.number_key = e.number_key AND NOT n.alley_only
    JOIN written o ON o.number_at = n.at AND o.flat_at IS NULL AND o.unit_id = d.unit_id
        AND coalesce(o.former_id, d.former_id) IS NOT DISTINCT FROM
            coalesce(d.former_id, o.former_id)
    LEFT JOIN street s ON s.at = d.street_at
    LEFT JOIN street r ON r.at = o.street_at
    WHERE r.street_key IS NOT DISTINCT FROM s.street_key
        AND (d.street_at IS NOT NULL OR o.place_at IS NOT DISTINCT FROM d.place_at)
"""
# The register by streets alone: numbers without one are those of places, and seldom ranges.
_REGISTERED: Final = """
    INSERT INTO near (code, row_number, household)
    SELECT 'near_same_range', d.row_number, h.code
    FROM range_end e
    JOIN written d ON d.number_at = e.at AND d.flat_at IS NULL
    JOIN street s ON s.at = d.street_at
    JOIN thoroughfare t ON t.unit_id = d.unit_id AND t.own_key = s.street_key
        AND coalesce(t.former_unit_id, d.former_id) IS NOT DISTINCT FROM
            coalesce(d.former_id, t.former_unit_id)
    JOIN household h ON h.thoroughfare_id = t.id AND h.house_number_key = e.number_key
        AND h.kind = 'household' AND h.status IN ('active', 'proposed') AND h.unit_number IS NULL
        AND (h.code < '1') = :demo AND h.code IS DISTINCT FROM d.code
"""


def find_near_ranges(staging: Staging, *, demo: bool) -> None:
    """Add to the table `near` the rows of ranges of which an end is a row or a record, too.

    Needs the view `written`.
    """
    found = staging.connection.execute(text(_RANGES)).all()
    if not found:
        return
    staging.create("range_end", "at int, number_key text")
    staging.copy("range_end", ((at, end) for at, key in found for end in ends_of(key)))
    staging.connection.execute(text(_IN_FILE))
    staging.connection.execute(text(_REGISTERED), {"demo": demo})


def ends_of(key: str) -> Iterator[str]:
    """The numbers that a range names, each as the key of a house of its own.

    >>> list(ends_of("12-14")), list(ends_of("5/22-24-26A")), list(ends_of("12-12A"))
    (['12', '14'], ['5/22', '5/24', '5/26A'], ['12', '12A'])
    """
    path, slash, numbers = key.rpartition("/")
    yield from (f"{path}{slash}{number}" for number in numbers.split("-"))
