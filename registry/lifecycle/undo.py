"""Undo an operation: a new event restores what it changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import text

from registry.core.errors import ConflictError, NameTakenError, NotFoundError
from registry.core.events import refuse_transferred
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.core.undo import (
    LaterWorkError,
    find_touched,
    later_work,
    preview_restoring,
    remove_places,
    restore_touched,
)
from registry.lifecycle.bulk import PlaceName, changed_streets, count_in_force, renamed_row
from registry.lifecycle.requests import UndoRequest
from registry.lifecycle.work import Changed, Done, NamedPlace, Work
from registry.records.named_places import FoundPlace

SQL: Final = Statements(__file__)

UNDOABLE: Final = frozenset(
    {
        *("verify", "correct", "move", "entrances", "uses", "renumber", "retire"),
        *(f"{verb}_street" for verb in ("name", "rename", "merge", "renumber")),
        *(f"{verb}_locality" for verb in ("name", "rename", "merge", "renumber")),
    }
)
"""Kinds of events that issue no code, and write only versioned tables and what `forget_former`
deletes. Links between codes and printed plates are corrected by other operations.
"""
IN_THE_WAY: Final = {
    "address_taken": Message("address_taken_since"),
    "status_final": Message("status_not_restorable"),
    "building_retired": Message("building_retired_since"),
    "name_taken": Message("name_taken_since"),
    "street_in_use": Message("named_street_in_use"),
    "locality_in_use": Message("named_locality_in_use"),
}
"""Obstacles besides later changes → their labels."""
_Renamed = tuple[str, PlaceName, FoundPlace]
"""Class of a place, its former name, and its current state."""
_FORGET: Final = text("SELECT forget_former(:event)")


def undo(work: Work, request: UndoRequest) -> Done:
    """Restore what the operation of this event changed, in one transaction with one event.

    Raises NotFoundError; ConflictError for an event that cannot be undone, or has been;
    LaterWorkError with all obstacles.
    """
    session, event = work.session, {"event": request.event_id}
    scope = _open(work, request.event_id)
    find_touched(session, request.event_id)
    renamed = [
        (row[0], PlaceName(*row[1:4]), FoundPlace(*row[4:]))
        for row in session.execute(SQL.text("renamed"))
    ]
    found = [*later_work(session, request.event_id), *_taken_names(work, renamed)]
    parameters = event | {"same_address": request.same_address}
    _refuse(work, [*found, *session.execute(SQL.text("in_the_way"), parameters)])
    work.in_force, moved = session.execute(SQL.text("in_force"), event).one()
    work.moved |= set(moved or ())
    work.begin(undone=request.event_id)
    restored = restore_touched(session, request.event_id)
    session.execute(_FORGET, event)
    remove_places(session, request.event_id)
    _refuse(work, session.execute(SQL.text("left"), event))
    if "codes" in scope:
        work.written += [Changed(*row) for row in session.execute(SQL.text("states"))]
    return _done(work, renamed, restored)


def _open(work: Work, event_id: int) -> dict[str, Any]:
    """Return the scope of an event that can be undone; locks all that it changed."""
    for statement in SQL.script("lock"):
        work.session.execute(statement, {"event": event_id})
    found = work.session.execute(SQL.text("event"), {"event": event_id}).one_or_none()
    if found is None:
        raise NotFoundError(Message("event_unknown", event_id=event_id))
    if found.kind not in UNDOABLE:
        raise ConflictError(Message("event_not_undoable", event_id=event_id, kind=found.kind))
    if found.undone_by is not None:
        raise ConflictError(
            Message("event_undone_already", event_id=event_id, undone_by=found.undone_by)
        )
    refuse_transferred(work.session, event_id)
    work.undoes = found.kind.replace("_", "-")
    scope: dict[str, Any] = found.scope
    return scope


def _taken_names(work: Work, renamed: Sequence[_Renamed]) -> Iterator[tuple[str, str]]:
    """Yield names that another place has taken; recompute the marks of the free ones."""
    for class_, name, place in renamed:
        try:
            row = renamed_row(work, class_, place, name)
        except NameTakenError:
            yield "name_taken", f"{name.kind} {name.name}"
        else:
            work.session.execute(SQL.text("set_marks"), row)


def _refuse(work: Work, found: Iterable[Any]) -> None:
    preview = preview_restoring(work.session, found, IN_THE_WAY)
    if preview.obstacles:
        raise LaterWorkError(preview)


def _done(work: Work, renamed: Sequence[_Renamed], restored: int) -> Done:
    for class_ in ("street", "locality"):
        ids = [place.id for one, _, place in renamed if one == class_]
        work.in_force += count_in_force(work.session, class_, ids) if ids else 0
    streets = [place for class_, _, place in renamed if class_ == "street"]
    names = {place.id: name for _, name, place in renamed}
    first = next((NamedPlace(p.id, name.kind, name.name) for _, name, p in renamed), None)
    return replace(
        work.done(first, restored),
        streets=changed_streets(work, streets, names) if streets else (),
    )
