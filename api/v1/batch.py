"""Batches: many rows in one request, returned with their results."""

import datetime
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Annotated, Any, ClassVar, Final, NotRequired
from urllib.parse import quote

from flask import Response, request, stream_with_context
from pydantic import Field, ValidationError, with_config
from typing_extensions import TypedDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from api.core.access import as_caller, count_rows
from api.core.audit import note
from api.core.context import counts, gazetteer, register
from api.core.endpoint import CODES_OF_TABLES, Resource, public
from api.core.errors import invalid_input, problem_body
from api.core.received import parse_mapping
from api.core.shapes import Extras, WithPostal, unit_ref
from api.core.types import WORDING, Day, JsonObject, Problem, Request, Wording, without_nones
from api.v1.addresses import Address, address_answer
from api.v1.features import feature_collection
from api.v1.geocode import Found as FoundPlaces
from api.v1.geocode import GeocodeBody, unanswered
from api.v1.reverse import ReverseBody, point_query
from api.v1.validate import ValidateBody, ValidationAnswer, validation_answer
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.publish.batch import (
    OPERATIONS,
    RECHECK,
    Asked,
    CodeQuestion,
    Found,
    Outcome,
    PointQuestion,
    outcomes,
)
from registry.publish.batch.columns import REFERENCE
from registry.publish.batch.flat import extra_columns, flat, flat_change, flat_columns
from registry.publish.batch.receipts import Receipts
from registry.publish.batch.recheck import CHANGED, Rechecked, recheck
from registry.publish.batch.rows import (
    RESULT,
    InputRow,
    Layout,
    Stated,
    Table,
    json_line,
    read_row,
    read_table,
)
from registry.publish.changes.since import read_since
from registry.records.lookup import code_forms
from registry.records.record import Record
from registry.search.judge.verdicts import Validation
from registry.units import label_day
from registry.units.gazetteer import Gazetteer, UnitRef, today

_STREAMS: Final = {"application/x-ndjson": "ndjson", "text/csv": "csv"}
"""Media types of tables → their formats in `registry.publish.batch.rows`."""
_JSON: Final = "application/json"
_CHUNK: Final = 100
"""Rows answered together."""
_MAX_HEADER: Final = 2_000
"""Characters of unread column names in a response header."""
_RECEIPT: Final = "receipt"

blueprint = Resource("batch", "/v1/batch", tag="search", kind="batch")


_EXTRAS: Final = frozenset(WithPostal.model_fields)


class LookupRow(WithPostal):
    """A code, in any format."""

    code: str = Field(max_length=200)
    on: Day | None = None
    wording: Wording | None = WORDING

    @property
    def asked(self) -> CodeQuestion:
        """The parsed query."""
        day = label_day(self.on, self.wording)
        return CodeQuestion(self.code, day, map_needed=self.on is not None)


_MODELS: Final[dict[str, type[LookupRow | GeocodeBody | ReverseBody | ValidateBody]]] = {
    "lookup": LookupRow,
    "geocode": GeocodeBody,
    "reverse": ReverseBody,
    "validate": ValidateBody,
}


class BatchQuery(WithPostal):
    """Options of all rows."""

    on: Day | None = Field(
        None,
        description="Day of an additional label, `label_on`; JSON rows may differ",
    )
    wording: Wording | None = WORDING
    since: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Of `validate`: day, position or cursor; only rows whose door changed since",
        examples=["2026-11-01"],
    )
    mapping: str | None = Field(
        None,
        max_length=4_000,
        description='JSON, header → field: {"Nơi đến": "address"}; `source_ref`: your reference',
    )
    reference: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Header or member of your own reference",
        examples=["Mã riêng"],
    )
    receipt: bool = Field(
        default=False,
        description="Of `validate`: add a signed `receipt` to each answer",
    )


class BatchBody(Request):
    """Rows in one JSON document, for clients generated from the OpenAPI document."""

    one_of_several: ClassVar[bool] = True

    rows: list[dict[str, Any]] = Field(
        description="Each with the parameters of the single call, and your reference"
    )


class DoorSince(TypedDict):
    """A door that a row may refer to now."""

    code: str
    code_display: str
    label: str
    label_before_2025_07: str | None
    commune: UnitRef | None
    lon: float | None
    lat: float | None


class RowResult(TypedDict):
    """The result of a row."""

    status: Annotated[str, Field(examples=["ok"])]
    """ok, ambiguous, nothing_found, the reason for an unusable code, or a problem's code"""
    answer: NotRequired[Address | FoundPlaces | ValidationAnswer]
    """The body of the single call"""
    problem: NotRequired[Problem]
    """The problem that the single call would return"""
    receipt: NotRequired[str]
    """With `receipt`, for an answered row: a JWS"""
    row: NotRequired[int]
    """With `since`: number of your row, from 1"""
    reasons: NotRequired[list[str]]
    """With `since`: what changed about its door"""
    candidates: NotRequired[list[DoorSince]]
    """With `since`: every door it may be now"""


