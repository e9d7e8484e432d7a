"""Flats that are written with the mark of their block and without: A1205 and 1205 of block A."""

import re
from collections.abc import Iterator
from typing import Final

from sqlalchemy import text

from geo.flat import block_mark
from registry.intake.staged.staging import Staging

_MARKED: Final = """
    SELECT at, building_key, flat FROM flat
    WHERE building_key IS NOT NULL AND flat ~ '^[A-ZĐ]+[0-9.-]*[0-9]'
"""
_BESIDE: Final = """
    JOIN written d ON d.flat_at = t.at
    JOIN flat f ON f.at = t.at
    LEFT JOIN number n ON n.at = d.number_at
    LEFT JOIN street s ON s.at = d.street_at
"""
_IN_FILE: Final = f"""
    INSERT INTO near (code, row_number, head)
    SELECT 'near_same_flat', greatest(d.row_number, o.row_number), least(d.row_number, o.row_number)
    FROM flat_twin t
    {_BESIDE}
    JOIN flat g ON g.building_key = f.building_key AND g.flat = t.twin
    JOIN written o ON o.flat_at = g.at AND o.unit_id = d.unit_id
        AND coalesce(o.former_id, d.former_id) IS NOT DISTINCT FROM
            coalesce(d.former_id, o.former_id)
    LEFT JOIN number m ON m.at = o.number_at
    LEFT JOIN street r ON r.at = o.street_at
    WHERE m.number_key IS NOT DISTINCT FROM n.number_key
        AND r.street_key IS NOT DISTINCT FROM s.street_key
        AND (d.street_at IS NOT NULL OR o.place_at IS NOT DISTINCT FROM d.place_at)
"""
_REGISTERED: Final = f"""
    INSERT INTO near (code, row_number, household)
    SELECT 'near_same_flat', d.row_number, h.code
    FROM flat_twin t
    {_BESIDE}
    JOIN household h ON h.unit_id = d.unit_id AND h.building_key = f.building_key
        AND h.unit_number = t.twin AND h.house_number_key IS NOT DISTINCT FROM n.number_key
        AND h.status IN ('active', 'proposed') AND (h.code < '1') = :demo
        AND h.code IS DISTINCT FROM d.code
    LEFT JOIN thoroughfare w ON w.id = h.thoroughfare_id
    WHERE w.own_key IS NOT DISTINCT FROM s.street_key
"""


def find_near_flats(staging: Staging, *, demo: bool) -> None:
    """Add to the table `near` the rows of flats whose other writing is a row or a record, too.

    Needs the view `written`.
    """
    twins = list(_twins(staging))
    if not twins:
        return
    staging.create("flat_twin", "at int, twin text")
    staging.copy("flat_twin", twins)
    staging.connection.execute(text(_IN_FILE))
    staging.connection.execute(text(_REGISTERED), {"demo": demo})


def _twins(staging: Staging) -> Iterator[tuple[int, str]]:
    for at, building_key, flat in staging.connection.execute(text(_MARKED)):
        mark = block_mark(building_key)
        if mark and (twin := without_mark(flat, mark)):
            yield at, twin


def without_mark(flat: str, mark: str) -> str | None:
    """The number of a flat behind the mark of its block; None where it does not begin with it.

    >>> without_mark("A1205", "a"), without_mark("A12-05", "a"), without_mark("CT1.1205", "ct1")
    ('1205', '1205', '1205')
    >>> without_mark("B1205", "a"), without_mark("A", "a"), without_mark("A11205", "a1")
    (None, None, '1205')
    """
    if not flat.upper().startswith(mark.upper()):
        return None
    number = re.sub(r"[.\-\s]", "", flat[len(mark) :])
    return number if number[:1].isdigit() else None
