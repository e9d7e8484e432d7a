"""Operations that wait for a second person: list, show, approve, decline."""

from pydantic import Field
from typing_extensions import TypedDict

from api.core.audit import note_done, note_operation
from api.core.context import register
from api.core.endpoint import Resource, keyed
from api.core.types import Request
from api.v1.lifecycle import OperationAnswer, PendingOperation, operation_body, shown_pending
from registry.core.database import session_scope
from registry.lifecycle.pending import approve, decline
from registry.lifecycle.pending_store import find_pending, list_pending
from registry.lifecycle.requests import Sentence

blueprint = Resource("pending", "/v1/pending-operations", tag="operations")


class PendingQuery(Request):
    """Page of the list."""

    after: int = Field(0, ge=0, le=2**63 - 1, description="Last `id` of the previous page")
    limit: int = Field(100, ge=1, le=500)


class PendingList(TypedDict):
    """Waiting operations, the oldest first."""

    pending: list[PendingOperation]


class DeclineBody(Request):
    """Why it is declined."""

    reason: Sentence | None = Field(None, description="Reason; no person's name")


@blueprint.get("")
@keyed("viewer", operation_id="list_pending_operations")
def get_pending_operations(query: PendingQuery) -> PendingList:
    """Operations that wait for a second person, the oldest first."""
    with session_scope(register().engine) as session:
        found = list_pending(session, after=query.after, limit=query.limit)
    return {"pending": [shown_pending(each) for each in found]}


@blueprint.get("/<int:pending_id>")
@keyed("viewer", codes=("outside_units",))
def get_pending_operation(pending_id: int) -> PendingOperation:
    """A pending operation and its state."""
    with session_scope(register().engine) as session:
        return shown_pending(find_pending(session, pending_id))


@blueprint.post("/<int:pending_id>/approve")
@keyed(
    "approver",
    operation_id="approve_pending_operation",
    codes=(
        "illegal_transition",
        "address_taken",
        "name_taken",
        "pending_decided",
        "pending_stale",
        "outside_units",
        "own_proposal",
    ),
)
def post_approve(pending_id: int) -> OperationAnswer:
    """Approve it, as a second person for all its communes."""
    pending, done = approve(register().engine, pending_id)
    note_operation(pending.operation, pending.requests())
    note_done(done)
    return operation_body(pending.operation, done)


@blueprint.post("/<int:pending_id>/decline")
@keyed(
    "editor",
    operation_id="decline_pending_operation",
    codes=("illegal_transition", "address_taken", "name_taken", "pending_decided", "outside_units"),
    example={"reason": "nhà vẫn ở đó"},
)
def post_decline(pending_id: int, json: DeclineBody) -> PendingOperation:
    """Decline it, or withdraw one's own.

    Another key's needs an approver of its communes.
    """
    return shown_pending(decline(register().engine, pending_id, json.reason))
