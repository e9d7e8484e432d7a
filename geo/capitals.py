"""Capitalize names that are written in lower case or in capitals only."""

import re
from typing import Final

from geo.syllables import is_syllable
from geo.text import fold

_LONGEST_MARK: Final = 4
"""Letters of the longest abbreviation: `UBND`, `HTX`."""
_ROMAN: Final = re.compile("[IVX]+")


def tidy(name: str) -> str:
    """Return a name in title case if it is all lower case or all capitals, else unchanged.

    >>> tidy("trần duy hưng"), tidy("TRẦN DUY HƯNG"), tidy("Cách mạng Tháng 8"), tidy("31ha")
    ('Trần Duy Hưng', 'Trần Duy Hưng', 'Cách mạng Tháng 8', '31HA')
    >>> tidy("KDC ĐÔNG AN II"), tidy("QL1A"), tidy("EA M'DROH"), tidy("SỐ 7"), tidy("D")
    ('KDC Đông An II', 'QL1A', "EA M'Droh", 'Số 7', 'D')
    """
    if name == name.lower():
        return " ".join(w.upper() if w[:1].isdigit() else w.title() for w in name.split(" "))
    return " ".join(map(_word, name.split(" "))) if name == name.upper() else name


def _word(word: str) -> str:
    """Return one word of a name in capitals in title case; marks and abbreviations keep
    capitals."""
    if not any(map(str.islower, word.lower())) or _ROMAN.fullmatch(word):
        return word
    known = any(map(str.isdigit, word)) or (
        len(word) <= _LONGEST_MARK and not is_syllable(fold(word))
    )
    return word if known else word.title()
