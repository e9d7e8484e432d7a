"""Combines an address in one text with units from separate fields of a form."""

from collections.abc import Mapping
from typing import Final

from geo.admin import LEVELS, parse_name
from geo.text import fold

UNITS: Final = LEVELS[::-1]
"""Units in separate fields, the smallest first."""
BESIDE: Final = (*UNITS, "postcode")
"""Fields that are not part of a door."""
_NUMBERED: Final = {"commune": "Phường", "district": "Quận"}
"""Kind of a unit that is only a number."""


def completed_text(address: str, units: Mapping[str, str | None]) -> str:
    """Return the text with the units added that it does not name.

    >>> completed_text("27 Láng, P. Láng", {"commune": "Láng", "province": "Hà Nội"})
    '27 Láng, P. Láng, Hà Nội'
    >>> completed_text("27 Láng", {"commune": "Láng", "district": "5"})
    '27 Láng, Láng, Quận 5'
    """
    for level in UNITS:
        unit = units.get(level)
        if unit is not None and unit.isdigit() and level in _NUMBERED:
            unit = f"{_NUMBERED[level]} {unit}"
        if unit is not None and not _names(address, unit, level):
            address = f"{address}, {unit}"
    return address


def _names(address: str, unit: str, level: str) -> bool:
    """Whether a text names a unit. A street may have the same name, so a name without its kind must
    be a part after the first one, or a province at the end.
    """
    readings = parse_name(unit)
    # Names with their kinds, if given: `Phường 1` is not `Quận 1`.
    here = {(reading.key, reading.kinds) for reading in readings}
    for part in address.split(",")[1:]:
        for reading in parse_name(part.strip()):
            for key, kinds in here:
                if key == reading.key and (not (kinds and reading.kinds) or kinds == reading.kinds):
                    return True
    words, text = fold(unit), f" {fold(address)} "
    if any(reading.kinds for reading in readings):
        return f" {words} " in text
    return level == "province" and text.endswith(f" {words} ")
