"""Units of an address that a program gives by their codes."""

import datetime
from collections.abc import Sequence
from typing import Final

from registry.units.gazetteer import Gazetteer, Unit
from registry.units.text import read_units

CODE_UNKNOWN: Final = "unit_code_unknown"
"""Note of a reading, and fault of what is found: a unit is given by a code that none bears."""
CONTRADICTED: Final = "province_contradicted"
"""The same of a commune that is given by its code beside units that do not hold it."""
_DIGITS: Final = {"commune": 5, "district": 3, "province": 2}
"""Level, the smallest first → digits of its codes."""


def called_by_codes(
    gazetteer: Gazetteer, day: datetime.date, given: Sequence[str | None]
) -> tuple[list[str | None], tuple[str, ...]]:
    """Commune, district and province as they are called, where codes are given; with the notes."""
    units: list[str | None] = []
    above: Unit | None = None
    unknown = False
    for level, written in zip(_DIGITS, given, strict=True):
        unit = _bearing(gazetteer, day, written, level)
        unknown |= unit is None and is_code(written, level)
        if level == "commune" and unit is not None:
            # A commune's name alone may be that of others.
            above = gazetteer.province_of(unit, day) or unit
        if level == "province" and not written:
            unit = above
        units.append(unit.version_on(day).full_name if unit else written)
    notes = (CODE_UNKNOWN,) * unknown
    if above is not None and not _agree(gazetteer, day, units, above):
        # The code says which commune is meant, whatever stands beside it.
        return [units[0], None, above.version_on(day).full_name], (*notes, CONTRADICTED)
    return units, notes


def is_code(written: str | None, level: str) -> bool:
    """Whether a unit is given by what can only be a code: `1` may be Phường 1."""
    code = (written or "").strip()
    return code.isdecimal() and len(code) == _DIGITS[level]


def _agree(gazetteer: Gazetteer, day: datetime.date, units: list[str | None], above: Unit) -> bool:
    """Whether what stands beside a commune that is given by its code is around it."""
    words = [word for word in units if word]
    named = read_units(gazetteer, ", ".join(words)) if words[1:] else []
    here = [naming.commune for naming in named if naming.commune is not None and not naming.unread]
    return not named or any((gazetteer.province_of(unit, day) or unit) is above for unit in here)


def _bearing(gazetteer: Gazetteer, day: datetime.date, code: str | None, level: str) -> Unit | None:
    """The unit of today that bears the code, or else the last that bore it."""
    found = gazetteer.with_code(code.strip()) if code else ()
    born = [
        unit for unit in found if unit.level == level and (unit.born is None or unit.born <= day)
    ]
    alive = (unit for unit in born if unit.alive_on(day))
    return next(alive, born[0] if born else None)
