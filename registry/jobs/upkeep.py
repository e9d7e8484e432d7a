"""Jobs that keep the register in order, and have no better place."""

from typing import Final

from sqlalchemy import Engine, text

from registry.database import session_scope
from registry.events import move_pending_events
from registry.settings import Settings

_KEPT_DAYS: Final = 30


def move_events(engine: Engine, _settings: Settings) -> None:
    """Move events into the feed that their writer could not move: it was killed, say."""
    move_pending_events(engine)


def forget_jobs(engine: Engine, _settings: Settings) -> None:
    """Remove jobs that ended more than thirty days ago."""
    with session_scope(engine) as session:
        session.execute(_FORGET, {"days": _KEPT_DAYS})


_FORGET: Final = text(
    """
    DELETE FROM jobs.procrastinate_jobs j
    WHERE j.status NOT IN ('todo', 'doing') AND NOT EXISTS (
        SELECT FROM jobs.procrastinate_events e
        WHERE e.job_id = j.id AND e.at > now() - make_interval(days => :days))
    """
)
