"""Complete the commune in a blank form (`registry.intake.template`) with uncomputed formulas.

The column `Mã xã` is a formula. A form filled in by a program has no value there, so the code is
repeated on the hidden sheet and completes the rows.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from registry.files.formats.table import Rows

LISTS: Final = "Danh mục"
"""The hidden sheet."""
COMMUNE_CODE: Final = "Mã xã"
"""Header of the formula column, and of the code on the hidden sheet."""


def code_on_lists(rows: Rows) -> str:
    """The code among the rows of the hidden sheet; '' if absent."""
    head, first = [*islice(rows, 2), [], []][:2]
    return next((c for h, c in zip(head, first, strict=False) if h == COMMUNE_CODE), "")


def completed(rows: Rows, headers: Sequence[str], code: str) -> Rows:
    """The rows with the code in each non-blank row without one."""
    if not code or COMMUNE_CODE not in headers:
        return rows
    at = list(headers).index(COMMUNE_CODE)

    def complete(row: list[str]) -> list[str]:
        row += [""] * (at + 1 - len(row))
        row[at] = code if any(row) and not row[at] else row[at]
        return row

    return map(complete, rows)
