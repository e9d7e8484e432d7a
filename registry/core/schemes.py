"""Schemes of identifiers beside the official codes of units and the register's codes.

The schemes of `schemes.csv` are known, and their values are checked. Any other name is a scheme of
the operator's own, of a carrier say, with values of any form.
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.core.errors import InvalidInputError
from registry.core.messages import Message

SCHEME: Final = "^[a-z][a-z0-9_]{0,39}$"
"""How a scheme is called."""
POSTCODE: Final = "postcode"
MAX_VALUE: Final = 200
_ONLY_DIGITS: Final = re.compile(r"\[0-9\]\{(\d+)\}")


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme that is known."""

    scheme: str
    of: str
    """unit | record"""
    pattern: str
    vietnamese: str
    english: str

    def read(self, written: str) -> str:
        """The value as the scheme writes it; raises ValueError for what is none.

        A spreadsheet takes zeros from the front, which are put back.
        """
        value = written.strip().upper()
        if value.isdecimal() and (digits := _ONLY_DIGITS.fullmatch(self.pattern)):
            value = value.zfill(int(digits[1]))
        if not re.fullmatch(self.pattern, value):
            raise ValueError(written)
        return value


def _known() -> dict[str, Scheme]:
    with Path(__file__).with_name("schemes.csv").open(encoding="utf-8", newline="") as file:
        return {row["scheme"]: Scheme(**row) for row in csv.DictReader(file)}


SCHEMES: Final = _known()


def check_scheme(scheme: str) -> None:
    """Raises InvalidInputError for what cannot be the name of a scheme."""
    if not re.fullmatch(SCHEME, scheme):
        message = Message("scheme_invalid")
        raise InvalidInputError.of_field("scheme", "malformed_scheme", message)
