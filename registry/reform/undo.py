"""Undo a reform, unless what it changed was changed later."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from registry.access.reach import check_covers
from registry.core.actors import unbind
from registry.core.database import session_scope
from registry.core.errors import DatabaseUnavailableError, NotFoundError
from registry.core.events import Cause, move_pending_events, open_event, refuse_transferred
from registry.core.locks import Lock, hold_lock
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.core.undo import (
    UndoPreview,
    find_touched,
    later_work,
    preview_restoring,
    remove_places,
    restore_touched,
)
from registry.coverage.count_cache import count_within
from registry.reform.refusals import ReformTouchedError
from registry.reform.report import gazetteer_of
from registry.reform.run import draw_soon, lock_reforms, lock_tables
from registry.units.boundaries.cells import draw_cells
from registry.units.gazetteer import today

SQL: Final = Statements(__file__)
IN_THE_WAY: Final = {
    "reform_later": Message("units_changed_by_later_reform"),
    "household_new": Message("household_in_new_unit"),
    "street_new": Message("street_in_new_unit"),
    "locality_new": Message("locality_in_new_unit"),
    "report_new": Message("report_in_new_unit"),
    "key_bound": Message("key_bound_to_new_unit"),
    "target_new": Message("target_of_new_unit"),
    "unit_changed": Message("new_unit_changed_since"),
}
"""Other obstacles → their labels."""
_UNDONE: Final = text(
    "UPDATE reform SET state = 'undone', undone_event_id = current_event_id() WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class Undone:
    """What was restored."""

    reform_id: int
    event_id: int
    households: int


def undo(engine: Engine, number: str, *, actor: str, reason: str | None = None) -> Undone:
    """Restore what the reform with this number changed, in one transaction with one event.

    Raises NotFoundError; ReformTouchedError with all obstacles.
    """
    with session_scope(engine) as session:
        lock_reforms(session)
        hold_lock(session, Lock.PUBLICATION)
        lock_tables(session)
        row = session.execute(SQL.text("lock_carried"), {"number": number}).one_or_none()
        if row is None:
            raise NotFoundError(Message("reform_not_carried_out", number=number))
        check_covers(gazetteer_of(session, today()), row.affected_ids)
        refuse_transferred(session, row.event_id)
        unbind(session)
        undone = _undo(session, row, Cause("undo_reform", actor, reason, number))
    with suppress(DatabaseUnavailableError, OperationalError):
        move_pending_events(engine)
    return undone


def preview_undo(engine: Engine, number: str) -> UndoPreview:
    """Return what `undo` would do now, without changes. Raises NotFoundError, OutsideUnitsError."""
    with session_scope(engine) as session:
        row = session.execute(SQL.text("lock_carried"), {"number": number}).one_or_none()
        if row is None:
            raise NotFoundError(Message("reform_not_carried_out", number=number))
        check_covers(gazetteer_of(session, today()), row.affected_ids)
        refuse_transferred(session, row.event_id)
        unbind(session)
        preview = _preview(session, _find_moved(session, row))
        session.rollback()
    return preview


def _find_moved(session: Session, row: Any) -> dict[str, Any]:
    """Fill the temporary tables of what the reform moved; return the parameters for the rest."""
    parameters = {
        "reform": row.id,
        "event": row.event_id,
        "day": row.effective_on,
        "source": f"decision {row.number}",
        "units": row.unit_ids,
    }
    parameters["born"] = list(session.scalars(SQL.text("born"), parameters))
    session.execute(SQL.text("went"), parameters)
    find_touched(session, row.event_id)
    return parameters


def _undo(session: Session, row: Any, cause: Cause) -> Undone:
    parameters = _find_moved(session, row)
    preview = _preview(session, parameters)
    if preview.obstacles:
        raise ReformTouchedError(preview)
    event_id = open_event(session, cause)
    for statement in SQL.script("restore_units"):
        session.execute(statement, parameters)
    session.execute(SQL.text("lead_back"), parameters)
    session.execute(SQL.text("unmark_places"))
    households = restore_touched(session, row.event_id)
    session.execute(SQL.text("former_numbers_of_streets"), parameters)
    session.execute(SQL.text("former_numbers_of_localities"), parameters)
    for statement in SQL.script("restore_belongings"):
        session.execute(statement, parameters)
    remove_places(session, row.event_id)
    draw_cells(session.connection())
    session.execute(_UNDONE, {"id": row.id})
    draw_soon(session)
    count_within(session)
    return Undone(row.id, event_id, households)


def _preview(session: Session, parameters: dict[str, Any]) -> UndoPreview:
    own = session.execute(SQL.text("in_the_way"), parameters)
    return preview_restoring(session, [*own, *later_work(session, parameters["event"])], IN_THE_WAY)
