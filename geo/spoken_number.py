"""House numbers in words, as in transcripts of speech: `số sáu mươi tám đường Trần Phú`.

Street names may start with such words (`Ba Tháng Hai`, `Tám Danh`), so they are a number only
between a word for a house number and a word for the kind of street that follows.
"""

import re
from collections.abc import Sequence
from typing import Final

from geo import lexicon
from geo.house_number import ALLEYS, SPOKEN_SLASHES
from geo.street import STREETS
from geo.text import fold

_VALUES: Final = {
    fold(word): int(number)
    for of in ("number", "number_behind")
    for word, (number,) in lexicon.readings(of).items()
}
_DIGITS: Final = {word: value for word, value in _VALUES.items() if value < 10}
_SCALES: Final = {word: value for word, value in _VALUES.items() if value >= 10}
_FILLERS: Final = frozenset({"le", "linh"})
"""`một trăm lẻ năm`."""
_SPOKEN: Final = _DIGITS.keys() | _SCALES.keys() | _FILLERS
_WAYS: Final = frozenset(
    phrase.keys[0]
    for phrase in (*STREETS, *ALLEYS)
    if not phrase.shortened and phrase.keys[0] != "lo"
)
_ANNOUNCED: Final = re.compile(r"\s*(?:nhà\s+số|nha\s+so|số\s+nhà|so\s+nha|số|so)\s+", re.I)
_MOST_WORDS: Final = 16


def with_spoken_number(text: str) -> str:
    """Write the house number of an address in digits; `text` unchanged without a spoken number.

    >>> with_spoken_number("số sáu mươi tám đường Trần Phú"), with_spoken_number("số ba Tháng Hai")
    ('số 68 đường Trần Phú', 'số ba Tháng Hai')
    >>> with_spoken_number("nhà số mười hai xẹt ba mươi tư hẻm 5"), with_spoken_number("Số Năm")
    ('nhà số 12 xẹt 34 hẻm 5', 'Số Năm')
    """
    announced = _ANNOUNCED.match(text)
    if announced is None:
        return text
    words = text[announced.end() :].split()
    keys = [fold(word) for word in words[:_MOST_WORDS]]
    end = next((at for at, key in enumerate(keys) if key in _WAYS), 0)
    numbers: list[list[str]] = [[]]
    written = []
    for word, key in zip(words[:end], keys, strict=False):
        if key in SPOKEN_SLASHES:
            written.append(word)
            numbers.append([])
        elif key in _SPOKEN and word.isalpha():
            numbers[-1].append(key)
        else:
            return text
    values = [_value(number) for number in numbers]
    if not end or None in values:
        return text
    path = " ".join(f"{value} {slash}" for value, slash in zip(values, written, strict=False))
    number = f"{path} {values[-1]}".strip()
    return f"{text[: announced.end()]}{number} {' '.join(words[end:])}"


def parse_spoken_number(text: str) -> str | None:
    """Return in digits the number that a text is in words, or None; one word alone may be a name.

    >>> [parse_spoken_number(text) for text in ("mười hai", "một trăm lẻ hai", "Số nhà ba")]
    ['12', '102', '3']
    >>> [parse_spoken_number(text) for text in ("Ba", "hai ba", "mười hai A", "XII")]
    [None, None, None, None]
    """
    announced = _ANNOUNCED.match(text)
    keys = fold(text[announced.end() :] if announced else text).split()
    scaled = len(keys) > 1 and not _SCALES.keys().isdisjoint(keys)
    if not keys or not (scaled or (announced and len(keys) == 1)) or not _SPOKEN.issuperset(keys):
        return None
    value = _value(keys)
    return str(value) if value else None


def spoken_digits(text: str, count: int) -> str | None:
    """Return the digits of a text that is only `count` spoken digits, or None.

    >>> spoken_digits("không không một, ba năm chín", 6), spoken_digits("Ba Tháng Hai", 3)
    ('001359', None)
    """
    words = text.replace(",", " ").replace("-", " ").split()
    if len(words) != count:
        return None
    digits = [_DIGITS.get(fold(word)) for word in words]
    return None if None in digits else "".join(map(str, digits))


def _value(keys: Sequence[str]) -> int | None:
    """Return the value: `sáu mươi tám` and `sáu tám` are 68; None if it is not a number."""
    if not keys or keys[0] in _FILLERS or keys[-1] in _FILLERS:
        return None
    if all(key in _DIGITS for key in keys):
        return int("".join(str(_DIGITS[key]) for key in keys))
    value, digit = 0, None
    for key in keys:
        if key in _SCALES:
            scale = _SCALES[key]
            if digit is None and scale != 10:
                return None
            value, digit = value + (digit or 1) * scale, None
        elif key in _DIGITS:
            if digit is not None:
                return None
            digit = _DIGITS[key]
    return value + (digit or 0)
