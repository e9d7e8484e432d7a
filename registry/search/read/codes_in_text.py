"""Address codes in a text, which are answered without reading an address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from geo import code as codes
from geo.code import CodeError
from geo.code_writing import ANNOUNCING, LINK, strip_announcement
from registry.core.text_work import spend

_LONGEST_CODE: Final = 24
"""Most characters of a text that is a code as a whole: eleven digits with spaces."""
_LONGEST_ANNOUNCED: Final = 100
"""With eleven digits in words after `mã địa chỉ số`."""
_LONGEST_LINK: Final = 300
_INSIDE: Final = re.compile(r"(?<![\w/.-])(\w{4}-\w{4}|(?=\w*[^\W\d_])\w{8})(?![\w/.-])")
_ANNOUNCED: Final = re.compile(
    rf"\b{ANNOUNCING}\s*[:#]?\s*"
    r"(\w{4}[\s-]?\w{4}|\d{3}[\s.-]?\d{3}[\s.-]?\d{3}[\s.-]?\d{2})(?![\w/-])",
    re.IGNORECASE,
)
_APART: Final = re.compile(
    r"(?:^|[,;|\n(\[])\s*((?=[\d-]*[^\W\d_])(?=\D*\d)\w{4}-?\w{4})\s*(?=$|[,;|\n)\]])"
)
"""A code with letters and digits as a part of its own."""
_BEFORE_NUMBER: Final = re.compile(
    rf"^\s*((?=[\d-]*[^\W\d_])[{codes.ALPHABET}]{{4}}-[{codes.ALPHABET}]{{4}})\s+(?=\d)",
    re.IGNORECASE,
)
"""A code in front of a house number, with symbols of the alphabet only."""
_LINKED: Final = re.compile(LINK, re.IGNORECASE)
_WORDS: Final = ("mã", "ma", "code")
_LONG: Final = re.compile(r"[\w-]{8}")
_MAX_CODES: Final = 4


@dataclass(frozen=True, slots=True)
class CodeInText:
    """A well-formed code in a text, and the text without it."""

    code: str
    rest: str
    written: str


@dataclass(frozen=True, slots=True)
class UnreadCode:
    """A text's part that was meant as a code, and the text without it."""

    written: str
    rest: str


def whole_code(text: str) -> str | None:
    """Return the code that all of `text` is, written or spoken, or None.

    >>> whole_code("2ht6 4fp5"), whole_code("123 456 789 78"), whole_code("12 Láng")
    ('2HT64FP5', '2HT64FP5', None)
    >>> whole_code("mã: 1000 0006"), whole_code("#2HT64FP5")
    ('10000006', '2HT64FP5')
    >>> whole_code("https://diachi.vn/a/2HT6-4FP5?x=1")
    '2HT64FP5'
    """
    if len(text) > (_LONGEST_LINK if "/a/" in text else _LONGEST_ANNOUNCED):
        return None
    written = strip_announcement(text)
    return _valid(written) if len(written) <= _LONGEST_CODE else None


def codes_in(text: str) -> Iterator[CodeInText]:
    """Yield the codes inside a longer text: `XXXX-XXXX`, eight symbols with a letter, announced
    codes, and the link of a plate.

    The caller has to check whether they are registered: `9448-9456 Hẻm 94` is a range of numbers.

    >>> [found.code for found in codes_in("gửi 2HT6-4FP5, 12 Láng")]
    ['2HT64FP5']
    >>> [found.code for found in codes_in("0912345678 mã 12345678978")]
    ['2HT64FP5']
    >>> [found.code for found in codes_in("gửi http://10.0.0.5:8000/a/2HT6-4FP5 nhé")]
    ['2HT64FP5']
    """
    seen: set[str] = set()
    # Testing is faster than searching, and almost no text has a code.
    lower = text.lower()
    announced = any(word in lower for word in _WORDS)
    patterns = [_ANNOUNCED] * announced + [_INSIDE] * (_LONG.search(text) is not None)
    patterns += [_LINKED] * ("/a/" in lower)
    for pattern in patterns:
        for match in pattern.finditer(text):
            spend(1)
            code = _valid(match[1])
            if code is not None and code not in seen and len(seen) < _MAX_CODES:
                seen.add(code)
                yield CodeInText(code, _without(text, match), match[1])


def unread_code(text: str) -> UnreadCode | None:
    """Return the first part of a text that can only be meant as a code, whether it is valid or not:
    it is announced, or is a part of its own with letters and digits of a code.

    >>> unread_code("2HT6-4FP6, 12 Láng")
    UnreadCode(written='2HT6-4FP6', rest=' , , 12 Láng')
    >>> unread_code("mã 1000-0041 12 Láng").written, unread_code("T8H3-X9T3 24/16 Láng").written
    ('1000-0041', 'T8H3-X9T3')
    >>> [unread_code(text) for text in ("12 Láng, 9448-9456 Hẻm 94", "Km12-Km15 Láng")]
    [None, None]
    """
    if not any(map(str.isdigit, text)):
        return None
    for pattern in (_ANNOUNCED, _APART, _BEFORE_NUMBER):
        for match in pattern.finditer(text):
            spend(1)
            written = match[1]
            is_code = pattern is _BEFORE_NUMBER or _valid(written) or codes.suggestions(written)
            if is_code and any(map(str.isdigit, written)):
                return UnreadCode(written, _without(text, match))
    return None


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} , {text[match.end() :]}"


def _valid(text: str) -> str | None:
    for read in (codes.validate, codes.from_spoken):
        try:
            return read(text)
        except CodeError:
            continue
    return None
