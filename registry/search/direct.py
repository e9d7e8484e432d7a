"""What answers without reading an address: codes, coordinates, Plus Codes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from geo import code as codes
from geo.code import CodeError
from geo.plus_code import middle_of

_NUMBER: Final = r"([+-]?\d{1,3}(?:\.\d{1,15})?)"
_PAIR: Final = re.compile(rf"\s*{_NUMBER}\s*[,;\s]\s*{_NUMBER}\s*")
# Viet Nam with its archipelagos; the two ranges do not meet, so the order needs no guess.
_LON: Final = (102.0, 118.0)
_LAT: Final = (6.0, 24.0)
_LONGEST_CODE: Final = 24
"""Characters of a text that is looked at as a code as a whole: eleven spoken digits, spaced out."""
_INSIDE: Final = re.compile(r"(?<![\w/.-])(\w{4}-\w{4}|(?=\w*[^\W\d_])\w{8})(?![\w/.-])")
_ANNOUNCED: Final = re.compile(
    r"\b(?:mã(?:\s+(?:địa\s+chỉ|đc)(?:\s+số)?)?|ma|code)\s*[:#]?\s*"
    r"(\w{4}[\s-]?\w{4}|\d{3}[\s.-]?\d{3}[\s.-]?\d{3}[\s.-]?\d{2})(?![\w/-])",
    re.IGNORECASE,
)
_WORDS: Final = ("mã", "ma", "code")
_LONG: Final = re.compile(r"[\w-]{8}")
_MAX_CODES: Final = 4


@dataclass(frozen=True, slots=True)
class CodeInText:
    """A well-formed code in a text, and the text without it."""

    code: str
    rest: str


def point_in(text: str) -> tuple[float, float] | None:
    """(lon, lat) where all of `text` is a pair of coordinates in Viet Nam, or a Plus Code.

    >>> point_in("21.0285, 105.8542"), point_in("105.8542 21.0285"), point_in("12, 34")
    ((105.8542, 21.0285), (105.8542, 21.0285), None)
    """
    match = _PAIR.fullmatch(text)
    if match is None:
        return middle_of(text)
    first, second = float(match[1]), float(match[2])
    for lon, lat in ((first, second), (second, first)):
        if _LON[0] <= lon <= _LON[1] and _LAT[0] <= lat <= _LAT[1]:
            return lon, lat
    return None


def whole_code(text: str) -> str | None:
    """The code that all of `text` writes or says, or None.

    >>> whole_code("2ht6 4fp5"), whole_code("123 456 789 78"), whole_code("12 Láng")
    ('2HT64FP5', '2HT64FP5', None)
    """
    if len(text) > _LONGEST_CODE:
        return None
    return _valid(text)


def codes_in(text: str) -> Iterator[CodeInText]:
    """Codes inside a longer text: `XXXX-XXXX`, eight unbroken symbols with a letter, or announced.

    Whether one is registered is for the caller to see: `9448-9456 Hẻm 94` is a range of numbers.

    >>> [found.code for found in codes_in("gửi 2HT6-4FP5, 12 Láng")]
    ['2HT64FP5']
    >>> [found.code for found in codes_in("0912345678 mã 12345678978")]
    ['2HT64FP5']
    """
    seen: set[str] = set()
    # Asking is faster than searching, and nearly no text holds a code.
    lower = text.lower()
    announced = any(word in lower for word in _WORDS)
    patterns = [_ANNOUNCED] * announced + [_INSIDE] * (_LONG.search(text) is not None)
    for pattern in patterns:
        for match in pattern.finditer(text):
            code = _valid(match[1])
            if code is not None and code not in seen and len(seen) < _MAX_CODES:
                seen.add(code)
                rest = f"{text[: match.start()]} , {text[match.end() :]}"
                yield CodeInText(code, rest)


def _valid(text: str) -> str | None:
    for read in (codes.validate, codes.from_spoken):
        try:
            return read(text)
        except CodeError:
            continue
    return None
