"""Format an address as lines of a letter, the postcode after the province (UPU S42, Viet Nam)."""

import datetime
from collections.abc import Iterable, Iterator
from typing import Final

from geo.text import to_plain_signs, transliterate
from registry.core.schemes import POSTCODE
from registry.records.record import DatedLabel, Wording
from registry.units.gazetteer import Unit

_LINE: Final = 40
"""Maximum characters of a line with several parts of an address."""
_COUNTRY: Final = "VIET NAM"


def postcode_of(words: Wording, day: datetime.date) -> str | None:
    """Return the postcode of the commune on a day; None if unknown."""
    return words.commune.identifier(POSTCODE, day) if words.commune else None


def postal_lines(words: Wording | DatedLabel, day: datetime.date) -> tuple[str, ...]:
    """Return the lines below the addressee, for domestic mail; empty if the unit is unknown."""
    inner: tuple[Unit | None, ...]
    if isinstance(words, Wording):
        inner = (words.commune,)
    elif words.label is None:
        return ()
    else:
        inner = (*words.units, words.district)
    province = words.province
    lines = [*_filled(words.door)]
    lines += [unit.version_on(day).full_name for unit in inner if unit is not None]
    if province is not None:
        called = province.version_on(day)
        name = called.name if called.kind == "thanh_pho" else called.full_name
        postcode = inner[0].identifier(POSTCODE, day) if inner[0] else None
        lines.append(" ".join(filter(None, (name, postcode))))
    return tuple(lines)


def foreign_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Convert lines for mail from abroad: ASCII capitals, with the country.

    >>> foreign_lines(("27 Phố Láng", "Phường Láng", "Hà Nội 11528"))
    ('27 PHO LANG', 'PHUONG LANG', 'HA NOI 11528', 'VIET NAM')
    """
    plain = (transliterate(to_plain_signs(line)) for line in lines)
    ascii_only = (line.encode("ascii", "ignore").decode().upper() for line in plain)
    return (*ascii_only, _COUNTRY)


def _filled(parts: Iterable[str]) -> Iterator[str]:
    """Join parts into lines up to the maximum length."""
    line = ""
    for part in parts:
        if line and len(line) + len(part) + 2 > _LINE:
            yield line
            line = part
        else:
            line = f"{line}, {part}" if line else part
    if line:
        yield line
