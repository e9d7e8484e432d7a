"""Maintenance jobs."""

from typing import Final

from sqlalchemy import Engine

from registry.core.database import session_scope
from registry.core.events import move_pending_events
from registry.core.settings import Settings
from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

_KEPT_DAYS: Final = 30


def move_events(engine: Engine, _settings: Settings) -> None:
    """Move events into the feed whose writer was killed before it could."""
    move_pending_events(engine)


def forget_jobs(engine: Engine, _settings: Settings) -> None:
    """Delete jobs that ended more than thirty days ago."""
    with session_scope(engine) as session:
        session.execute(SQL.text("forget_jobs"), {"days": _KEPT_DAYS})
