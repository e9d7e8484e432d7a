"""Spreadsheets of questions, in and out; their cells are text, as in a CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from registry.batch.rows import Layout, Table, table_of
from registry.intake.formats.sheets import read_sheet
from registry.intake.formats.writing import write_sheet

READ: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
"""Suffixes of spreadsheets that can be read."""
WRITTEN: Final = ".xlsx"


@contextmanager
def reading_workbook(
    path: Path, sheet: str | None, operation: str, say: Callable[[str], None]
) -> Iterator[Table]:
    """The rows of a sheet, `sheet` or the one that looks like the table; `say` hears which.

    Raises what `read_sheet` and `table_of` raise.
    """
    found = read_sheet(path, sheet)
    for note in found.notes:
        say(note)
    with found.rows() as rows:
        yield table_of(operation, found.headers, rows)


def write_workbook(path: Path, layout: Layout, texts: Iterable[str]) -> None:
    """Rows as `layout` writes them in CSV, as the cells of a workbook."""
    lines = (line for text in texts for line in io.StringIO(text, newline=""))
    (header,) = csv.reader([layout.head()], delimiter=layout.delimiter)
    rows = csv.reader(lines, delimiter=layout.delimiter)
    write_sheet(path, header, (list(map(_readable, row)) for row in rows))


def _readable(cell: str) -> str:
    """Bytes that were no UTF-8 cannot stand in a workbook."""
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
