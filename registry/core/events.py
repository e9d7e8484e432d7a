"""Writing: one event per transaction, and its way into the change feed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, cast, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from registry.core.database import session_scope
from registry.core.errors import ConflictError, DatabaseUnavailableError
from registry.core.messages import Message


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is written: what an event records."""

    kind: str
    actor: str
    reason: str | None = None
    decision_number: str | None = None
    scope: dict[str, Any] | None = None


_BROUGHT: Final = text("SELECT transferred_event_id >= :event FROM register_identity")
PUBLISH: Final = text("SELECT publish_event()")
"""The last statement of a transaction: its event is in the feed with its commit."""
_request: ContextVar[str | None] = ContextVar("diachiso_request", default=None)


def written_for(request: str | None) -> None:
    """From here on what this thread writes is done for the request of that id; None for none."""
    _request.set(request)


def current_request() -> str | None:
    """The request for which this thread writes."""
    return _request.get()


@contextmanager
def write_scope(engine: Engine, cause: Cause) -> Iterator[Session]:
    """A session whose transaction carries one event; its block commits as a whole or not at all.

    After the commit the event is moved into the feed. Where that fails, or another mover hangs,
    the write stands all the same: the event waits in `event_pending` for the next writer or for
    the job.
    Raises what session_scope raises.
    """
    with session_scope(engine) as session:
        open_event(session, cause)
        yield session
    with suppress(DatabaseUnavailableError, OperationalError):
        move_pending_events(engine)


def open_event(session: Session, cause: Cause) -> int:
    """Open the event of the session's transaction and return its id.

    The database refuses a second one in the same transaction.
    """
    scope, request = cause.scope or {}, current_request()
    if request is not None:
        scope = scope | {"request": request}
    event_id: int = session.execute(
        select(
            func.open_event(
                cause.kind,
                cause.actor,
                cause.reason,
                cause.decision_number,
                cast(scope, JSONB),
            )
        )
    ).scalar_one()
    return event_id


def move_pending_events(engine: Engine) -> int:
    """Move committed events into the feed, in a transaction of its own; returns how many."""
    with session_scope(engine) as session:
        moved: int = session.execute(select(func.move_pending_events())).scalar_one()
        return moved


def refuse_brought(session: Session, event_id: int) -> None:
    """Raise ConflictError for an event that a transfer brought: what it would take to undo it, rows
    as they were before, is not in the file.
    """
    if session.scalar(_BROUGHT, {"event": event_id}):
        raise ConflictError(Message("undo_before_transfer"))
