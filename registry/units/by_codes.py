"""Units of an address given by their codes."""

import datetime
from collections.abc import Sequence
from typing import Final

from registry.units.gazetteer import Gazetteer, Unit
from registry.units.text import read_units

CODE_UNKNOWN: Final = "unit_code_unknown"
"""Note of a reading, and fault of a result: a unit is given by an unknown code."""
CONTRADICTED: Final = "province_contradicted"
"""Note and fault: a commune is given by its code together with units that do not contain it."""
_DIGITS: Final = {"commune": 5, "district": 3, "province": 2}
"""Level, the smallest first → digits of its codes."""


def called_by_codes(
    gazetteer: Gazetteer, day: datetime.date, given: Sequence[str | None]
) -> tuple[list[str | None], tuple[str, ...]]:
    """Replace the codes of commune, district and province by names; also return the notes."""
    units: list[str | None] = []
    above: Unit | None = None
    unknown = False
    for level, written in zip(_DIGITS, given, strict=True):
        unit = _bearing(gazetteer, day, written, level)
        unknown |= unit is None and is_code(written, level)
        if level == "commune" and unit is not None:
            # The name of a commune may be ambiguous.
            above = gazetteer.province_of(unit, day) or unit
        if level == "province" and not written:
            unit = above
        units.append(unit.version_on(day).full_name if unit else written)
    notes = (CODE_UNKNOWN,) * unknown
    if above is not None and not _agree(gazetteer, day, units, above):
        # The code decides on the commune, whatever else is given.
        return [units[0], None, above.version_on(day).full_name], (*notes, CONTRADICTED)
    return units, notes


def is_code(written: str | None, level: str) -> bool:
    """Whether the text can only be a code: `1` may be Phường 1."""
    code = (written or "").strip()
    return code.isdecimal() and len(code) == _DIGITS[level]


def _agree(gazetteer: Gazetteer, day: datetime.date, units: list[str | None], above: Unit) -> bool:
    """Whether the units given with a commune's code contain it."""
    words = [word for word in units if word]
    named = read_units(gazetteer, ", ".join(words)) if words[1:] else []
    here = [naming.commune for naming in named if naming.commune is not None and not naming.unread]
    return not named or any((gazetteer.province_of(unit, day) or unit) is above for unit in here)


def _bearing(gazetteer: Gazetteer, day: datetime.date, code: str | None, level: str) -> Unit | None:
    """Return today's unit with the code, or else the last one."""
    found = gazetteer.with_code(code.strip()) if code else ()
    born = [
        unit for unit in found if unit.level == level and (unit.born is None or unit.born <= day)
    ]
    alive = (unit for unit in born if unit.alive_on(day))
    return next(alive, born[0] if born else None)
