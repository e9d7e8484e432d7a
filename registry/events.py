"""Writing: one event per transaction, and its way into the change feed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, cast, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from registry.database import session_scope
from registry.errors import DatabaseUnavailableError


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is written: what an event records."""

    kind: str
    actor: str
    reason: str | None = None
    decision_number: str | None = None
    scope: dict[str, Any] | None = None


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
    event_id: int = session.execute(
        select(
            func.open_event(
                cause.kind,
                cause.actor,
                cause.reason,
                cause.decision_number,
                cast(cause.scope or {}, JSONB),
            )
        )
    ).scalar_one()
    return event_id


def move_pending_events(engine: Engine) -> int:
    """Move committed events into the feed, in a transaction of its own; returns how many."""
    with session_scope(engine) as session:
        moved: int = session.execute(select(func.move_pending_events())).scalar_one()
        return moved


_FEED: Final = text(
    """
    SELECT f.position, e.id, e.kind FROM feed f JOIN event e ON e.id = f.event_id
    WHERE f.position > :position ORDER BY f.position LIMIT :limit
    """
)
_CODES: Final = text(
    """
    SELECT code FROM household WHERE event_id = :event_id
    UNION SELECT code FROM household_version WHERE event_id = :event_id
    UNION SELECT code FROM household_version WHERE ended_by_event_id = :event_id
    """
)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One event of the change feed."""

    position: int
    event_id: int
    kind: str


def feed_after(session: Session, position: int, limit: int) -> list[FeedEntry]:
    """At most `limit` entries after `position`, in reading order.

    A reader that has seen a position will never learn of a lower one later.
    """
    rows = session.execute(_FEED, {"position": position, "limit": limit})
    return [FeedEntry(*row) for row in rows]


def codes_of_event(session: Session, event_id: int) -> list[str]:
    """Codes of the households that an event wrote, changed or removed, in order."""
    return sorted(session.scalars(_CODES, {"event_id": event_id}))
