"""Plus Codes (Open Location Code): the centre of the area of a code.

A short code, as map sites show it beside a place, is complete_short_code with a point of that
place.

>>> middle_of("7PH7+2X"), middle_of("7PH72RJ2+XF")
(None, (105.801188, 21.032438))
>>> middle_of("7PH72RJ2+XL")
"""

import re
from typing import Final

ALPHABET: Final = "23456789CFGHJMPQRVWX"
_INSIDE: Final = re.compile(
    rf"(?<![\w+])((?:[{ALPHABET}]{{2}}){{2,4}}\+[{ALPHABET}]{{2,3}})(?![\w+])", re.IGNORECASE
)
_DIGITS: Final = 8
"""Digits before the plus in a full code."""
_FULL: Final = re.compile(f"([{ALPHABET}]{{8}})\\+([{ALPHABET}]{{2,3}})")


def code_in(text: str) -> re.Match[str] | None:
    """Find a full or short code in a text; the code is group 1 of the match.

    Digits alone, or two characters before the plus, which map sites do not show, are house numbers
    rather: `27+29 Láng`.

    >>> [code_in(text)[1] for text in ("2VF2+Q4 Hà Nội", "12 Láng, 7PH72RJ2+XF, Hà Nội")]
    ['2VF2+Q4', '7PH72RJ2+XF']
    >>> code_in("27+29 Láng"), code_in("2227+29 Láng"), code_in("C2+C3 Láng")
    (None, None, None)
    """
    if "+" not in text:
        return None
    codes = (code for code in _INSIDE.finditer(text) if any(map(str.isalpha, code[1])))
    return next(codes, None)


def complete_short_code(short: str, *, lon: float, lat: float) -> tuple[float, float] | None:
    """Return (lon, lat) of the area nearest to a point, among those that a short code may mean.

    >>> complete_short_code("2VF2+Q4", lon=105.85, lat=21.03)
    (105.850313, 21.024438)
    """
    left_out = _DIGITS - short.index("+")
    if not left_out:
        return middle_of(short)
    size = 20.0 / 20 ** (left_out / 2 - 1)
    """Degrees after which the same digits repeat."""
    middle = middle_of(ALPHABET[0] * left_out + short)
    if middle is None:
        return None
    x, y = (
        at + size * round((near - at) / size) for at, near in zip(middle, (lon, lat), strict=True)
    )
    return round(x, 6), round(y, 6)


def middle_of(text: str) -> tuple[float, float] | None:
    """Return the centre (lon, lat) of a full code of 10 or 11 digits, in degrees, or None.

    Source: https://github.com/google/open-location-code, specification of 2019.
    """
    match = _FULL.fullmatch(text.strip().upper())
    if match is None:
        return None
    digits = match[1] + match[2]
    lat, lon, step = 0.0, 0.0, 20.0
    for at in range(0, 10, 2):
        lat += ALPHABET.index(digits[at]) * step
        lon += ALPHABET.index(digits[at + 1]) * step
        step /= 20
    height = width = step * 20
    if len(digits) == 11:
        # The eleventh digit divides the area into four columns and five rows.
        row, column = divmod(ALPHABET.index(digits[10]), 4)
        height, width = height / 5, width / 4
        lat, lon = lat + row * height, lon + column * width
    lat, lon = lat - 90 + height / 2, lon - 180 + width / 2
    return (round(lon, 6), round(lat, 6)) if -90 <= lat < 90 and -180 <= lon < 180 else None
