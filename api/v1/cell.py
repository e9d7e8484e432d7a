"""One value of an address as plain text, for spreadsheet functions."""

from functools import partial
from typing import Any, Final, Literal

from flask import Response
from pydantic import Field

from api.core.columns import Query
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, public
from api.core.errors import raise_unless_row_error
from api.core.types import WORDING, Request, Wording
from registry.publish.batch import outcomes
from registry.publish.batch.flat import DAY_COLUMNS, flat, flat_columns
from registry.publish.batch.rows import InputRow, read_row
from registry.units import LAST_DAY_OF_OLD_MAP, label_day
from registry.units.gazetteer import today

blueprint = Resource("cell", "/v1/cell", tag="search", kind="validate")

_OPERATION: Final = "validate"
_TEXT: Final = "text/plain"
Column: Any = Literal[flat_columns(_OPERATION, LAST_DAY_OF_OLD_MAP)]


class CellQuery(Request):
    """An address, and the requested column."""

    q: Query = Field(
        description="Address of any map, or a code", examples=["27 Láng, Phường Láng, Hà Nội"]
    )
    column: Column = Field("label", description="A column of a `validate` batch")
    wording: Wording | None = WORDING
    quoted: bool = Field(False, description="In quotes, for IMPORTDATA of Google Sheets")


@blueprint.get("")
@public(media_types=(_TEXT,), retried=True, operation_id="get_cell", discloses=True)
def get_cell(query: CellQuery) -> Response:
    """One value of an address as plain text, for spreadsheets.

    For WEBSERVICE and IMPORTDATA; empty if unknown.
    """
    known, row = gazetteer(), InputRow({"address": query.q}, {})
    on = label_day(None, query.wording)
    if on is None and query.column in DAY_COLUMNS:
        on = LAST_DAY_OF_OLD_MAP
    questions = [partial(read_row, _OPERATION, row, on)]
    (outcome,) = outcomes(known, register().reads, _OPERATION, questions)
    raise_unless_row_error(outcome.error)
    value = flat(known, today(), _OPERATION, outcome)[query.column]
    text = "" if value is None else str(value)
    if query.quoted:
        text = '"' + text.replace('"', '""') + '"'
    response = Response(text, mimetype=_TEXT)
    response.headers["Cache-Control"] = "no-store"
    return response