@with_config(extra="allow")
class AnsweredRow(TypedDict):
    """The returned members of a row, with its result."""

    result: RowResult


class BatchAnswer(TypedDict):
    """The rows in their order, each with its result."""

    rows: list[AnsweredRow]


@blueprint.post("/<operation>")
@public(
    answer=BatchAnswer,
    statuses=(415, 507),
    audited=True,
    operation_id="run_batch",
    codes=(*CODES_OF_TABLES, "storage_unavailable"),
    example={"rows": [{"q": "27 Láng, Hà Nội"}, {"q": "Phường Láng, Hà Nội"}]},
    in_turn=True,
    body_limit="batch_bytes",
    discloses=True,
)
def post_batch(operation: str, query: BatchQuery, json: BatchBody) -> Response:
    """Answer up to 10,000 rows in order, each with a status.

    JSON `rows`, NDJSON (`application/x-ndjson`) or CSV (`text/csv`) with a header.
    """
    if operation not in OPERATIONS:
        raise NotFoundError(Message("batch_operation_unknown", operations=", ".join(OPERATIONS)))
    if query.since is not None and operation != "validate":
        detail = Message("since_only_for_validate")
        raise InvalidInputError.of_field("since", "unknown_parameter", detail)
    if query.receipt and (operation != "validate" or query.since is not None):
        detail = Message("receipt_only_for_validate")
        raise InvalidInputError.of_field("receipt", "unknown_parameter", detail)
    form = _STREAMS.get(request.mimetype, "ndjson" if json else None)
    if form is None:
        raise UnsupportedMediaType(str(Message("one_of_required", known=[_JSON, *_STREAMS])))
    stated = tuple((parse_mapping(query.mapping) or {}).items())
    if query.reference:
        stated += ((query.reference, REFERENCE),)
    table, rows = _rows(form, operation if query.since is None else RECHECK, json, stated)
    note(count=len(rows))
    if query.since is not None:
        return _rechecked(form, table, rows, query.since, as_json=bool(json))
    on, extras = label_day(query.on, query.wording), query.extras
    receipts = Receipts(register()) if query.receipt else None
    answered = (
        _ndjson(operation, rows, query, receipts)
        if form == "ndjson"
        else _csv(operation, table, rows, on, receipts, extras)
    )
    if json:
        answered = _as_json(answered)
    # Answer the first row before sending the status, so that an unavailable register is an error.
    first = next(answered, "")
    body = (part.encode("utf-8", "surrogateescape") for part in chain([first], answered))
    response = Response(
        stream_with_context(as_caller(body)), content_type=f"{request.mimetype}; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-store"
    if table.unread:
        response.headers["Unread-Columns"] = ",".join(map(quote, table.unread))[:_MAX_HEADER]
    return response


def _rechecked(
    form: str, table: Table, rows: list[InputRow], since: str, *, as_json: bool
) -> Response:
    """Return the rows that changed; all are checked first, since a header has the counts."""
    day, reads = today(), register().reads
    behind = read_since(register(), since)
    found = register().asked(lambda: recheck(gazetteer(), reads, behind, rows))
    if form == "ndjson":
        changed = ({**each.row.returned, RESULT: _change(day, each)} for each in found.changed)
        lines = map(json_line, changed)
        body = "".join(_as_json(lines) if as_json else lines)
    else:
        layout = Layout.of("csv", table, flat_columns(RECHECK, None))
        body = layout.head()
        body += layout.text((each.row, flat_change(day, each)) for each in found.changed)
    response = Response(
        body.encode("utf-8", "surrogateescape"), content_type=f"{request.mimetype}; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Changed-Rows"] = str(len(found.changed))
    response.headers["Unchanged-Rows"] = str(len(rows) - len(found.changed) - found.without_door)
    response.headers["Rows-Without-Door"] = str(found.without_door)
    response.headers["Next-Since"] = behind.now
    return response


def _change(day: datetime.date, found: Rechecked) -> JsonObject:
    return {
        "status": CHANGED,
        "row": found.row.number,
        "reasons": list(found.reasons),
        "candidates": [
            {
                **code_forms(each.code),
                "label": each.label,
                "label_before_2025_07": each.words.before_2025_07,
                "commune": unit_ref(each.words.commune, day),
                "lon": each.lon,
                "lat": each.lat,
            }
            for each in found.candidates
        ],
    }


def _rows(
    form: str, operation: str, json: BatchBody | None, stated: Stated
) -> tuple[Table, list[InputRow]]:
    """Read all rows of the body, so that their number is checked before any answer."""
    limits = register().settings
    lines: Iterable[str]
    if json:
        lines = map(json_line, json.rows)
    else:
        text = request.get_data(cache=False).decode("utf-8", "surrogateescape")
        lines = io.StringIO(text, newline="")
    table = read_table(form, operation, lines, stated)
    rows = list(table.rows)
    if len(rows) > limits.batch_rows:
        raise RequestEntityTooLarge(f"more than {limits.batch_rows:,} rows")
    count_rows(len(rows))
    return table, rows


def _csv(
    operation: str,
    table: Table,
    rows: list[InputRow],
    on: datetime.date | None,
    receipts: Receipts | None,
    extras: Extras,
) -> Iterator[str]:
    day = today()
    more = extra_columns(gazetteer(), on, ids=extras.ids, postal=extras.postal)
    columns = flat_columns(operation, on) + more + ((_RECEIPT,) if receipts else ())
    layout = Layout.of("csv", table, columns)

    def line(known: Gazetteer, row: InputRow, outcome: Outcome) -> str:
        cells = flat(known, day, operation, outcome, more)
        if receipts:
            cells[_RECEIPT] = receipts.of(outcome)
        return layout.text([(row, cells)])

    head = layout.head()
    for text in _answered(operation, rows, partial(read_row, operation, on=on), line):
        yield head + text
        head = ""
    yield head


def _ndjson(
    operation: str, rows: list[InputRow], query: BatchQuery, receipts: Receipts | None
) -> Iterator[str]:
    extras = query.extras
    given = {"on": query.on and query.on.isoformat(), "wording": query.wording}

    def line(known: Gazetteer, row: InputRow, outcome: Outcome) -> str:
        result = _result(known, outcome, _extras_of(row, extras))
        if receipts and (receipt := receipts.of(outcome)):
            result[_RECEIPT] = receipt
        return json_line({**row.returned, RESULT: result})

    return _answered(operation, rows, partial(_asked, operation, given), line)


def _as_json(lines: Iterator[str]) -> Iterator[str]:
    """Join the rows into one JSON document."""
    before = '{"rows":['
    for line in lines:
        yield before + line
        before = ","
    yield "]}" if before == "," else before + "]}"


def _result(known: Gazetteer, outcome: Outcome, extras: Extras) -> JsonObject:
    if outcome.error is not None:
        return {"status": outcome.status, "problem": problem_body(outcome.error)}
    if outcome.found is None:
        return {"status": outcome.status}
    try:
        return {"status": outcome.status, "answer": _body(known, outcome, outcome.found, extras)}
    except InvalidInputError as error:  # no map of the requested day is known for it
        return {"status": error.code, "problem": problem_body(error)}


def _answered(
    operation: str,
    rows: list[InputRow],
    read: Callable[[InputRow], Asked],
    line: Callable[[Gazetteer, InputRow, Outcome], str],
) -> Iterator[str]:
    """Yield a line for each row; rows are answered in chunks, so that the first come soon."""
    made = register()

    def answer(part: list[InputRow]) -> tuple[list[Outcome], list[str]]:
        known = gazetteer()
        found = outcomes(known, made.reads, operation, [partial(read, row) for row in part])
        return found, [line(known, row, each) for row, each in zip(part, found, strict=True)]

    for start in range(0, len(rows), _CHUNK):
        found, lines = made.asked(partial(answer, rows[start : start + _CHUNK]))
        answers = (each.found for each in found)
        counts().count_verdicts(each.verdict for each in answers if isinstance(each, Validation))
        yield from lines


def _asked(operation: str, of_all: Mapping[str, Any], row: InputRow) -> Asked:
    """Parse a row as the single call parses its parameters.

    `of_all` has the day for rows without their own.
    """
    # An invalid line; otherwise members are parameters, whatever a table would make of them.
    if isinstance(row.error, InvalidInputError):
        raise row.error
    model = _MODELS[operation]
    members = row.given or {}
    given = {} if of_all.keys() & members.keys() else {k: v for k, v in of_all.items() if v}
    given |= {name: members[name] for name in model.model_fields if name in members}
    try:
        parsed = model.model_validate(given)
    except ValidationError as error:
        raise invalid_input(error) from error
    if _EXTRAS & members.keys():
        _ = parsed.extras  # an unknown scheme is this row's error
    return parsed.asked


def _extras_of(row: InputRow, of_all: Extras) -> Extras:
    """Return the optional members of a row's answer: its own ones, if it names any."""
    own = {name: row.given[name] for name in _EXTRAS if name in row.given} if row.given else {}
    with suppress(ValidationError, InvalidInputError):  # the answer is the error
        return WithPostal.model_validate(own).extras if own else of_all
    return of_all


def _body(
    known: Gazetteer, outcome: Outcome, found: Found, extras: Extras
) -> Address | ValidationAnswer | FoundPlaces:
    """Return the body of the single call."""
    asked = outcome.asked
    on = asked.on if asked is not None else None
    if isinstance(found, Record):
        needed = isinstance(asked, CodeQuestion) and asked.map_needed
        return address_answer(known, found, today(), on, extras, map_needed=needed)
    if isinstance(found, Validation):
        return validation_answer(found, extras)
    point = point_query(asked) if isinstance(asked, PointQuestion) else None
    places = feature_collection(known, point, found, on, extras)
    meant = unanswered(outcome.meant)
    return without_nones(FoundPlaces, **places, **meant)
