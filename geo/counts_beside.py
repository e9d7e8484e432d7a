"""Counts in an address that are not part of it: `(3 tầng)`, `12 phòng`, `2 thùng`, `SL: 7`."""

import re
from typing import Final

from geo import lexicon

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
_GOODS: Final = "|".join(sorted(lexicon.names("beside", "counted"), key=len, reverse=True))
_COUNT: Final = rf"(?<!\d)(?:\d{{1,4}}(?:[.,]\d{{1,3}})?\s?(?:{_GOODS})|\d{{3,4}}\s?g)(?!\w)"
_DIGIT: Final = re.compile(r"\d")
_GOODS_BEHIND: Final = re.compile(
    rf"(?<=[^\s,;(–-])[\s,;(–-]+(?:(?:giao|gửi|ship)\s+)?{_COUNT}[^\d,;()]*\)?\s*$", re.IGNORECASE
)
_GOODS_BEFORE: Final = re.compile(
    rf"\s*(?:(?:đơn|don)\s+)?(?:{_COUNT}(?=[\s,;:-]+(?:số\s+)?\d)|\d{{1,4}}(?:[.,]\d{{1,3}})?\s?kg(?!\w))",
    re.IGNORECASE,
)
_LABELLED: Final = re.compile(
    rf"(?<!\w)(?:{'|'.join(lexicon.names('beside', 'label'))})\s*:\s*#?\d[\d.,/]*"
    # Not the first digits of a telephone or of money: `Tel: 0912 345 678`.
    rf"(?:\s?(?:{_GOODS}|k|đ|vnđ|vnd))?(?!\w|[ .-]\d{{3}})",
    re.IGNORECASE,
)


def without_counts(text: str) -> str:
    """Return the text without counts of rooms, storeys, people and goods.

    >>> without_counts("14 Láng (nhà 3 tầng), phường Láng"), without_counts("14 Láng 12 phòng")
    ('14 Láng , phường Láng', '14 Láng')
    >>> without_counts("14 Láng (tầng 3)"), without_counts("Căn 12 tầng 3, Tổ 5 hộ 2")
    ('14 Láng (tầng 3)', 'Căn 12 tầng 3, Tổ 5 hộ 2')
    >>> without_counts("502 chung cư 5 tầng, Láng")
    '502 chung cư 5 tầng, Láng'
    >>> [without_counts(text) for text in ("14 Láng, 2 thùng sữa", "2 kg 14 Láng", "2 bao")]
    ['14 Láng', ' 14 Láng', '2 bao']
    >>> [without_counts(text) for text in ("SL: 7 Láng", "Tổ 5 bộ đội", "Tel: 0912 345 678")]
    [',  Láng', 'Tổ 5 bộ đội', 'Tel: 0912 345 678']
    """
    if ":" in text:
        text = _LABELLED.sub(", ", text)
    if goods := _GOODS_BEFORE.match(text):
        text = text[goods.end() :]
    if _DIGIT.search(text, text.rfind(",") + 1):
        text = _GOODS_BEHIND.sub(_unless_alone, text)
    lower = text.lower()
    if not any(map(lower.__contains__, _SIGNS)):
        return text
    return _BEHIND.sub(_unless_named, _IN_BRACKETS.sub("", text))


def _unless_named(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    return found[0] if _KINDS.search(before) else ""


def _unless_alone(found: re.Match[str]) -> str:
    """Keep goods without an address with a number before them."""
    before = found.string[: found.start()]
    return "" if any(map(str.isdigit, before)) and not _KINDS.search(before) else found[0]
