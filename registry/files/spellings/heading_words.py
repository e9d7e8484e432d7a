"""Read headings, a row above others or the name of a sheet: localities, or a street."""

import re
from functools import lru_cache
from typing import Final

from geo.address import parse_components
from geo.locality import Locality
from geo.street import STREETS

Groups = tuple[Locality, ...]

PLACE_HEADER: Final = "Thôn, tổ (nhóm)"
"""Header of the column for names of headings or sheets; it maps to a field when returned."""
_LONGEST: Final = 200
"""Most letters of a heading; longer text is not searched."""
_NUMBERING: Final = re.compile(
    r"^\s*(?:[IVXL]+|\d{1,3}|[A-ZĐ])\s*[.)/]\s+"
    r"|^\s*(?i:danh\s+sách(?:\s+(?:các|hộ|dân|gia\s+đình|thuộc|của|ở))*)\s+"
)
_BEHIND: Final = re.compile(
    r"\s*(?:\([^)]*\))?\s*:?\s*(?:(?i:(?<=[:\s])[-–]?\s*\d+\s*(?:hộ|nhà|khẩu|người)))?\s*$"
)
_STREETS: Final = frozenset(phrase.kind for phrase in STREETS)


def place_kinds(heading: str) -> tuple[str, ...]:
    """The kinds of the localities that a heading names, innermost first; empty for other text."""
    return tuple(group.kind for group in named_in(heading)[0])


def plain(heading: str) -> str:
    """The heading without its number and the count of rows below it."""
    return _BEHIND.sub("", _NUMBERING.sub("", heading)).strip()


@lru_cache(1_000)
def named_in(heading: str) -> tuple[Groups, str]:
    """The localities, innermost first, or the street; empty if anything else is named.

    >>> [(group.kind, group.name) for group in named_in("II. Tổ 5, Khu phố 2 (35 hộ):")[0]]
    [('tổ', '5'), ('khu phố', '2')]
    >>> named_in("1. Đường Lê Lợi (12 hộ)"), named_in("Nguyễn Văn Tổ"), named_in("12 Tổ 5")
    (((), 'Đường Lê Lợi'), ((), ''), ((), ''))
    """
    if len(heading) > _LONGEST:
        return (), ""
    text = plain(heading)
    door = parse_components(locality=text)
    if door.house_number is not None or door.flat is not None:
        return (), ""
    if door.street is not None:
        alone = not door.localities and door.street.kind in _STREETS
        return (), text if alone else ""
    return (door.localities if all(group.kind for group in door.localities) else ()), ""
