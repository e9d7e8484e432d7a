"""Buildings by their names, and the flats in them, for suggestions.

In memory a building is one of the `Names`, identified by the serial of its code; what is shown is
read by code.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from geo.code import from_serial, to_serial
from geo.flat import parse_flat
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.records.record import COLUMNS, Record
from registry.search.autocomplete.suggestion import Place

SQL: Final = Statements(__file__, columns=COLUMNS)

_END: Final = "\U0010ffff"


def open_buildings(reads: Reads, lines: Iterable[Place]) -> dict[int, Record]:
    """Return serial → record of the lines' buildings that may be shown."""
    codes = [from_serial(i) for place in lines if place.of_buildings for i in place.ids]
    return {to_serial(record.code): record for record in open_doors(reads, codes)}


def open_doors(reads: Reads, codes: Sequence[str]) -> list[Record]:
    """Return the records of these codes that may be shown, in any order."""
    if not codes:
        return []
    return [Record(*row) for row in reads.rows(SQL.driver("open_doors"), {"codes": codes})]


def flats_in(reads: Reads, serials: Sequence[int], number: str) -> list[Record]:
    """Return the flats of these buildings with this number, then those whose number starts with
    it."""
    first = flat_number(number)
    if not serials or not first:
        return []
    codes = [from_serial(serial) for serial in serials]
    rows = reads.rows(SQL.driver("flats"), {"codes": codes, "first": first, "end": first + _END})
    return [Record(*row) for row in rows]


def flat_number(written: str) -> str | None:
    """Return the canonical number of a flat, or its prefix.

    >>> flat_number("12.05"), flat_number("12."), flat_number("04")
    ('1205', '12', '4')
    """
    flat = parse_flat(f"căn {written.rstrip('.-')}")
    return flat.unit if flat is not None else None
