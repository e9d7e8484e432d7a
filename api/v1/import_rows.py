"""Editing the rows of an import that have problems."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from flask import Response
from pydantic import Field, StringConstraints, model_validator
from typing_extensions import TypedDict

from api.core.access import caller
from api.core.audit import note
from api.core.context import register
from api.core.endpoint import Resource, keyed
from api.core.types import Request, answer_from
from api.v1.import_bodies import ImportAnswer, numbering_of, row_location
from api.v1.imports import shown
from registry.core.database import session_scope
from registry.core.invalid import invalid_value
from registry.core.messages import Message
from registry.files.formats.table import Numbering
from registry.intake.judging.problems import PROBLEMS
from registry.intake.judging.row_problem import RowProblem
from registry.submissions.editing import (
    CellEdit,
    EditableColumn,
    EditableRow,
    Wanted,
    deliver_rest,
    edit_alike,
    edit_cells,
    page_of_rows,
)
from registry.submissions.views import find_import

blueprint = Resource("import_rows", "/v1/imports", tag="imports", kind="writing")

_MAX_ROWS: Final = 500
_MAX_CELLS: Final = 1_000
_Cell = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Place = Annotated[int, Field(ge=0, le=2**31 - 1)]


class RowsQuery(Request):
    """Filters of the rows; all must match."""

    rows: Literal["rejected", "warned", "edited"] | None = Field(
        None, description="Rejected, with problems, or edited"
    )
    problem: str | None = Field(None, max_length=100, description="Code of a problem")
    column: _Place | None = Field(None, description="Column whose cells have `value`")
    value: _Cell = Field("", description="Value of these cells")
    start: _Place = Field(0, description="Rows to skip")
    limit: int = Field(100, ge=1, le=_MAX_ROWS)


class CellBody(Request):
    """One cell."""

    place: _Place = Field(description="`place` of the row")
    column: _Place = Field(description="`at` of the column")
    value: _Cell = Field(description="New value")
    version: _Place = Field(0, description="Number of edits when you saw it; 412 if it has changed")


class AlikeBody(Request):
    """Equal cells of one column, in rows with the same problem."""

    problem: str = Field(max_length=100, description="Code of the problem")
    column: _Place = Field(description="`at` of the column")
    was: _Cell = Field(description="Current value of the cells")
    value: _Cell = Field(description="New value")


class EditsBody(Request):
    """Edits: of single cells, or of all equal cells."""

    edits: list[CellBody] | None = Field(
        None, min_length=1, max_length=_MAX_CELLS, description="Single cells"
    )
    alike: AlikeBody | None = Field(None, description="All cells that are alike")

    @model_validator(mode="after")
    def _one_of_both(self) -> "EditsBody":
        if (self.edits is None) == (self.alike is None):
            raise invalid_value("missing", Message("edits_or_alike_required"))
        return self


class ColumnOfRows(TypedDict):
    """A column of the file with editable cells."""

    at: int
    """Position in the file, from 0"""
    header: str
    field: Annotated[str, Field(examples=["house_number"])]


class EditOfCell(TypedDict):
    """An edited cell."""

    column: int
    """`at` of the column"""
    value: str
    """New value"""
    version: int
    """Number of edits"""
    edited_by: str


class FixedCell(TypedDict):
    """A cell of a proposed fix."""

    column: int
    """`at` of the column"""
    value: str


class ProblemOfRow(TypedDict):
    """One problem of a row."""

    code: Annotated[str, Field(examples=["address_names_no_dwelling"])]
    severity: Literal["error", "warning", "notice"]
    field: str | None
    value: str | None
    vi: str
    en: str
    fix_vi: str | None
    """The fix in Vietnamese words"""
    ways: list[list[FixedCell]]
    """The fix as cells to write; alternatives, one of which has to be chosen"""


class RowOfImport(TypedDict):
    """A row with problems or edits."""

    place: int
    """Position in the file: 0 = first after the header, blank rows counted"""
    row: int
    """1 = first after the header, blank rows not counted"""
    sheet_row: int | None
    """Row number in the spreadsheet; null for other files"""
    sheet: str | None
    """Sheet of a workbook with several"""
    cells: list[str]
    """Cells as read by the last dry run, one for each column"""
    problems: list[ProblemOfRow]
    edits: list[EditOfCell]


class ImportRows(TypedDict):
    """Rows, in the order of the file."""

    columns: list[ColumnOfRows]
    rows: list[RowOfImport]
    total: int
    """Matching rows on all pages; at most 20,000 of a file are kept"""


@blueprint.get("/<int:import_id>/rows")
@keyed("editor", operation_id="list_import_rows")
def get_rows(import_id: int, query: RowsQuery) -> ImportRows:
    """Rows with problems, for editing."""
    engine, settings = register().engine, register().settings
    wanted = Wanted(query.rows, query.problem, query.column, query.value)
    page = page_of_rows(
        engine, settings, import_id, caller(), wanted, start=query.start, limit=query.limit
    )
    with session_scope(engine) as session:
        numbering = numbering_of(find_import(session, import_id, caller()))
    note(count=len(page.rows))
    return {
        "columns": [answer_from(ColumnOfRows, column) for column in page.columns],
        "rows": [_row(row, page.columns, numbering) for row in page.rows],
        "total": page.total,
    }


@blueprint.patch("/<int:import_id>/rows")
@keyed(
    "editor",
    accepted=ImportAnswer,
    statuses=(412,),
    operation_id="edit_import_rows",
    codes=("import_state",),
    example={"edits": [{"place": 3, "column": 1, "value": "12A", "version": 0}]},
)
def patch_rows(import_id: int, json: EditsBody) -> Response:
    """Edit cells of an unpublished import, and run it again.

    By `edits` single cells, by `alike` equal cells of a column with the same problem; 412 if
    somebody else edited a cell.
    """
    engine, settings = register().engine, register().settings
    if json.alike is not None:
        wanted = Wanted(None, json.alike.problem, json.alike.column, json.alike.was)
        edit_alike(engine, settings, import_id, caller(), wanted, json.alike.value)
    else:
        edits = [CellEdit(**each.model_dump()) for each in json.edits or ()]
        edit_cells(engine, settings, import_id, caller(), edits)
    return shown(import_id, 202)


@blueprint.post("/<int:import_id>/rest")
@keyed(
    "editor", accepted=ImportAnswer, operation_id="deliver_rest_of_import", codes=("import_state",)
)
def post_rest(import_id: int) -> Response:
    """Make the rejected rows of a published import a new one.

    Repeated, it is the same one while it waits.
    """
    engine, settings = register().engine, register().settings
    return shown(deliver_rest(engine, settings, import_id, caller()), 202)


def _row(
    row: EditableRow, columns: Sequence[EditableColumn], numbering: Numbering | None
) -> RowOfImport:
    places = {column.field: column.at for column in columns}
    cells = {column.field: cell for column, cell in zip(columns, row.cells, strict=True)}
    return answer_from(
        RowOfImport,
        row,
        **row_location(row.row_number, numbering),
        cells=list(row.cells),
        problems=[_problem(each, numbering, places, cells) for each in row.problems],
        edits=[answer_from(EditOfCell, each) for each in row.edits],
    )


def _problem(
    problem: RowProblem,
    numbering: Numbering | None,
    places: Mapping[str, int],
    cells: Mapping[str, str],
) -> ProblemOfRow:
    kind = PROBLEMS.get(problem.code)
    return answer_from(
        ProblemOfRow,
        problem,
        vi=kind.vi if kind else problem.code,
        en=kind.english if kind else problem.code,
        fix_vi=problem.fix_vi(numbering),
        ways=[
            [{"column": places[field], "value": value} for field, value in way.items()]
            for way in problem.ways(cells)
        ],
    )
