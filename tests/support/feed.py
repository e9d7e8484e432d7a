"""The feed as stored in the tables: followers read it by `registry.publish.changes`."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

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
