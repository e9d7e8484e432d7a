"""Opens a file of questions in any format, detected by content and never by name.

Plain text is read as by `POST /v1/batch`, so that a bad row fails alone and both give the same
answers; workbooks, map layers and text in other encodings are read as by an import.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final, TextIO

from registry.files.csv_cells import read_rows
from registry.files.formats.any_file import read_file, text_form
from registry.publish.batch.rows import Stated, Table, read_table, table_of

WORKBOOK: Final = "xlsx"


@contextmanager
def reading(
    path: Path, operation: str, sheet: str | None, stated: Stated
) -> Iterator[tuple[str, int, Table]]:
    """Yield the format of the result (csv | ndjson | xlsx), the number of rows, and the rows.

    Raises UnreadableFileError and its subclasses.
    """
    form = text_form(path)
    if form is None:
        file = read_file(path, sheet)
        with file.rows() as cells:
            rows = sum(1 for _ in cells)
        with file.rows() as cells:
            table = table_of(operation, file.headers, cells, stated=stated)
            yield (WORKBOOK if file.form == WORKBOOK else "csv"), rows, table
        return
    with opened(path) as lines:
        table = read_table(form, operation, lines, stated)
        yield form, _count(path, form, table), table


def _count(path: Path, form: str, table: Table) -> int:
    with opened(path) as lines:
        if form == "ndjson":
            return sum(1 for line in lines if line.strip())
        rows = read_rows(lines, delimiter=table.delimiter)
        for number in count():
            try:
                next(rows)
            except StopIteration:
                return number - table.above - 1
            except csv.Error:  # in one row
                continue
    raise AssertionError


def opened(path: Path) -> TextIO:
    """Open UTF-8 text; invalid bytes pass through unchanged."""
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
