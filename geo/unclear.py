"""Texts that do not mean exactly one door: two houses, a neighbour's, a measure, a guess.

One table for free texts and for cells of columns, which are texts with a known role. Unclear texts
are asked about, and never read as the likeliest.
"""

import re
from typing import Final

from geo import lexicon
from geo.text import fold

_EITHER: Final = r"=>|->|→|⇒|(?i:\bhoặc\b|\bchuyển (?:đến|sang|về|tới|qua)\b)"
_SIGNS: Final = "²³¹⁰-⁹①-⑳½¼¾"
_NOW: Final = r"(?i:\bnay (?:là|thuộc|đổi)\b)"
_CORNERS, _PARTS = ("|".join(lexicon.names("beside", use)) for use in ("corner", "part"))
_NEIGHBOURS: Final = "|".join(map(fold, lexicon.names("beside", "neighbour")))
_TABLE: Final = (
    # The writer was not sure, or names two: `40? Láng`, `40 Láng hoặc 42 Láng`.
    ("number street place text", r"\?"),
    ("number street place text", _EITHER),
    # A note, or a measure: `40²`, `½`, `12m2`, `5x12`; `7A-B` is not 7A/B.
    ("number text", rf"\d[{_SIGNS}]"),
    ("number", rf"[{_SIGNS}]|\dm2|\d\s?[x×]\s?\d"),
    ("number text", r"\d(?:[A-Z]-)+[A-Z](?![\w/])"),
    # A sign that no path has, a separate letter, an alley without number; `l2` may be 12 or L2.
    ("number", r"[≠\\]|\d\.[A-Za-zĐđ]$|\d\s*[_\[{|]\s*\d|\d\s*\([A-Za-zĐđ]\)|(?<![^\W_])l\d"),
    ("number", r"\b(?i:ngõ|ngách|hẻm|kiệt)\s*$"),
    # Two numbers on two lines or in a list are not a path: `12/3, 12/5`.
    ("number", r"\d\w?\s*[\r\n;]\s*\d|/\s*\d+\w?\s*[,&+]\s*\d+\w?\s*/"),
    # `307B-20` is not a range but a flat of a block and a house.
    ("number", r"^\s*\d{3,4}[A-Za-z]\d?\s*[-–]\s*\d{1,2}[A-Za-z]?\s*$"),
    # `1.234`, how programs write 1234 in Viet Nam, or 1,234 with three decimals; `0.5`, `2 1/3`,
    # `12%`, how they write what they took for a fraction.
    ("number", r"^(?:\d{1,3}(?:\.\d{3})+|\d+(?:\.\d*[1-9]){1,2}|\d+ \d+/\d+|\d+%)$"),
    # `góc Láng - Chùa Láng` is a corner, not a street; in `Láng nay là Chùa Láng` only one is
    # valid.
    ("street", r"[^\W\d_]{2}\s*[/+&]\s*[^\W\d_]{2}"),
    ("street", rf"\w.*{_NOW}|^\s*(?i:{_CORNERS})\s"),
    ("street", r"^\s*(?i:giáp (?:đường|phố|ngõ|hẻm|số|nhà|chợ))\s"),  # Giáp Bát is a street
    ("street", r"[^\W\d_] (?:P|CH)\.?\d{3,4}[A-Z]?$"),  # `Phố Hàng Khay P306`
    # `trệt Lê Lai`, `cũ`, from `46 (kế 48) Lê Lai`, `38 cũ (42) Lê Lai`: not names of streets.
    ("name", rf"^(?i:{_PARTS}|(?:lầu|tầng) \d+)(?: |$)|[ ](?i:tầng|lầu) (?:trệt|\d+)$"),
    # `Thôn 2 cũ`, `Thôn Đông nay là thôn Đoài`, `Thôn 1 và 2`: ambiguous.
    ("place", rf"(?i:\d[A-Z]?\s+(?:cũ|mới)$|\((?:cũ|mới)\)|\s(?:và|&|\+)\s)|{_NOW}"),
    ("text", r"\b(?i:(?:tổ|tdp|kp|khu phố|khóm|thôn|xóm|ấp)\s*\d+[A-Z]?\s+cũ)\b"),
    # `101 (Tuấn)`, `07.01 + 07.02`; `5.1` may be 501 or 5.10.
    ("unit", r"[();+]|^\d\.\d$"),
)
"""(Roles, pattern); the role `name` is a street without its kind in a free text."""
_BY_ROLE: Final = {
    role: re.compile("|".join(pattern for roles, pattern in _TABLE if role in roles.split()))
    for role in ("number", "street", "place", "text", "name", "unit")
}
_NEXT_TO: Final = re.compile(rf"(?:nha )?(?:{_NEIGHBOURS})\b\D*\d")
"""Folded: `kế số 90` is the neighbour of 90, and `Phòng trọ số 3` a room in a house."""
_DECIMAL: Final = re.compile(r"(\d+),(\d+)")
_PATH: Final = re.compile(r"[\d/\s–-]+")
_RANGE: Final = re.compile(r"(?<![\w.-])(\d+)\s*[-–]\s*(\d+)(?![\w.-])")


def is_unclear(role: str, text: str) -> bool:
    """Whether a text in that role may mean two things, or nothing valid.

    >>> [is_unclear("number", text) for text in ("40?", "kế số 90", "1,5", "12-3", "40", "57,59")]
    [True, True, True, True, False, False]
    >>> [is_unclear("street", text) for text in ("góc Láng", "Láng/Thái Hà", "Giáp Bát", "3/2")]
    [True, True, False, False]
    """
    if _BY_ROLE[role].search(text):
        return True
    if role != "number":
        return False
    return bool(_NEXT_TO.match(fold(text))) or _is_decimal(text) or is_falling(text)


def is_falling(number: str) -> bool:
    """Whether it has a dash that is not a range: `12-3` may be 12/3, `5/12-3` as well; `95-93` is a
    range from the other end.

    >>> [is_falling(text) for text in ("12-3", "5/12-3", "427-14", "95-93", "12-16", "12-16B")]
    [True, True, True, False, False, False]
    """
    if number.isalnum():
        return False  # nearly all numbers
    pairs = _RANGE.findall(number) if _PATH.fullmatch(number) else ()
    return any(
        int(one) > int(other) and (len(one) > len(other) or (int(one) - int(other)) % 2)
        for one, other in pairs
    )


def _is_decimal(text: str) -> bool:
    """`1,5` may be 1.5; `57,59` are neighbours."""
    found = _DECIMAL.fullmatch(text)
    return found is not None and int(found[2]) - int(found[1]) not in (1, 2)
