"""The commune of our own blank (`registry.intake.template`), where a program left its formulas
uncomputed.

The column `Mã xã` fills itself in by a formula. Whoever fills in the blank by a program gets no
value there; so the code stands once more on the hidden sheet, and completes the rows.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from registry.files.formats.table import Rows

LISTS: Final = "Danh mục"
"""The hidden sheet."""
COMMUNE_CODE: Final = "Mã xã"
"""Header of the column that fills itself in, and of the code on the hidden sheet."""


def code_on_lists(rows: Rows) -> str:
    """The code on the hidden sheet whose rows these are, '' where there is none."""
    head, first = [*islice(rows, 2), [], []][:2]
    return next((c for h, c in zip(head, first, strict=False) if h == COMMUNE_CODE), "")


def completed(rows: Rows, headers: Sequence[str], code: str) -> Rows:
    """The rows with the code in each that says anything and has none."""
    if not code or COMMUNE_CODE not in headers:
        return rows
    at = list(headers).index(COMMUNE_CODE)

    def complete(row: list[str]) -> list[str]:
        row += [""] * (at + 1 - len(row))
        row[at] = code if any(row) and not row[at] else row[at]
        return row

    return map(complete, rows)
