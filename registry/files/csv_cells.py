"""The only CSV writer of the program: guards cells that a spreadsheet would run as formulas.

A cell that begins like a formula is prefixed with an apostrophe, unless it is a number (OWASP, CSV
injection). A cell that begins with apostrophes gets another one, so that a reader restores each
cell by removing one.

Rejected: a blank in front, which some spreadsheets skip; cutting such cells, which loses data, as
the same files come back, and a changed reference is another record. Bulk CSV takes up to a third
longer (0.07 µs a cell). Ruff's TID251 refuses another writer.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    import pyarrow as pa

MARK: Final = "'"
"""Prefix of a cell that would run."""
_BLANK: Final = " \v\f\u00a0\u200b\u3000\ufeff"
"""Characters that a spreadsheet may skip."""
_SIGNS: Final = "=+@＝＋－＠\t\r\n-"
# Literal characters mean the same to Python's and Arrow's regular expressions.
_BEGINNING: Final = f"^{MARK}*[{_BLANK}]*[{_SIGNS}]"
_NUMBER: Final = f"^{MARK}* *[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)? *"
_FIRST: Final = frozenset(MARK + _BLANK + _SIGNS)
_begins = re.compile(_BEGINNING).match
_is_number = re.compile(_NUMBER).fullmatch


class Writer:
    """Like `csv.writer`, for a stream opened with `newline=""`."""

    def __init__(self, out: Any, *, delimiter: str = ",", lineterminator: str = "\r\n") -> None:
        rows = csv.writer(  # noqa: TID251 - only here
            out, delimiter=delimiter, lineterminator=lineterminator
        )
        self._write = rows.writerow

    def writerow(self, row: Iterable[Any]) -> None:
        """Write one row; values other than text are written as `csv` does."""
        # No function call per cell: there are files of 28 million rows.
        self._write(
            [
                MARK + cell
                if isinstance(cell, str) and cell[:1] in _FIRST and _would_run(cell)
                else cell
                for cell in row
            ]
        )

    def writerows(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write the rows."""
        for row in rows:
            self.writerow(row)


def read_rows(lines: Iterable[str], *, delimiter: str = ",") -> Iterator[list[str]]:
    """The rows of a CSV, without the apostrophes that `Writer` added.

    Raises csv.Error for a row that cannot be parsed, and for a line with a quotation mark that is
    never closed; the rows behind it are still readable.
    """
    return map(unguarded, _Rows(iter(lines), delimiter))


class _Rows:
    """Reads rows, and continues behind the first line of one that cannot be read."""

    def __init__(self, lines: Iterator[str], delimiter: str) -> None:
        self._lines = lines
        self._back: deque[str] = deque()
        """Lines to read once more, or looked at already."""
        self._delimiter = delimiter
        self._taken: list[str] = []
        """The lines of the row that is read."""
        self._reader = csv.reader(self._noted(), delimiter=delimiter)

    def _noted(self) -> Iterator[str]:
        while (line := self._next_line()) is not None:
            self._taken.append(line)
            yield line

    def _next_line(self) -> str | None:
        return self._back.popleft() if self._back else next(self._lines, None)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[str]:
        self._taken.clear()
        try:
            row = next(self._reader)
        except csv.Error:
            self._continue_behind_first()
            raise
        if len(self._taken) > 1 and self._is_open():
            self._continue_behind_first()
            raise csv.Error("unclosed quotation mark")
        return row

    def _is_open(self) -> bool:
        """Whether the row ends only because the file does."""
        if (line := self._next_line()) is not None:
            self._back.appendleft(line)
            return False
        try:
            deque(csv.reader(self._taken, delimiter=self._delimiter, strict=True), maxlen=0)
        except csv.Error as error:
            return "end of data" in str(error)
        return False

    def _continue_behind_first(self) -> None:
        if len(self._taken) > 1:
            self._back.extendleft(reversed(self._taken[1:]))
            self._reader = csv.reader(self._noted(), delimiter=self._delimiter)


def unguarded(row: list[str]) -> list[str]:
    """A row read by `csv`, without the apostrophes that `Writer` added."""
    return [cell[1:] if cell[:1] == MARK and _would_run(cell) else cell for cell in row]


def guarded_column(texts: "pa.StringArray") -> "pa.StringArray":
    """An Arrow column with the apostrophes that `Writer` would add."""
    import pyarrow.compute as pc

    if not _may_run(texts):
        return texts
    marked = pc.binary_join_element_wise(MARK, texts, "")
    return pc.if_else(_would_run_column(texts), marked, texts)


def unguarded_column(texts: "pa.StringArray") -> "pa.StringArray":
    """An Arrow column without the apostrophes that `Writer` added."""
    import pyarrow.compute as pc

    if not _may_run(texts):
        return texts
    marked = pc.and_(pc.starts_with(texts, MARK), _would_run_column(texts))
    return pc.if_else(marked, pc.utf8_slice_codeunits(texts, 1), texts)


def _would_run(cell: str) -> bool:
    """Whether a spreadsheet would run the cell, with any apostrophes before it removed."""
    return _begins(cell) is not None and _is_number(cell) is None


def _may_run(texts: "pa.StringArray") -> bool:
    """Whether any text begins with a byte of `_FIRST`; ten times as fast as the regex."""
    import numpy as np

    _, offsets, data = texts.buffers()
    if data is None:
        return False
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    starts = ends[:-1][ends[1:] > ends[:-1]]
    risky = np.zeros(256, np.bool_)
    risky[[sign.encode()[0] for sign in _FIRST]] = True
    return bool(risky[np.frombuffer(data, np.uint8)[starts]].any())


def _would_run_column(texts: "pa.StringArray") -> "pa.BooleanArray":
    import pyarrow.compute as pc

    begins = pc.match_substring_regex(texts, _BEGINNING)
    return pc.and_not(begins, pc.match_substring_regex(texts, rf"{_NUMBER}\z"))
