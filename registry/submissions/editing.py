"""Rows of an import for editing, and the edited cells.

A job writes the rows next to the file after each dry run (`row_reports.write_rows`). Edited cells
are stored with the import by their place in the file, with versions (a stale one is 412); the next
dry run, publication and reports read the file with these replaced. The whole file is tried again,
since rows depend on each other and an approver publishes its verdict. Columns that may return are
shown (`registry.files.spellings.returned`).

Rejected: trying one row alone (a second judge); rewriting the file, which is evidence. 400 rows
with 40 rejected take 0.3 s, 20,000 with 10,000 rejected 1.6 s.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic_core import from_json
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.errors import (
    InvalidInputError,
    NotFoundError,
    RowEditedError,
)
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.files import kept
from registry.files.spellings.returned import clean_cell
from registry.intake.columns.edited import Edits
from registry.intake.judging.row_problem import RowProblem
from registry.jobs.submission import IMPORTS
from registry.jobs.table import CHECK_IMPORT
from registry.submissions.asking import stage
from registry.submissions.receiving import Delivery, receive
from registry.submissions.views import ImportView, check_may_change, find_import

SQL: Final = Statements(__file__, "queries.sql")
MOST_EDITS: Final = 20_000
"""Maximum cells of one request, including those of rows edited alike."""
Which = Literal["rejected", "warned", "edited"]
_Row = dict[str, Any]
"""In the format of `row_reports.write_rows`."""


@dataclass(frozen=True, slots=True)
class EditableColumn:
    """A column of the file whose cells may be edited."""

    at: int
    """Its index in the file, from 0."""
    header: str
    field: str


@dataclass(frozen=True, slots=True)
class EditedCell:
    """The edited value of a cell."""

    column: int
    value: str
    version: int
    edited_by: str


@dataclass(frozen=True, slots=True)
class EditableRow:
    """A row with problems or edits."""

    place: int
    """In the file: 0 = first after the header, blank rows counted."""
    row_number: int
    """1 = first after the header, blank rows not counted."""
    cells: tuple[str, ...]
    """Values read by the last dry run, one for each of the columns."""
    problems: tuple[RowProblem, ...]
    edits: tuple[EditedCell, ...] = ()


@dataclass(frozen=True, slots=True)
class RowsPage:
    """A page of rows."""

    columns: tuple[EditableColumn, ...]
    rows: tuple[EditableRow, ...]
    total: int
    """Number of rows on all pages."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of rows, combined by AND."""

    which: Which | None = None
    problem: str | None = None
    """Code of a problem."""
    column: int | None = None
    """Index of a column whose cells have `value`."""
    value: str = ""


@dataclass(frozen=True, slots=True)
class CellEdit:
    """A cell and its new value."""

    place: int
    column: int
    value: str
    version: int
    """Number of its edits when the caller read it."""


def page_of_rows(
    engine: Engine,
    settings: Settings,
    import_id: int,
    actor: Actor,
    wanted: Wanted,
    *,
    start: int,
    limit: int,
) -> RowsPage:
    """Return rows from index `start`, in the order of the file; raises NotFoundError."""
    with session_scope(engine) as session:
        find_import(session, import_id, actor)
        edits = _cells(session, import_id)
    columns, rows = _read(settings, import_id)
    found = [row for row in rows if _is_wanted(row, columns, wanted, edits)]
    page = (_shown(row, edits) for row in found[start : start + limit])
    return RowsPage(columns, tuple(page), len(found))


def edit_cells(
    engine: Engine, settings: Settings, import_id: int, actor: Actor, edits: Sequence[CellEdit]
) -> None:
    """Store the edits, and queue another dry run.

    Raises NotFoundError, ImportStateError if the import can no longer be published,
    InvalidInputError for a cell that is not editable, and RowEditedError, with nothing stored, if
    somebody else has edited one of them since.
    """
    with session_scope(engine) as session:
        view = _editable(session, import_id, actor)
        columns, rows = _read(settings, import_id)
        fields = {column.at: column.field for column in columns}
        places = {row["place"] for row in rows}
        if unknown := [e for e in edits if e.place not in places or e.column not in fields]:
            raise _not_editable(unknown[0])
        known = {(place, e.column): e for place, cells in _cells(session, import_id).items()
                 for e in cells}  # fmt: skip
        for edit in edits:
            before = known.get((edit.place, edit.column))
            if before is not None and before.version != edit.version:
                raise RowEditedError(
                    Message("cell_edited_since", value=before.value, by=before.edited_by),
                    value=before.value,
                    version=before.version,
                    edited_by=before.edited_by,
                )
        session.execute(
            SQL.text("edit_cells"),
            {
                "id": import_id,
                "actor": actor.name,
                "places": [edit.place for edit in edits],
                "columns": [edit.column for edit in edits],
                "values": [clean_cell(fields[edit.column], edit.value) for edit in edits],
            },
        )
        # A running dry run is followed by another one.
        if view.phase is None:
            stage(session, import_id)
            IMPORTS.hand_over(session, view, actor, CHECK_IMPORT)


