"""Placeholders in a cell instead of a name or number: ditto marks, and words for "none"."""

import re
from typing import Final

from geo.text import fold

_DITTO: Final = re.compile(
    r"(?:(?:nt|n t|nhu( dong)? tren|nhu( o)? tren|tuong tu|idem|ditto)\b ?)+"
)
"""Folded: `nt` is short for `như trên`."""
_MARKS: Final = frozenset("\"“”„″〃'‘’′`´/\\")
_LONGEST: Final = 30
_NONE: Final = re.compile(
    r"(?:ten )?(?:(?:duong|pho|ngo|hem|thon|to|so|so nha) )?"
    r"(?:khong|chua)(?: (?:co|dat|duoc|ro|biet|cap|danh|ten|so|nha|duong|pho))*"
    r"|null|none|nan|n a"
)
_MAY_BE_NONE: Final = frozenset("kcKCnNtTđĐdDpPhHsS")
_MAY_BE_DITTO: Final = frozenset("nNiIdDtT") | _MARKS


def is_ditto(cell: str) -> bool:
    """Whether the cell only repeats the one above: `"`, `nt`, `-nt-`, `như trên`, `//`.

    >>> [is_ditto(cell) for cell in ('"', "-nt-", "N.T", "Như trên", "//", "''")]
    [True, True, True, True, True, True]
    >>> [is_ditto(cell) for cell in ("", "-", "/", "NT1", "Nhu Trên Láng", "Tương Tư")]
    [False, False, False, False, False, False]
    """
    text = cell.strip(" .-–()")
    if not text or len(text) > _LONGEST or text[0] not in _MAY_BE_DITTO:
        return False
    if text[0] in _MARKS:
        return text != "/" and set(text) <= _MARKS
    return text.lower() != "tương tư" and _DITTO.fullmatch(fold(text)) is not None


def is_none(cell: str) -> bool:
    """Whether the cell states that there is no name or number, or not yet.

    >>> [is_none(cell) for cell in ("Không tên", "chưa đặt tên", "Đường chưa có tên", "NULL")]
    [True, True, True, True]
    >>> [is_none(cell) for cell in ("Không tên 3", "Chùa", "Khổng Tử", "")]
    [False, False, False, False]
    """
    text = cell.strip(" .-–()")
    if not text or len(text) > _LONGEST or text[0] not in _MAY_BE_NONE:
        return False
    return _NONE.fullmatch(fold(text)) is not None and not _is_name(text)


def _is_name(text: str) -> bool:
    """Whether it is another word by its diacritics: `Chùa`, `Khổng`."""
    return not text.isascii() and any(
        fold(word) in ("khong", "chua") and word.lower() not in ("không", "chưa")
        for word in text.split()
    )
