"""The code of a round: twelve digits, which any phone has on its keys.

Eleven are random and the last is a check (Luhn), so that the phone itself tells a slip from a code
that is not taken. What is kept is a hash that takes milliseconds to make, because eleven digits can
be tried out where a key cannot; over the network tries are limited as those of keys are.
"""

import hashlib
import re
import secrets
from typing import Final

from registry.core.errors import InvalidInputError
from registry.core.messages import Message

LENGTH: Final = 12
_SALT: Final = b"diachiso field round"
_COST: Final = {"n": 2**12, "r": 8, "p": 1, "dklen": 32}


def make_code() -> str:
    """A new code."""
    digits = f"{secrets.randbelow(10 ** (LENGTH - 1)):0{LENGTH - 1}}"
    return digits + str(-_luhn(digits + "0") % 10)


def read_code(written: str) -> str:
    """The digits of a code, however they are grouped; raises InvalidInputError for a slip.

    >>> read_code("1234 5678-9015"), format_code("123456789015")
    ('123456789015', '1234 5678 9015')
    """
    digits = re.sub(r"[\s.-]", "", written)
    if not re.fullmatch(f"[0-9]{{{LENGTH}}}", digits) or _luhn(digits) % 10:
        raise InvalidInputError.of_field(
            "code",
            "field_code_mistyped",
            Message("round_code_wrong_length", length=LENGTH),
        )
    return digits


def format_code(code: str) -> str:
    """As people write it."""
    return " ".join(code[at : at + 4] for at in range(0, LENGTH, 4))


def hash_code(code: str) -> bytes:
    """What is kept of a code."""
    return hashlib.scrypt(code.encode(), salt=_SALT, **_COST)


def _luhn(digits: str) -> int:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return sum(doubled) + sum(map(int, digits[::-2]))
