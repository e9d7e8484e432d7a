"""Postcodes in memory: the communes that one means, of any map, in terms of a day's."""

import datetime

from geo.words import is_postcode
from registry.core.schemes import POSTCODE, SCHEMES
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of


def read_postcode(written: str) -> str | None:
    """A postcode, of five digits or of the six of before; None for anything else."""
    digits = written.replace(" ", "")
    try:
        return SCHEMES[POSTCODE].read(digits)
    except ValueError:
        return digits if is_postcode(digits) else None


def communes_with_postcode(
    gazetteer: Gazetteer, postcode: str, day: datetime.date
) -> frozenset[int]:
    """Ids of the communes of a day that have a postcode, or continue one that had it; empty for
    what is no postcode of the register, as those of before August 2025 are.
    """
    had = gazetteer.ever_identified(POSTCODE, read_postcode(postcode) or "")
    return frozenset().union(*(communes_of(gazetteer, day, unit) for unit in had))


def is_of_postcode(
    gazetteer: Gazetteer, unit: Unit | None, communes: frozenset[int], day: datetime.date
) -> bool:
    """Whether a commune is one of these, or a province holds one."""
    if unit is None or not communes:
        return True
    if unit.level == "commune":
        return unit.id in communes
    return any(gazetteer.units[i].version_on(day).province_id == unit.id for i in communes)
