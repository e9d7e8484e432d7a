"""A file of questions in any form, which is told by what is in it and never by its name.

Plain text is read as `POST /v1/batch` reads it, so that a bad row fails no other and both answer
alike; workbooks, layers and text in other encodings as an import reads them.
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
    """The form in which such a file goes back (csv | ndjson | xlsx), how many rows it has, and
    these rows.

    Raises UnreadableFileError and its kinds.
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
            except csv.Error:  # of one row
                continue
    raise AssertionError


def opened(path: Path) -> TextIO:
    """A text in UTF-8; bytes that are none are passed through as they came."""
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
