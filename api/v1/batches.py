"""Large batches: upload a file, let a job answer it, fetch the result with the same key."""

from typing import Annotated, Any, Final, Literal, cast

from flask import Response, request, send_file
from pydantic import Field
from typing_extensions import TypedDict

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed
from api.core.received import FILE, keep_files_below_var, parse_mapping, received
from api.core.requests import Request as OwnRequest
from api.core.shapes import WithPostal, at, unkept
from api.core.types import WORDING, Day, OfferedRemedy, Wording, answer_from
from registry.access.budget import carried
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.remedies import offered
from registry.files.formats.formats import FORMATS
from registry.jobs.asked import remedies_of, shown_problem
from registry.lifecycle.requests import Line
from registry.publish.batch.flat import extra_columns
from registry.publish.batch.large import store
from registry.publish.batch.large.store import BatchView
from registry.units import label_day

blueprint = Resource("batches", "/v1/batches", tag="search", kind="batch")
blueprint.before_request(keep_files_below_var)

Operation = Literal["lookup", "geocode", "reverse", "validate"]
State = Literal["working", "done", "failed"]
_FORMATS: Final = ("csv", "ndjson", "xlsx")


class BatchOptions(WithPostal):
    """How to read and answer the file; beside the part `file` of a form, else in the query."""

    operation: Operation | None = Field(None, description="What to do with each row; required")
    format: Literal["csv", "ndjson", "xlsx"] | None = Field(
        None, description="Of the result; as the file by default"
    )
    on: Day | None = Field(None, description="Day of an additional label, `label_on`")
    wording: Wording | None = WORDING
    sheet: Line | None = Field(None, description="Sheet or layer")
    mapping: str | None = Field(
        None,
        max_length=20_000,
        description='JSON, header → field: {"Nơi đến": "address"}; `source_ref`: your reference',
    )
    webhook: int | None = Field(
        None, ge=1, le=2**63 - 1, description="Your webhook to notify of the end"
    )


class BatchesQuery(BatchOptions):
    """The same, for a body that is the file itself."""

    file_name: str | None = Field(
        None, max_length=200, description="Name of the file, for a body that is the file itself"
    )


class BatchForm(BatchOptions):
    """The same, as parts of a form beside `file`."""


class BatchProgress(TypedDict):
    """Work in progress."""

    phase: str
    """waiting, reading, answering, writing"""
    rows: int
    """Rows answered so far"""
    of: int | None
    """Rows of the file; null before they are counted"""


class BatchTrouble(TypedDict):
    """Why the batch failed."""

    code: Annotated[str, Field(examples=["columns_not_recognised"])]
    detail: str
    columns: list[str] | None
    """Headers, if none was recognised: name the fields in `mapping`"""
    sheets: list[str] | None
    """Sheets, one of which has to be named in `sheet`"""
    remedies: list[OfferedRemedy]
    """Options for uploading the file again"""


class LargeBatch(TypedDict):
    """A large batch."""

    id: int
    state: Annotated[
        State, Field(description="working (waits or is being answered), done, failed (see trouble)")
    ]
    operation: Operation
    file_name: str
    created_at: str
    progress: BatchProgress | None
    """Null once it has ended"""
    rows: int | None
    """Rows of the file, all of them in the result, in order"""
    unanswered: int
    """Rows whose status is not ok"""
    verdicts: dict[str, int]
    """For validate: count of each verdict"""
    unread_columns: list[str]
    """Headers of columns that were not used; your reference is returned nonetheless"""
    result: Annotated[str | None, Field(examples=["/v1/batches/7/result"])]
    """Path of the result, for this key only; null if there is none"""
    trouble: BatchTrouble | None
    deleted_at: str | None
    """When the batch and its result are deleted; null while in progress"""


class LargeBatches(TypedDict):
    """Batches, the latest first."""

    batches: list[LargeBatch]


class Deleted(TypedDict):
    """The deleted batch."""

    id: int


