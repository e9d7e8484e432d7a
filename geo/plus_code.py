"""Plus Codes (Open Location Code): the middle of the area that a full code names.

>>> middle_of("7PH7+2X"), middle_of("7PH72RJ2+XF")
(None, (105.801188, 21.032438))
>>> middle_of("7PH72RJ2+XL")
"""

import re
from typing import Final

ALPHABET: Final = "23456789CFGHJMPQRVWX"
_FULL: Final = re.compile(f"([{ALPHABET}]{{8}})\\+([{ALPHABET}]{{2,3}})")


def middle_of(text: str) -> tuple[float, float] | None:
    """(lon, lat) of a full code of 10 or 11 digits, degrees; None for any other text.

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
        # The eleventh digit cuts the area into four columns and five rows.
        row, column = divmod(ALPHABET.index(digits[10]), 4)
        height, width = height / 5, width / 4
        lat, lon = lat + row * height, lon + column * width
    lat, lon = lat - 90 + height / 2, lon - 180 + width / 2
    return (round(lon, 6), round(lat, 6)) if -90 <= lat < 90 and -180 <= lon < 180 else None
