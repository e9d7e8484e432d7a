"""The one way in which tables are written as CSV: no cell is one that a spreadsheet would run.

A cell that begins as a formula does gets an apostrophe in front, unless it is a number (OWASP, CSV
injection). A cell gets one more that has apostrophes there already, so that a reader which takes
one off has each cell as it was: `docs/decisions/0022-csv-formula-cells.md`.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

MARK: Final = "'"
"""What stands in front of a cell that would run."""
_BLANK: Final = " \v\f\u00a0\u200b\u3000\ufeff"
"""What a spreadsheet may pass over."""
_SIGNS: Final = "=+@＝＋－＠\t\r\n-"
# Written with literal signs, which mean the same to Python and to Arrow.
_BEGINNING: Final = f"^{MARK}*[{_BLANK}]*[{_SIGNS}]"
_NUMBER: Final = f"^{MARK}* *[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)? *"
_FIRST: Final = frozenset(MARK + _BLANK + _SIGNS)
_begins = re.compile(_BEGINNING).match
_is_number = re.compile(_NUMBER).fullmatch


class Writer:
    """What `csv.writer` is, for a stream that was opened with `newline=""`."""

    def __init__(self, out: Any, *, delimiter: str = ",", lineterminator: str = "\r\n") -> None:
        rows = csv.writer(  # noqa: TID251 - here alone
            out, delimiter=delimiter, lineterminator=lineterminator
        )
        self._write = rows.writerow

    def writerow(self, row: Iterable[Any]) -> None:
        """Write one row; what is no text is written as `csv` does."""
        # Without a call for each cell: there are files of 28 million rows.
        self._write(
            [
                MARK + cell
                if isinstance(cell, str) and cell[:1] in _FIRST and _would_run(cell)
                else cell
                for cell in row
            ]
        )

    def writerows(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write each of them."""
        for row in rows:
            self.writerow(row)


def read_rows(lines: Iterable[str], *, delimiter: str = ",") -> Iterator[list[str]]:
    """The rows of a CSV, each cell as it was when `Writer` wrote it.

    Raises csv.Error for a row that cannot be read, behind which others may.
    """
    return map(unguarded, csv.reader(lines, delimiter=delimiter))


def unguarded(row: list[str]) -> list[str]:
    """A row that `csv` has read, each cell as it was when `Writer` wrote it."""
    return [cell[1:] if cell[:1] == MARK and _would_run(cell) else cell for cell in row]


def guarded_column(texts: "pa.StringArray") -> "pa.StringArray":
    """A column of Arrow as `Writer` writes it."""
    import pyarrow.compute as pc

    if not _may_run(texts):
        return texts
    marked = pc.binary_join_element_wise(MARK, texts, "")
    return pc.if_else(_would_run_column(texts), marked, texts)


def unguarded_column(texts: "pa.StringArray") -> "pa.StringArray":
    """A column of Arrow that was read, each cell as it was when it was written so."""
    import pyarrow.compute as pc

    if not _may_run(texts):
        return texts
    marked = pc.and_(pc.starts_with(texts, MARK), _would_run_column(texts))
    return pc.if_else(marked, pc.utf8_slice_codeunits(texts, 1), texts)


def _would_run(cell: str) -> bool:
    """Whether a spreadsheet would run the cell, or would if no apostrophe stood before it."""
    return _begins(cell) is not None and _is_number(cell) is None


def _may_run(texts: "pa.StringArray") -> bool:
    """Whether any text begins with a byte of these signs: a tenth of the time of an expression."""
    import numpy as np

    _, offsets, data = texts.buffers()
    if data is None:
        return False
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    begun = ends[:-1][ends[1:] > ends[:-1]]
    meant = np.zeros(256, np.bool_)
    meant[[sign.encode()[0] for sign in _FIRST]] = True
    return bool(meant[np.frombuffer(data, np.uint8)[begun]].any())


def _would_run_column(texts: "pa.StringArray") -> "pa.BooleanArray":
    import pyarrow.compute as pc

    begins = pc.match_substring_regex(texts, _BEGINNING)
    return pc.and_not(begins, pc.match_substring_regex(texts, rf"{_NUMBER}\z"))
