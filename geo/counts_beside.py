"""Counts in an address that are not part of it: `(3 tầng)`, `12 phòng`."""

import re
from typing import Final

_COUNTED: Final = r"(?:phòng|tầng|lầu|căn|hộ|nhân khẩu|khẩu|người|ki[ -]?ốt|m2|m²)"
_IN_BRACKETS: Final = re.compile(
    rf"\(\s*(?:(?:có|gồm|nhà|dãy|khoảng)\s+)*\d+\s*{_COUNTED}(?:\s+[^\W\d_]+){{0,2}}\s*\)",
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(
    r"(?<=[^\W\d_])\s+\d+\s+(?:phòng|tầng|hộ|khẩu|người)(?=\s*(?:[,;]|$))", re.IGNORECASE
)
_SIGNS: Final = ("phòng", "tầng", "lầu", "căn", "hộ", "khẩu", "người", "ốt", "m2", "m²")
# Words after which such a count is a name: `tầng 5 phòng`, `Tổ 3 hộ` would be cut in two.
_KINDS: Final = re.compile(
    r"(?:tổ|thôn|xóm|ấp|số|ngõ|ngách|hẻm|kiệt|khu|khối|phố|tầng|phòng|căn|đường|quận|phường"
    r"|chung cư|tập thể|cc|ktt)$",
    re.IGNORECASE,
)


def without_counts(text: str) -> str:
    """Return the text without counts of rooms, storeys and people.

    >>> without_counts("14 Láng (nhà 3 tầng), phường Láng"), without_counts("14 Láng 12 phòng")
    ('14 Láng , phường Láng', '14 Láng')
    >>> without_counts("14 Láng (tầng 3)"), without_counts("Căn 12 tầng 3, Tổ 5 hộ 2")
    ('14 Láng (tầng 3)', 'Căn 12 tầng 3, Tổ 5 hộ 2')
    >>> without_counts("502 chung cư 5 tầng, Láng")
    '502 chung cư 5 tầng, Láng'
    """
    lower = text.lower()
    if not any(map(lower.__contains__, _SIGNS)):
        return text
    return _BEHIND.sub(_unless_named, _IN_BRACKETS.sub("", text))


def _unless_named(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    return found[0] if _KINDS.search(before) else ""