def edit_alike(
    engine: Engine,
    settings: Settings,
    import_id: int,
    actor: Actor,
    wanted: Wanted,
    value: str,
) -> int:
    """Set all equal cells of one column, in rows with the same problem, to `value`.

    Returns how many; raises the errors of `edit_cells`.
    """
    if wanted.column is None:
        raise InvalidInputError.of_field("column", "missing", Message("column_required"))
    with session_scope(engine) as session:
        _editable(session, import_id, actor)
        edits = _cells(session, import_id)
    columns, rows = _read(settings, import_id)
    chosen = [row for row in rows if _is_wanted(row, columns, wanted, edits)][:MOST_EDITS]
    cells = [
        CellEdit(row["place"], wanted.column, value, _version(edits[row["place"]], wanted.column))
        for row in chosen
    ]
    if cells:
        edit_cells(engine, settings, import_id, actor, cells)
    return len(cells)


def deliver_rest(engine: Engine, settings: Settings, import_id: int, actor: Actor) -> int:
    """Create an import of the rejected rows of a published one, with the same source.

    Returns its id, the same until it is published. Raises NotFoundError if no rejected rows are
    kept, ImportStateError if the import is not published.
    """
    with session_scope(engine) as session:
        view = find_import(session, import_id, actor)
        check_may_change(session, import_id, actor)
        if view.state != "published":
            raise IMPORTS.wrong_state(view, Message("rest_after_published"))
        path = kept.report(IMPORTS.folder(settings, import_id), kept.REJECTED)
        if path is None:
            raise NotFoundError(Message("import_file_gone", import_id=import_id))
        waiting = {"source": view.source, "name": path.name}
        before = session.execute(SQL.text("rest_waiting"), waiting).scalar_one_or_none()
    if before is not None:
        return int(before)
    copy = kept.incoming(settings)
    shutil.copyfile(path, copy)
    # The caller has not edited this file: its rows are numbered as in the delivered one.
    counts = {"rows_as_delivered": view.counts.get("numbering") is not None}
    rest = Delivery(copy, path.name, view.source, "partial", view.decision_number, counts)
    return receive(engine, settings, rest, actor)


def edits_of(session: Session, import_id: int) -> tuple[Edits, int]:
    """Return the edited cells of an import, and the number of edits."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    versions = 0
    for place, cells in _cells(session, import_id).items():
        for cell in cells:
            found[place][cell.column] = cell.value
            versions += cell.version
    return dict(found), versions


def _cells(session: Session, import_id: int) -> Mapping[int, list[EditedCell]]:
    found: dict[int, list[EditedCell]] = defaultdict(list)
    for place, *cell in session.execute(SQL.text("edited_cells"), {"id": import_id}):
        found[place].append(EditedCell(*cell))
    return found


def _editable(session: Session, import_id: int, actor: Actor) -> ImportView:
    """Lock an import for editing until the transaction ends."""
    find_import(session, import_id, actor)
    check_may_change(session, import_id, actor)
    session.execute(SQL.text("hold_import"), {"id": import_id})
    view = find_import(session, import_id, actor)
    if view.state == "published":
        raise IMPORTS.wrong_state(view, Message("edit_rest_instead"))
    if view.state not in ("staged", "reported", "failed"):
        raise IMPORTS.wrong_state(view, Message("edit_before_written"))
    return view


def _read(settings: Settings, import_id: int) -> tuple[tuple[EditableColumn, ...], list[_Row]]:
    """Read what a job has written (`row_reports.write_rows`)."""
    path = kept.report(IMPORTS.folder(settings, import_id), kept.ROWS)
    if path is None:
        raise NotFoundError(Message("import_file_gone", import_id=import_id))
    lines = _lines(path)
    columns = tuple(EditableColumn(**each) for each in next(lines)["columns"])
    return columns, list(lines)


def _lines(path: Path) -> Iterator[_Row]:
    try:
        with path.open("rb") as stream:
            yield from map(from_json, stream)
    except FileNotFoundError:  # just replaced by a dry run
        raise NotFoundError(
            Message("import_file_gone", import_id=path.parent.parent.name)
        ) from None


def _shown(row: _Row, edits: Mapping[int, Sequence[EditedCell]]) -> EditableRow:
    number, place = row["row"], row["place"]
    problems = tuple(RowProblem(number, *problem) for problem in row["problems"])
    return EditableRow(place, number, tuple(row["cells"]), problems, tuple(edits.get(place, ())))


def _is_wanted(
    row: _Row,
    columns: Sequence[EditableColumn],
    wanted: Wanted,
    edits: Mapping[int, Sequence[EditedCell]],
) -> bool:
    place, problems = row["place"], row["problems"]
    if wanted.problem and all(code != wanted.problem for _field, code, *_ in problems):
        return False
    if wanted.column is not None:
        at = next((n for n, column in enumerate(columns) if column.at == wanted.column), None)
        edited = [cell.value for cell in edits.get(place, ()) if cell.column == wanted.column]
        if at is None or [*edited, row["cells"][at]][0] != wanted.value:
            return False
    is_rejected = any(severity == "error" for _field, _code, severity, *_ in problems)
    match wanted.which:
        case "rejected":
            return is_rejected
        case "warned":
            return bool(problems) and not is_rejected
        case "edited":
            return place in edits
    return True


def _version(cells: Sequence[EditedCell], column: int) -> int:
    return next((cell.version for cell in cells if cell.column == column), 0)


def _not_editable(edit: CellEdit) -> InvalidInputError:
    return InvalidInputError.of_field(
        "edits", "not_editable", Message("cell_not_editable", row=edit.place, column=edit.column)
    )
