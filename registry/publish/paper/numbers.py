"""Certificate numbers: `GXN-4K7M-29TR-X8`, random, with a check symbol.

Nine symbols of the alphabet of codes (`geo.code`) and a check symbol by ISO/IEC 7064, modulus 19,
radix 2. There are 19**9 numbers, so that valid ones cannot be found by counting.

>>> show("GXN4K7M29TR0R")
'GXN-4K7M-29TR-0R'
>>> read(" gxn 4k7m-29tr 0r"), read("GXN-4K7M-29TR-0X")
('GXN4K7M29TR0R', None)
"""

import re
import secrets
from typing import Final

from geo.code import ALPHABET, RADIX

_PREFIX: Final = "GXN"
_LENGTH: Final = 9
_MOST: Final = 40
"""Characters of a written number, including spaces and dashes."""
_WRITTEN: Final = re.compile(rf"{_PREFIX}([{ALPHABET}]{{{_LENGTH}}})([{ALPHABET}])")
_BETWEEN: Final = re.compile(r"[\s\-\u2010-\u2015]+")


def draw() -> str:
    """Return an unpredictable number."""
    payload = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    return f"{_PREFIX}{payload}{_check(payload)}"


def read(written: str) -> str | None:
    """Parse a number in any spacing; None if it is invalid."""
    match = _WRITTEN.fullmatch(_BETWEEN.sub("", written).upper()) if len(written) <= _MOST else None
    return match[0] if match and _check(match[1]) == match[2] else None


def show(number: str) -> str:
    """Format a number as printed."""
    symbols = number.removeprefix(_PREFIX)
    return "-".join((_PREFIX, symbols[:4], symbols[4:8], symbols[8:]))


def _check(payload: str) -> str:
    total = 0
    for symbol in payload:
        total = (total + ALPHABET.index(symbol)) * 2 % RADIX
    return ALPHABET[(1 - total) % RADIX]
