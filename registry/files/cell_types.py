"""What a cell of a small table may hold: each type reads a text, or raises ValueError.

`table_headers.csv` names the type of each column; `text:100` is text of at most 100 characters.
"""

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from geo import code as codes
from geo.code import CodeError
from geo.text import fold
from registry.core.days import parse_day

_HO: Final = re.compile(r"\s*hộ\s*$", re.IGNORECASE)
_COUNT: Final = re.compile(r"\d{1,9}|\d{1,3}(?:[., ]\d{3})+")
_UNIT_CODE: Final = re.compile(r"\d{1,5}")
_YES: Final = ("x", "yes", "true", "co", "1")
_BREAK: Final = re.compile(r"[,;\s]+")


class WrongPartsError(ValueError):
    """Some parts of a cell are wrong, and the others are not."""

    def __init__(self, parts: list[str]) -> None:
        super().__init__("; ".join(dict.fromkeys(parts)))


def _text(written: str, most: int = 0) -> str:
    if most and (len(written) > most or not written.isprintable()):
        raise ValueError(written)
    return written


def _count(written: str) -> int:
    """`1.234 hộ`."""
    figures = _HO.sub("", written)
    if not _COUNT.fullmatch(figures):
        raise ValueError(written)
    return int(re.sub(r"\D", "", figures))


def _unit(written: str, digits: int = 0) -> str:
    """The code of a unit, with the zeros that a spreadsheet took."""
    if not _UNIT_CODE.fullmatch(written):
        raise ValueError(written)
    return written.zfill(digits or (2 if len(written) < 3 else 5))


def _yes(written: str) -> bool:
    if fold(written) not in _YES:
        raise ValueError(written)
    return True


def _words(written: str) -> tuple[str, ...]:
    return tuple(filter(None, _BREAK.split(written)))


def _listed(written: str) -> tuple[str, ...]:
    """Parts of a cell: behind semicolons and lines; behind commas and blanks too, where all of them
    are codes.

    >>> _listed("00004, 00008"), _listed("Phường Láng, Hà Nội; 00004")
    (('00004', '00008'), ('Phường Láng, Hà Nội', '00004'))
    """
    words = _words(written)
    if all(map(str.isdigit, words)):
        return words
    return tuple(part.strip() for part in re.split(r"[;\n]", written) if part.strip())


def _codes(written: str) -> tuple[str, ...]:
    found: set[str] = set()
    wrong: list[str] = []
    for part in filter(str.strip, re.split(r"[,;\n]", written)):
        try:
            found.add(codes.validate(part))
        except CodeError:
            for each in part.split():  # several, with blanks between them
                try:
                    found.add(codes.validate(each))
                except CodeError:
                    wrong.append(each)
    if wrong:
        raise WrongPartsError(wrong)
    return tuple(sorted(found))


TYPES: Final = MappingProxyType[str, Callable[..., Any]](
    {
        "text": _text,
        "count": _count,
        "number": lambda written: float(written.replace(",", ".")),
        # Some programs add a time of day.
        "day": lambda written: parse_day(re.split("[ T]", written)[0]),
        "code": codes.validate,
        "codes": _codes,
        "unit": _unit,
        "words": _words,
        "list": _listed,
        "yes": _yes,
    }
)
"""Name of a type → what reads a text; a number behind the name is its second argument."""
TYPE_WORDS: Final = MappingProxyType(
    {
        "count": ("số nguyên", "whole number"),
        "number": ("số", "number"),
        "day": ("ngày: 02/11/2026 hoặc 2026-11-02", "day: 2026-11-02 or 02/11/2026"),
        "yes": ("`x`: đúng vậy", "`x`: it is so"),
    }
)
"""Types that are explained, in Vietnamese and in English."""


def reader_of(type_: str) -> Callable[[str], Any]:
    """What reads the texts of a type, `text:100` say."""
    name, _, number = type_.partition(":")
    read = TYPES[name]
    return (lambda written: read(written, int(number))) if number else read
