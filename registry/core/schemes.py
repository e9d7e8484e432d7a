"""Schemes of identifiers besides official unit codes and the register's codes.

Values of the known schemes in `schemes.csv` are checked. Any other name is a scheme of the
operator's own, such as a carrier's, with values of any form. Units have dated ids, one per scheme
and day; a file covers its levels of one map and is taken whole. A reform passes on a postcode where
one whole commune becomes one new one, carriers' ids never. A postcode is evidence: that of another
commune is a fault and changes no answer.

Rejected: weighing the six digits of before 2018. Of 213 real rows that have them all name their
province, and five name another's.
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
"""Pattern of a scheme's name."""
POSTCODE: Final = "postcode"
MAX_VALUE: Final = 200


@dataclass(frozen=True, slots=True)
class Scheme:
    """A known scheme."""

    scheme: str
    of: str
    """unit | record"""
    pattern: str
    """Pattern of a value; empty for any."""
    zeros: int
    """Leading zeros that a spreadsheet may drop, and that are restored."""
    sole: bool
    """Whether values and records correspond one to one on a day."""
    begins: str
    """Scheme of the unit whose value is a prefix of the record's; or empty."""
    draft: bool
    """Whether it is not law yet, and accepted only if the operator enables draft schemes."""
    vietnamese: str
    english: str

    def read(self, written: str) -> str:
        """Parse a value into the scheme's form; raises ValueError."""
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
OF_RECORDS: Final = tuple(each.scheme for each in SCHEMES.values() if each.of == "record")
"""Schemes of which a list of households may have a column."""
OF_ANY_SCHEME: Final = "external_ids"
"""Column of identifiers that name their schemes, as exported: `scheme:value; scheme:value`."""


def scheme_and_value(written: str) -> tuple[str, str] | None:
    """Split an identifier of a column OF_ANY_SCHEME; None if it names no scheme.

    >>> scheme_and_value("real_estate_id: BDS-1"), scheme_and_value("BDS-1")
    (('real_estate_id', 'BDS-1'), None)
    """
    scheme, _, value = (part.strip() for part in written.partition(":"))
    return (scheme, value) if value and re.fullmatch(SCHEME, scheme) else None


def is_value_of(scheme: str, cell: str) -> bool:
    """Whether a cell of a column declared as a known scheme has its form, even if it would pass for
    a personal number elsewhere.
    """
    known = SCHEMES.get(scheme)
    return known is not None and re.fullmatch(known.pattern, cell.strip()) is not None


def check_scheme(scheme: str) -> None:
    """Raise InvalidInputError for an invalid scheme name."""
    if not re.fullmatch(SCHEME, scheme):
        message = Message("scheme_invalid")
        raise InvalidInputError.of_field("scheme", "malformed_scheme", message)
