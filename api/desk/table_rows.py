"""Rows of a small table with problems, edited in the page that tried its file."""

import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import request

from registry.core.messages import _
from registry.files.csv_cells import Writer
from registry.files.table_column import TableColumn
from registry.files.table_file import RowProblem, TableFile, opened_table

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
    wrong: Collection[str]
    """Fields whose cells are blank or not of their type."""


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
    problems: Iterable[RowProblem],
    words: Callable[[RowProblem], str],
    *,
    editable: bool = True,
) -> ProblemRows:
    """Rows of a table with `problems`, each in `words`."""
    found: dict[int, list[RowProblem]] = {}
    for problem in problems:
        found.setdefault(problem.row_number, []).append(problem)
    cells = {number: row for number, row in enumerate(rows, start=1) if number in found}
    shown = [
        ProblemRow(
            number,
            cells[number],
            [(each.severity, words(each)) for each in sorted(found[number], key=_gravity)],
            _wrong(table, cells[number], {each.code for each in found[number]}),
        )
        for number in sorted(cells)[:MOST_ROWS]
    ]
    used = [c for c in table.columns if any(row.cells.get(c.field) for row in shown)]
    needed = [c for c in table.columns if any(c.field in group for group in table.needed)]
    columns = [c for c in table.columns if c in used or c in needed]
    return ProblemRows(columns, shown, len(cells) - len(shown), editable)


def _gravity(problem: RowProblem) -> int:
    return _SEVERITIES.index(problem.severity)


def _wrong(table: TableFile, cells: Cells, codes: Collection[str]) -> list[str]:
    faults = ((column.field, column.read(cells)[1]) for column in table.columns)
    return [field for field, fault in faults if fault and fault[0] in codes]


def edited_file(
    table: TableFile, path: Path, sheet: str, problems: Callable[[], Iterable[RowProblem]]
) -> tuple[str, bytes] | None:
    """Name and content of a CSV with the rows of a file, in which the cells of the form stand.

    Where the form asks for it, a cell is edited in all rows that hold the same there and have the
    same of the `problems` that the file has as it came. None where the form holds no cells.
    """
    edits = _edited_cells()
    if not edits:
        return None
    with table.opened(path, opened_table(path, sheet or None, in_request=True)) as found:
        headers, places, rows = [*found.headers], {**found.places}, [*found.rows]
        held = [{n: row.cells[n] or found.said.get(n, "") for n in row.cells} for row in rows]
    edited = {field for __, field in edits}
    for field in (field for field in table.fields if field in edited and field not in places):
        places[field] = len(headers)
        headers.append(table.column(field).header)
    if request.form.get("alike") == "yes":
        edits |= _alike(edits, held, problems())
    out = io.StringIO(newline="")
    writer = Writer(out)
    writer.writerow(headers)
    for number, row in enumerate(rows, start=1):
        cells = [*row.written, *[""] * (len(headers) - len(row.written))]
        for field, at in places.items():
            cells[at] = edits.get((number, field), cells[at])
        writer.writerow(cells)
    return f"{path.stem}.csv", out.getvalue().encode()


def _edited_cells() -> dict[tuple[int, str], str]:
    """Number of the row and field of each cell that the form holds → what it says."""
    return {
        (int(found[1]), found[2]): value.strip()[:_LONGEST]
        for name, value in request.form.items()
        if (found := _CELL.fullmatch(name))
    }


def _alike(
    edits: Mapping[tuple[int, str], str], rows: Sequence[Cells], problems: Iterable[RowProblem]
) -> dict[tuple[int, str], str]:
    """Cells of other rows with the same problem and cell as one that was edited."""
    codes: dict[int, set[str]] = {}
    for problem in problems:
        codes.setdefault(problem.row_number, set()).add(problem.code)
    found: dict[tuple[int, str], str] = {}
    for (number, field), value in edits.items():
        before = rows[number - 1].get(field, "") if number <= len(rows) else value
        if before == value:
            continue
        for other, cells in enumerate(rows, start=1):
            is_alike = cells.get(field, "") == before and (
                codes.get(other, set()) & codes.get(number, set())
            )
            if is_alike and edits.get((other, field), before) == before:
                found[other, field] = value
    return found
