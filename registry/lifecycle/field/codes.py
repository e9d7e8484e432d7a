"""The code of a round: twelve digits, which any phone has on its keys.

Eleven are random and the last is a Luhn check digit, so that the phone itself can distinguish a
typing error from a code that is not accepted. Only a hash that takes milliseconds to compute is
stored, because eleven digits can be brute-forced, unlike a key; attempts over the network are
limited like those of keys.
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
    """Return a new code."""
    digits = f"{secrets.randbelow(10 ** (LENGTH - 1)):0{LENGTH - 1}}"
    return digits + str(-_luhn(digits + "0") % 10)


def read_code(written: str) -> str:
    """Return the digits of a code, in any grouping; raises InvalidInputError for a typing error.

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
    """Group the digits for display."""
    return " ".join(code[at : at + 4] for at in range(0, LENGTH, 4))


def hash_code(code: str) -> bytes:
    """Return the hash that is stored."""
    return hashlib.scrypt(code.encode(), salt=_SALT, **_COST)


def _luhn(digits: str) -> int:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return sum(doubled) + sum(map(int, digits[::-2]))
