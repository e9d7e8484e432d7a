"""An address as one text, beside units that a form asked for in fields of their own."""

from collections.abc import Mapping
from typing import Final

from geo.admin import LEVELS, parse_name
from geo.text import fold

UNITS: Final = LEVELS[::-1]
"""What may stand beside a text, the smallest first."""
BESIDE: Final = (*UNITS, "postcode")
"""What is no part of a door."""
_NUMBERED: Final = {"commune": "Phường", "district": "Quận"}
"""The kind of a unit that is a mere number."""


def completed_text(address: str, units: Mapping[str, str | None]) -> str:
    """The text with the units that it does not name itself.

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
    """Whether a text names a unit; a street may bear the same name, so that a name without its kind
    has to be a part behind the first one, or a province at the end.
    """
    readings = parse_name(unit)
    # The names without the kind where one is written: `Quận 1` is not held by `Phường 1`.
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