@blueprint.post("")
@keyed(
    "carrier",
    accepted=LargeBatch,
    statuses=(404, 409),
    operation_id="deliver_batch",
    codes=("storage_unavailable",),
    upload=(FILE,),
    discloses=True,
)
def post_batches(query: BatchesQuery, form: BatchForm) -> Response:
    """Deliver a file of up to a million rows for a job to answer.

    CSV, NDJSON, workbook or map layer.
    """
    in_form = cast(OwnRequest, request).is_form
    options: BatchOptions = form if in_form else query
    if options.operation is None:
        raise InvalidInputError.of_field("operation", "missing", Message("operation_required"))
    day, extras = label_day(options.on, options.wording), options.extras
    more = extra_columns(gazetteer(), day, ids=extras.ids, postal=extras.postal)
    asked: dict[str, Any] = options.model_dump(
        include={"format", "sheet", "webhook"}, exclude_none=True
    )
    asked |= {"on": day.isoformat()} if day else {}
    asked["more"] = more
    if mapping := parse_mapping(options.mapping):
        asked["mapping"] = mapping
    asked["pays"] = carried() is not None
    made = register()
    with received(query.file_name) as parts:
        batch_id = store.receive(
            made.engine, made.settings, parts[FILE], options.operation, asked, caller()
        )
    return _shown(batch_id, 202)


@blueprint.get("")
@keyed("carrier", operation_id="list_batches")
def get_batches() -> LargeBatches:
    """Large batches of this key."""
    with session_scope(register().engine) as session:
        found = store.list_batches(session, caller())
    return {"batches": [_body(view) for view in found]}


@blueprint.get("/<int:batch_id>")
@keyed("carrier", answer=LargeBatch)
def get_batch(batch_id: int) -> Response:
    """A large batch: progress, result, or why there is none."""
    return _shown(batch_id)


@blueprint.get("/<int:batch_id>/result")
@keyed(
    "carrier",
    operation_id="get_batch_result",
    codes=("batch_state",),
    media_types=tuple(FORMATS[form].media_type for form in _FORMATS),
)
def get_result(batch_id: int) -> Response:
    """The file of answers: known columns, then `result_…`."""
    view = _found(batch_id)
    path = store.result_of(register().settings, view)
    note(count=view.rows)
    made = send_file(
        path,
        FORMATS[path.suffix[1:]].media_type,
        as_attachment=True,
        download_name=path.name,
        etag=False,
        conditional=False,
    )
    made.headers["Cache-Control"] = "no-store"
    return made


@blueprint.delete("/<int:batch_id>")
@keyed("carrier", operation_id="delete_batch")
def delete_batch(batch_id: int) -> Deleted:
    """Delete a large batch with its files; end its job."""
    store.discard(register().engine, register().settings, batch_id, caller())
    return {"id": batch_id}


def _found(batch_id: int) -> BatchView:
    with session_scope(register().engine) as session:
        return store.find_batch(session, batch_id, caller())


def _shown(batch_id: int, status: int = 200) -> Response:
    view = _found(batch_id)
    note(count=view.rows)
    return unkept(_body(view), status)


def _body(view: BatchView) -> LargeBatch:
    trouble = None
    if view.problem:
        shown = shown_problem(view.problem) | {"remedies": offered(remedies_of(view.problem))}
        trouble = {name: shown.get(name) for name in BatchTrouble.__annotations__}
    is_over = view.phase is None
    return answer_from(
        LargeBatch,
        view,
        created_at=at(view.created_at),
        progress=None if is_over else {"phase": view.phase, "rows": view.done, "of": view.rows},
        unanswered=view.counts.get("unanswered", 0),
        verdicts=view.counts.get("verdicts", {}),
        unread_columns=view.counts.get("unread", []),
        result=f"/v1/batches/{view.id}/result" if view.state == "done" else None,
        trouble=trouble,
        deleted_at=at(view.files_until) if is_over else None,
    )
