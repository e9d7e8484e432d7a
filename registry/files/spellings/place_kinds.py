"""Kinds of localities stated by the header of a column: `5` below `Tổ` is Tổ 5."""

import re
from typing import Final

from geo.address import parse_components
from geo.locality import DIVIDING, ESTATES, GROUPS, parse_locality
from geo.text import fold
from registry.files.spellings.headers import in_full

_NUMBERED: Final = frozenset({"tổ", "tổ dân phố", "khối", "khu phố", "thôn", "xóm"})
"""Kinds whose names are numbers or words, never a letter and a number like those of lots."""
_QUARTERS: Final = ("khu phố", "khối")
"""Kinds often preceded by a group: `5/3` may be Tổ 5 of Khu phố 3."""
_LIKE_FIGURES: Final = re.compile(r"[IlOo]\d+|\d+[IlOo]\d*")
_SHORT: Final = re.compile(r"([^\W\d_])\.\s*([^\W_][^,;.]*)")
_GROUP: Final = r"(?:T|TDP|Tổ)[\s.]*(?P<group>\d{1,3}[A-Z]?)"
_QUARTER: Final = r"(?:KP|Khu phố)[\s.]*(?P<quarter>\d{1,3}[A-Z]?)"
_GROUP_IN_QUARTER: Final = re.compile(rf"{_GROUP}\s*[-/.]?\s*{_QUARTER}", re.IGNORECASE)
_QUARTER_OF_GROUP: Final = re.compile(rf"{_QUARTER}\s*[-/.]?\s*{_GROUP}", re.IGNORECASE)
_PAIR: Final = re.compile(r"\d{1,3}\s*/\s*\d{1,3}")
_BY_LETTER: Final = {"T": "thôn", "X": "xóm"}
_LETTERED: Final = re.compile(r"([^\W\d_])\s?(\d{1,3}[A-Z]?)", re.IGNORECASE)


def kind_named(header: str) -> str:
    """The kind of locality that a header names; '' if it names none or several.

    >>> kind_named("Tên ấp"), kind_named("TDP"), kind_named("Thôn/xóm"), kind_named("locality")
    ('ấp', 'tổ dân phố', '', '')
    """
    name = in_full(header).removeprefix("ten ").removesuffix(" so")
    place = parse_locality(f"{name} 1")
    return place.kind if place is not None and place.name == "1" else ""


def with_kind(kind: str, cell: str) -> str:
    """The cell with the kind in front, unless it states one itself.

    >>> with_kind("tổ", "5"), with_kind("tổ", "Khu phố 2"), with_kind("tổ", "5, Khu phố 2")
    ('tổ 5', 'Khu phố 2', '5, Khu phố 2')
    >>> with_kind("thôn", "T. Đông"), with_kind("khối", "K5"), with_kind("", "X. Đoài")
    ('thôn Đông', 'khối 5', 'xóm Đoài')
    """
    cell = _in_words(kind, cell)
    if not kind or not cell:
        return cell
    read = parse_components(locality=cell).localities
    return f"{kind} {cell}" if len(read) == 1 and not read[0].kind else cell


def is_unclear_number(kind: str, cell: str) -> bool:
    """Whether the number of a locality is ambiguous: a letter for a digit, or two numbers.

    >>> is_unclear_number("khối", "I4"), is_unclear_number("khu", "I4")
    (True, False)
    >>> is_unclear_number("khu phố", "5/3"), is_unclear_number("tổ", "5/3")
    (True, False)
    """
    mistyped = kind in _NUMBERED and _LIKE_FIGURES.fullmatch(cell) is not None
    return mistyped or (kind in _QUARTERS and _PAIR.fullmatch(cell) is not None)


def _in_words(kind: str, cell: str) -> str:
    """The cell with its kind in front and in full, if it was behind the name or abbreviated."""
    if group := _GROUP_IN_QUARTER.fullmatch(cell) or _QUARTER_OF_GROUP.fullmatch(cell):
        return f"tổ {group['group']}, khu phố {group['quarter']}"
    if short := _SHORT.fullmatch(cell):
        letter, name = short.groups()
        full = kind if fold(kind[:1]) == fold(letter) else _BY_LETTER.get(letter.upper(), "")
        # `T. 5` may be Thôn 5 or Tổ 5 unless the header states the kind.
        if full and (full == kind or not name[0].isdigit() or full == "xóm"):
            return f"{full} {name}"
    if kind in _NUMBERED and (short := _LETTERED.fullmatch(cell)) and short[1].lower() == kind[0]:
        return f"{kind} {short[2]}"
    if kind and cell.endswith(f" {kind}"):
        return f"{kind} {cell.removesuffix(kind).strip()}"
    return cell


def depth_of(kind: str) -> int:
    """Nesting depth of a kind of locality, innermost first: groups are inside quarters."""
    if kind in GROUPS:
        return 0
    if kind in DIVIDING:
        return 1
    return 3 if kind in ESTATES else 2
