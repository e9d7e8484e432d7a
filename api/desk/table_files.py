"""Files of small tables at the desk: dry run, editing of rows with problems, writing.

The page carries the file through all steps, so that it is chosen once.
"""

import base64
import binascii
import io
import re
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from api.desk.blueprint import desk_page
from registry.core.errors import InvalidInputError
from registry.core.messages import Message, _
from registry.files.csv_cells import Writer
from registry.files.table_column import TableColumn
from registry.files.table_file import RowProblem, TableFile, opened_table

MAX_CARRIED: Final = 350_000
"""Most bytes of a compressed file that a page carries."""
MAX_ROWS: Final = 50
"""Most rows with problems shown for editing."""
_CELL: Final = re.compile(r"cell\.([1-9]\d{0,5})\.([a-z_]{1,40})")
_MAX_CELL: Final = 500
_SEVERITIES: Final = ("error", "warning", "notice")
"""The most severe first."""

Cells = Mapping[str, str]
"""Field of a table → cell of a row."""


@dataclass(frozen=True, slots=True)
class SentTable:
    """A submitted file, with the cells edited on the page."""

    name: str
    content: bytes
    sheet: str | None
    write: bool
    """Whether the dry run was confirmed."""

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """Yield the path of the file, deleted at the end."""
        with _as_file(self.name, self.content) as path:
            yield path

    def hidden(self) -> dict[str, str]:
        """Return the hidden fields with which the page carries the file."""
        content = base64.urlsafe_b64encode(_packed(self.content)).decode()
        return {"name": self.name, "content": content, "sheet": self.sheet or ""}


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A row with problems."""

    number: int
    """Number after the header, from 1; blank rows are not counted."""
    cells: Cells
    problems: Sequence[tuple[str, str]]
    """Severity and message of each, the most severe first."""
    wrong: Collection[str]
    """Fields whose cells are blank or of the wrong type."""


@dataclass(frozen=True, slots=True)
class ProblemRows:
    """Rows with problems, with the used and required columns."""

    columns: Sequence[TableColumn]
    rows: Sequence[ProblemRow]
    more: int
    """Number of rows with problems that are not shown."""
    editable: bool
    """Whether the file can be converted to a table without loss."""

    def label(self, row: ProblemRow, column: TableColumn) -> str:
        """Return the accessible label of a cell."""
        return _("{column}, row {row}", column=column.header, row=row.number)


def sent_table(
    table: TableFile,
    most: int,
    remedy: Message,
    problems: Callable[[Path, str | None], Iterable[RowProblem]],
) -> SentTable:
    """Return the submitted table, at most `most` bytes; `remedy` is the advice for a larger one.

    `problems` does a dry run of a file. Raises InvalidInputError, and what `problems` raises.
    """
    name, content = _sent_file(most, remedy)
    sheet = request.form.get("sheet", "").strip() or None
    with _as_file(name, content) as path:
        edited = edited_file(table, path, sheet, lambda: problems(path, sheet))
    if edited:
        (name, content), sheet = edited, None
    return SentTable(name, content, sheet, request.form.get("write") == "yes")


def dry_run_page(
    template: str, sent: SentTable, problems: ProblemRows, carried: Mapping[str, str], **values: Any
) -> BaseResponse:
    """Render the dry run of a file, with forms to edit its rows and to write it."""
    hidden = {**sent.hidden(), **carried}
    return desk_page(template, name=sent.name, hidden=hidden, problems=problems, **values)


def problem_rows(
    table: TableFile,
    rows: Iterable[Cells],
    problems: Iterable[RowProblem],
    words: Callable[[RowProblem], str],
    *,
    editable: bool = True,
) -> ProblemRows:
    """Return the rows of a table with `problems`, described by `words`."""
    found: dict[int, list[RowProblem]] = {}
    for problem in problems:
        found.setdefault(problem.row_number, []).append(problem)
    cells = {number: row for number, row in enumerate(rows, start=1) if number in found}
    shown = [
        ProblemRow(
            number,
            cells[number],
            [(each.severity, words(each)) for each in sorted(found[number], key=_severity_rank)],
            _wrong(table, cells[number], {each.code for each in found[number]}),
        )
        for number in sorted(cells)[:MAX_ROWS]
    ]
    used = [c for c in table.columns if any(row.cells.get(c.field) for row in shown)]
    needed = [c for c in table.columns if any(c.field in group for group in table.needed)]
    columns = [c for c in table.columns if c in used or c in needed]
    return ProblemRows(columns, shown, len(cells) - len(shown), editable)


def _severity_rank(problem: RowProblem) -> int:
    return _SEVERITIES.index(problem.severity)


def _wrong(table: TableFile, cells: Cells, codes: Collection[str]) -> list[str]:
    faults = ((column.field, column.read(cells)[1]) for column in table.columns)
    return [field for field, fault in faults if fault and fault[0] in codes]


def edited_file(
    table: TableFile, path: Path, sheet: str | None, problems: Callable[[], Iterable[RowProblem]]
) -> tuple[str, bytes] | None:
    """Return name and content of a CSV with the rows of a file and the edited cells of the form.

    On request, an edit applies to all rows with the same value there and the same of the original
    `problems`. None if the form has no edited cells.
    """
    edits = _edited_cells()
    if not edits:
        return None
    with table.opened(path, opened_table(path, sheet, in_request=True)) as found:
        headers, places, rows = [*found.headers], {**found.places}, [*found.rows]
        held = [{n: row.cells[n] or found.defaults.get(n, "") for n in row.cells} for row in rows]
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
    """Return (row number, field) → value of the edited cells."""
    return {
        (int(found[1]), found[2]): value.strip()[:_MAX_CELL]
        for name, value in request.form.items()
        if (found := _CELL.fullmatch(name))
    }


def _alike(
    edits: Mapping[tuple[int, str], str], rows: Sequence[Cells], problems: Iterable[RowProblem]
) -> dict[tuple[int, str], str]:
    """Return cells of other rows with the same problem and value as an edited one."""
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


def _sent_file(most: int, remedy: Message) -> tuple[str, bytes]:
    """Return name and content of the chosen or carried file.

    Raises InvalidInputError without one, and for more than `most` bytes, with the `remedy`.
    """
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        name, content = sent.filename, sent.read(most + 1)
    else:
        name, content = request.form.get("name", ""), _unpacked(most)
    if not content:
        raise InvalidInputError(Message("choose_file"))
    if len(content) > most or len(_packed(content)) > MAX_CARRIED:
        raise InvalidInputError(
            Message("file_too_large_for_desk", kilobytes=most // 1_000, remedy=remedy)
        )
    return name.replace("\\", "/").rpartition("/")[2][-100:] or "tep.csv", content


@contextmanager
def _as_file(name: str, content: bytes) -> Iterator[Path]:
    """Yield a temporary file of that name with the content."""
    with tempfile.TemporaryDirectory() as folder:
        # The suffix selects the format, and errors contain the name.
        path = Path(folder) / (re.sub(r"[^\w .-]", "", name)[-60:].lstrip(". ") or "tep")
        path.write_bytes(content)
        yield path


def _packed(content: bytes) -> bytes:
    return zlib.compress(content)


def _unpacked(most: int) -> bytes:
    try:
        packed = base64.urlsafe_b64decode(request.form.get("content", ""))
        return zlib.decompressobj().decompress(packed, most + 1)
    except (ValueError, binascii.Error, zlib.error) as error:
        raise InvalidInputError(Message("choose_file_again")) from error
