"""Previews for undoing: which events can be undone, and what that would do."""

import datetime
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.database import session_scope
from registry.core.sql import Statements
from registry.core.undo import LaterWorkError, UndoPreview
from registry.lifecycle.requests import UndoRequest
from registry.lifecycle.run import tried
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.undo import UNDOABLE
from registry.lifecycle.work import Done

SQL: Final = Statements(__file__, "undo.sql")

_OF_PLACES: Final = sorted(k for k in UNDOABLE if k.endswith(("_street", "_locality")))


@dataclass(frozen=True, slots=True)
class Event:
    """An event that can be undone."""

    id: int
    kind: str
    actor: str
    reason: str | None
    decision_number: str | None
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class TriedUndo:
    """The preview of undoing an event."""

    event: Event
    preview: UndoPreview
    done: Done | None
    """None if there are obstacles."""


def preview_undo(
    engine: Engine, event_id: int, actor: str, *, same_address: bool = False
) -> TriedUndo:
    """Return what the operation `undo` would do now; nothing is changed.

    Raises its errors, except LaterWorkError.
    """
    request = UndoRequest(event_id=event_id, same_address=same_address, reason="-")
    try:
        with tried(engine, BY_NAME["undo"], request, actor=actor) as (session, done):
            preview = UndoPreview(0, done.rewritten, 0, ())
            return TriedUndo(_event(session, event_id), preview, done)
    except LaterWorkError as error:
        with session_scope(engine) as session:
            return TriedUndo(_event(session, event_id), error.preview, None)


def _event(session: Session, event_id: int) -> Event:
    return Event(*session.execute(SQL.text("one"), {"event": event_id}).one())


def undoable_of_place(session: Session, class_: str, place_id: int) -> list[Event]:
    """Return the latest changes of a whole street or locality that can be undone."""
    given = {"id": place_id, "kinds": _OF_PLACES}
    rows: Any = session.execute(SQL.text("of_place", class_), given)
    return [Event(*row) for row in rows]
