"""Postcodes in memory: the communes of a day for a postcode of any map."""

import datetime

from geo.words import is_postcode
from registry.core.schemes import POSTCODE, SCHEMES
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of


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


def is_of_postcode(
    gazetteer: Gazetteer, unit: Unit | None, communes: frozenset[int], day: datetime.date
) -> bool:
    """Whether a commune is one of these, or a province contains one."""
    if unit is None or not communes:
        return True
    if unit.level == "commune":
        return unit.id in communes
    return any(gazetteer.units[i].version_on(day).province_id == unit.id for i in communes)
