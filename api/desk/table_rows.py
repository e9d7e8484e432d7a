"""Rows of a small table with problems, edited in the page that tried its file."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from flask import request

from registry.core.messages import _
from registry.files.csv_cells import Writer
from registry.files.table_column import TableColumn
from registry.files.table_file import TableFile

MOST_ROWS: Final = 50
"""Rows with problems that a page shows for editing."""
_CELL: Final = re.compile(r"cell\.([1-9]\d{0,5})\.([a-z_]{1,40})")
_LONGEST: Final = 500
_SEVERITIES: Final = ("error", "warning", "notice")
"""The gravest first."""

Cells = Mapping[str, str]
"""Field of a table → what a row has of it."""


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A row with problems, as a page shows it."""

    number: int
    """Below the header, from 1; blank rows are not counted."""
    cells: Cells
    problems: Sequence[tuple[str, str]]
    """Severity and words of each, the gravest first."""


@dataclass(frozen=True, slots=True)
class ProblemRows:
    """Rows with problems, and the columns that the file has, or that a problem asks for."""

    columns: Sequence[TableColumn]
    rows: Sequence[ProblemRow]
    more: int
    """Rows with problems that are not shown."""
    editable: bool
    """Whether a table can hold all that the file does."""

    def label(self, row: ProblemRow, column: TableColumn) -> str:
        """What a cell is called by those who do not see the table."""
        return _("{column}, row {row}", column=column.header, row=row.number)


def problem_rows(
    table: TableFile,
    rows: Iterable[Cells],
    problems: Iterable[tuple[int, str, str]],
    *,
    editable: bool = True,
) -> ProblemRows:
    """Rows of a table with `problems`: number of the row, severity and words."""
    found: dict[int, list[tuple[str, str]]] = {}
    for number, severity, words in problems:
        found.setdefault(number, []).append((severity, words))
    cells = {number: row for number, row in enumerate(rows, start=1) if number in found}
    shown = [
        ProblemRow(number, cells[number], sorted(found[number], key=_gravity))
        for number in sorted(cells)[:MOST_ROWS]
    ]
    used = [c for c in table.columns if any(row.cells.get(c.field) for row in shown)]
    needed = [c for c in table.columns if any(c.field in group for group in table.needed)]
    columns = [c for c in table.columns if c in used or c in needed]
    return ProblemRows(columns, shown, len(cells) - len(shown), editable)


def _gravity(problem: tuple[str, str]) -> int:
    return _SEVERITIES.index(problem[0])


def edited_cells() -> dict[tuple[int, str], str]:
    """Number of the row and field of each cell that the form holds → what it says."""
    return {
        (int(found[1]), found[2]): value.strip()[:_LONGEST]
        for name, value in request.form.items()
        if (found := _CELL.fullmatch(name))
    }


def edited_file(
    table: TableFile, name: str, rows: Iterable[Cells], edits: Mapping[tuple[int, str], str]
) -> tuple[str, bytes]:
    """Name and content of a CSV with the rows of a file, in which edited cells stand."""
    out = io.StringIO(newline="")
    writer = Writer(out)
    writer.writerow(column.header for column in table.columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow(
            edits.get((number, column.field), row.get(column.field, "")) for column in table.columns
        )
    return f"{PurePath(name).stem}.csv", out.getvalue().encode()
