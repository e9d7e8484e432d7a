"""One endpoint for each operation of the registry's table, and PATCH of a record."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from api.core.access import caller
from api.core.audit import note_done, note_operation
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed
from api.core.shapes import at, unkept
from api.core.types import answer_from
from api.v1.undo_bodies import UndoPreviewed, shown_preview
from geo.code import format as code_display
from registry.core.database import session_scope
from registry.core.errors import IfMatchRequiredError, InvalidInputError, StaleError
from registry.core.messages import Message
from registry.lifecycle.patch import operation_of
from registry.lifecycle.pending_store import Pending, State, find_pending
from registry.lifecycle.requests import AddressPatch, OperationRequest
from registry.lifecycle.run import perform
from registry.lifecycle.table import OPERATIONS, Operation
from registry.lifecycle.undoing import preview_undo
from registry.lifecycle.work import Changed, ChangedStreet, Done, WriteWarning
from registry.records.record import record_wording
from registry.units.gazetteer import today

blueprint = Resource("operations", "/v1", tag="operations", kind="writing")

_ETAGS: Final = re.compile(r'\s*(?:W/)?"[^"]*"(?:\s*,\s*(?:W/)?"[^"]*")*\s*')
"""One or several ETags of any content."""
_ETAG: Final = re.compile(r'"([0-9]{1,18})(?:-[0-9a-f]*)?"')


class ChangedRecord(TypedDict):
    """A record written by the operation."""

    code: str
    code_display: str
    status: str
    """Current status"""
    label: str | None
    """Its current address; null for a code without a door yet"""


class ChangedPlace(TypedDict):
    """The street or locality of the operation."""

    kind: Annotated[str, Field(examples=["phố"])]
    name: Annotated[str, Field(examples=["Láng"])]


class OperationAnswer(TypedDict):
    """The result of an operation."""

    operation: Annotated[str, Field(examples=["rename_street"])]
    """As in the change feed"""
    event_id: int
    """Also the value of If-Match, for each record written"""
    records: list[ChangedRecord]
    """Named in the request, or created"""
    place: ChangedPlace | None
    rewritten: int
    """Number of records written, including those of a street"""
    warnings: list[WriteWarning]
    streets: list[ChangedStreet]
    """Of a renamed or renumbered street, in each of its communes"""


class PendingOperation(TypedDict):
    """An operation that waits, or waited, for a second person."""

    id: int
    url: Annotated[str, Field(examples=["/v1/pending-operations/7"])]
    operation: Annotated[str, Field(examples=["retire"])]
    """As in the change feed"""
    state: State
    """`expired`: nobody decided in time"""
    requests: list[dict[str, Any]]
    """The requests as sent, one for each record"""
    asked_by: str
    """Name of the key"""
    asked_at: str
    expires_at: str
    decided_by: str | None
    """Name of the key"""
    decided_at: str | None
    reason: str | None
    """Reason for declining it"""
    event_id: int | None
    """Event of its execution"""


def shown_pending(pending: Pending) -> PendingOperation:
    """Return a pending operation as an answer."""
    return answer_from(
        PendingOperation,
        pending,
        url=f"/v1/pending-operations/{pending.id}",
        operation=pending.operation.kind,
        requests=list(pending.given),
        asked_at=at(pending.asked_at),
        expires_at=at(pending.expires_at),
        decided_at=at(pending.decided_at) if pending.decided_at else None,
        reason=pending.word,
    )


def _endpoint(operation: Operation) -> Callable[..., Response]:
    def post(json: Any) -> Response:
        return _perform(operation, json)

    post.__name__ = f"post_{operation.name.replace('-', '_')}"
    post.__doc__ = (
        f"{operation.summary}\n\n{_states(operation)} If it needs a"
        " second person, it waits for one (202)."
    )
    post.__annotations__ = {"json": operation.request, "return": Response}
    return post


def _perform(operation: Operation, given: OperationRequest) -> Response:
    note_operation(operation, [given])
    done = perform(
        register().engine, operation, given, actor=caller().name, seen_event=_seen_event()
    )
    note_done(done)
    if done.pending_id is not None:
        return _filed(done.pending_id)
    return unkept(operation_body(operation, done))


def _filed(pending_id: int) -> Response:
    with session_scope(register().engine) as session:
        body = shown_pending(find_pending(session, pending_id, anywhere=True))
    response = unkept(body, 202)
    response.headers["Location"] = body["url"]
    return response


def _states(operation: Operation) -> str:
    if not operation.from_states:
        return "Not about a single record: If-Match is refused."
    before = " or ".join(operation.from_states)
    after = f", afterwards {operation.to_state}" if operation.to_state else ""
    return f"The record is {before}{after}. If-Match with its ETag refuses a stale write (412)."


def _seen_event() -> int | None:
    """Return the event of the state that the caller has seen, from If-Match; None without it."""
    given = request.headers.get("If-Match")
    if given is None or given == "*":
        return None
    if not _ETAGS.fullmatch(given):
        raise InvalidInputError.of_field("If-Match", "malformed_etag", Message("etag_needs_quotes"))
    match = _ETAG.fullmatch(given.strip())
    if match is None:
        raise StaleError(Message("if_match_invalid"))
    return int(match[1])


def operation_body(operation: Operation, done: Done) -> OperationAnswer:
    """Return the result of an operation as an answer."""
    return {
        "operation": operation.kind,
        "event_id": done.event_id,
        "records": changed_records(done.records),
        "place": {"kind": done.place.kind, "name": done.place.name} if done.place else None,
        "rewritten": done.rewritten,
        "warnings": [warned.to_dict() for warned in done.warnings],
        "streets": list(done.streets),
    }


def changed_records(records: Iterable[Changed]) -> list[ChangedRecord]:
    """Return the changed records as answers."""
    known = gazetteer()
    return [
        {
            "code": r.code,
            "code_display": code_display(r.code),
            "status": r.status,
            "label": record_wording(known, today(), r.record).label if r.record else None,
        }
        for r in records
    ]


@blueprint.patch("/addresses/<address_code>")
@keyed(
    "editor",
    answer=OperationAnswer,
    accepted=PendingOperation,
    statuses=(428,),
    codes=(
        "code_mistyped",
        "illegal_transition",
        "address_taken",
        "outside_units",
    ),
    example={"delivery_hint": "cổng xanh, bấm chuông", "reason": "bổ sung"},
    preconditions=True,
    discloses=True,
)
def patch_address(address_code: str, json: AddressPatch) -> Response:
    """Change a record: verify, move, renumber or correct.

    Needs `If-Match` (428; 412 if stale). 202 if it waits for a second person.
    """
    if "If-Match" not in request.headers:
        raise IfMatchRequiredError(Message("if_match_required"))
    operation, given = operation_of(address_code, json)
    response = _perform(operation, given)
    if response.status_code == HTTPStatus.OK:
        response.set_etag(str(response.get_json()["event_id"]))
    return response


class UndoQuery(BaseModel):
    """The operation to undo."""

    model_config = ConfigDict(extra="forbid")

    event_id: int = Field(ge=1, le=2**63 - 1, description="Event of the operation", examples=[417])
    same_address: bool = Field(False, description="as of the undo request")


@blueprint.get("/operations/undo")
@keyed(
    "approver",
    statuses=(404, 409),
    operation_id="preview_undo",
    codes=("outside_units",),
    writes=False,
)
def get_undo(query: UndoQuery) -> UndoPreviewed:
    """Preview of an undo, with its obstacles."""
    done = preview_undo(
        register().engine, query.event_id, caller().name, same_address=query.same_address
    )
    return shown_preview(done.preview)


_CODES: Final = (
    *("code_mistyped", "illegal_transition", "address_taken", "name_taken"),
    "outside_units",
)
_MORE_CODES: Final = {"activate": ("own_proposal",), "undo": ("undo_blocked",)}
for _operation in OPERATIONS:
    blueprint.post(f"/operations/{_operation.name}")(
        keyed(
            _operation.role,
            answer=OperationAnswer,
            accepted=PendingOperation,
            statuses=(412,),
            operation_id=f"perform_{_operation.kind}",
            codes=_CODES + _MORE_CODES.get(_operation.name, ()),
            discloses=True,
            example=_operation.example,
            preconditions=_operation.of_record,
        )(_endpoint(_operation))
    )
