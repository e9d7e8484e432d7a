"""Events: one per writing transaction, moved into the change feed after its commit."""

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
    """Why something is written, as recorded by an event."""

    kind: str
    actor: str
    reason: str | None = None
    decision_number: str | None = None
    scope: dict[str, Any] | None = None


_IS_TRANSFERRED: Final = text("SELECT transferred_event_id >= :event FROM register_identity")
PUBLISH: Final = text("SELECT publish_event()")
"""Last statement of a transaction, which puts its event into the feed with its commit."""
_request: ContextVar[str | None] = ContextVar("diachiso_request", default=None)


def written_for(request: str | None) -> None:
    """Set the id of the request for which this thread writes; None for none."""
    _request.set(request)


def current_request() -> str | None:
    """Return the id of the request for which this thread writes."""
    return _request.get()


@contextmanager
def write_scope(engine: Engine, cause: Cause) -> Iterator[Session]:
    """Yield a session whose transaction has one event; the block commits atomically.

    After the commit the event is moved into the feed. If that fails, or another mover hangs, the
    write stays valid: the event waits in `event_pending` for the next writer or for the job. Raises
    as session_scope does.
    """
    with session_scope(engine) as session:
        open_event(session, cause)
        yield session
    with suppress(DatabaseUnavailableError, OperationalError):
        move_pending_events(engine)


def open_event(session: Session, cause: Cause) -> int:
    """Open the event of the session's transaction and return its id.

    The database refuses a second event in the same transaction.
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
    """Move committed events into the feed, in a separate transaction; return their number."""
    with session_scope(engine) as session:
        moved: int = session.execute(select(func.move_pending_events())).scalar_one()
        return moved


def refuse_transferred(session: Session, event_id: int) -> None:
    """Raise ConflictError for a transferred event: the file lacks the former rows to undo it."""
    if session.scalar(_IS_TRANSFERRED, {"event": event_id}):
        raise ConflictError(Message("undo_before_transfer"))
