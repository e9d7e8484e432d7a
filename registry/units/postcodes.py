"""Postcodes in memory: the communes of a day for a postcode of any map."""

import datetime
from collections import defaultdict
from typing import Final

from geo.words import is_postcode
from registry.core.schemes import POSTCODE, SCHEMES
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of
from registry.units.remembered import Remembered

_DIGITS: Final = 5
_ranges: Final = Remembered[datetime.date, dict[str, frozenset[int]]](8)


def read_postcode(written: str) -> str | None:
    """Return a postcode of five digits, or of the former six; None for anything else."""
    digits = written.replace(" ", "")
    try:
        return SCHEMES[POSTCODE].read(digits)
    except ValueError:
        return digits if is_postcode(digits) else None


def communes_with_postcode(
    gazetteer: Gazetteer, postcode: str, day: datetime.date
) -> frozenset[int]:
    """Return ids of the communes of a day that have a postcode, or continue one that had it; empty
    for an unknown postcode, such as those before August 2025.
    """
    had = gazetteer.ever_identified(POSTCODE, read_postcode(postcode) or "")
    return frozenset().union(*(communes_of(gazetteer, day, unit) for unit in had))


def provinces_of_range(gazetteer: Gazetteer, postcode: str, day: datetime.date) -> frozenset[int]:
    """Return ids of the provinces whose communes have postcodes with these first two digits.

    Ranges went to the successors of provinces in 2025, so that postcodes from before lie in them,
    too. Empty for a range without a province, and for six digits.
    """
    known = _ranges.of(gazetteer)
    ranges = known.get(day)
    if ranges is None:
        found: dict[str, set[int]] = defaultdict(set)
        for unit in gazetteer.alive(day, level="commune"):
            province = unit.version_on(day).province_id
            if province is not None and (written := unit.identifier(POSTCODE, day)):
                found[written[:2]].add(province)
        ranges = _ranges.keep(known, day, {key: frozenset(ids) for key, ids in found.items()})
    return ranges.get(postcode[:2], frozenset()) if len(postcode) == _DIGITS else frozenset()


def is_of_postcode(
    gazetteer: Gazetteer, unit: Unit | None, communes: frozenset[int], day: datetime.date
) -> bool:
    """Whether a commune is one of these, or a province contains one."""
    if unit is None or not communes:
        return True
    if unit.level == "commune":
        return unit.id in communes
    return any(gazetteer.units[i].version_on(day).province_id == unit.id for i in communes)
