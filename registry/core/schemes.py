"""Schemes of identifiers beside the official codes of units and the register's codes.

The schemes of `schemes.csv` are known, and their values are checked. Any other name is a scheme of
the operator's own, of a carrier say, with values of any form.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.core.errors import InvalidInputError
from registry.core.messages import Message

SCHEME: Final = "^[a-z][a-z0-9_]{0,39}$"
"""How a scheme is called."""
POSTCODE: Final = "postcode"
MAX_VALUE: Final = 200


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme that is known."""

    scheme: str
    of: str
    """unit | record"""
    pattern: str
    """Of a whole value; empty for any."""
    zeros: int
    """Zeros at its front that a spreadsheet may take, and that are put back."""
    sole: bool
    """Whether a record has one value on a day, and a value one record; else several."""
    begins: str
    """Scheme of units with whose value that of a record in the unit begins; or empty."""
    draft: bool
    """Whether no law has it yet: taken only where the operator switches such schemes on."""
    vietnamese: str
    english: str

    def read(self, written: str) -> str:
        """The value as the scheme writes it; raises ValueError for an invalid one."""
        if not self.pattern:
            return written
        value = written.strip().upper()
        for _ in range(self.zeros + 1):
            if re.fullmatch(self.pattern, value):
                return value
            value = f"0{value}"
        raise ValueError(written)


def _known() -> Iterator[Scheme]:
    with Path(__file__).with_name("schemes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            on = {name: row[name] == "on" for name in ("sole", "draft")}
            yield Scheme(**{**row, **on, "zeros": int(row["zeros"] or 0)})  # type: ignore[arg-type]


SCHEMES: Final = {each.scheme: each for each in _known()}


def is_value_of(scheme: str, cell: str) -> bool:
    """Whether a cell of a column that is declared to hold a known scheme does, by its form; digits
    that are a telephone's or a person's elsewhere are none there.
    """
    known = SCHEMES.get(scheme)
    return known is not None and re.fullmatch(known.pattern, cell.strip()) is not None


def check_scheme(scheme: str) -> None:
    """Raises InvalidInputError for what cannot be the name of a scheme."""
    if not re.fullmatch(SCHEME, scheme):
        message = Message("scheme_invalid")
        raise InvalidInputError.of_field("scheme", "malformed_scheme", message)
