"""Parse the number of households (hộ) of a dwelling: `2`, `02`, `2 hộ`, `2,0`, `-` for none."""

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from geo.placeholders import is_none
from geo.text import fold
from registry.intake.columns.cells import distinct

NONE: Final = "0"
"""The count of a cell with a sign for none; the dwelling still exists."""
_PLAIN: Final = "^[1-9][0-9]{0,3}$"
_COUNT: Final = re.compile(r"0*([1-9]\d{0,3}|0)(?:[.,]0+)?\s*(?:h|hộ|ho|hộ dân|ho dan)?")
_SIGNS_OF_NONE: Final = frozenset("-–—_.xX/")
_LONGEST: Final = 20


def counts_of(column: pa.StringArray) -> pa.StringArray:
    """The number in each cell, `NONE` for a sign for none, null if it cannot be parsed."""
    plain = pc.match_substring_regex(column, _PLAIN)
    if pc.all(pc.or_(plain, pc.equal(column, ""))).as_py():
        return pc.if_else(plain, column, None)
    codes, spellings = distinct([column])
    return pa.array([count_in(cell) for (cell,) in spellings], pa.string()).take(pa.array(codes))


def count_in(cell: str) -> str | None:
    """The number of households in a cell; None if it cannot be parsed.

    >>> [count_in(cell) for cell in ("2", "02", "2 hộ", "2,0", "3.00", "2 Hộ dân")]
    ['2', '2', '2', '2', '3', '2']
    >>> [count_in(cell) for cell in ("0", "-", "x", "không có", "0 hộ")]
    ['0', '0', '0', '0', '0']
    >>> [count_in(cell) for cell in ("", "hai", "1,5", "-2", "nhiều", "2 người")]
    [None, None, None, None, None, None]
    >>> count_in("9999"), count_in("15000")  # a fee: no building is that large
    ('9999', None)
    """
    text = cell.strip().lower()
    if not text or len(text) > _LONGEST:
        return None
    if found := _COUNT.fullmatch(text):
        return found[1]
    return NONE if set(text) <= _SIGNS_OF_NONE or is_none(text) or fold(text) == "khong" else None
