"""Roll back the latest import of a source, completely or without records changed since."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.core.actors import demand, is_bound, outside_units
from registry.core.database import session_scope
from registry.core.errors import ConflictError, NotFoundError
from registry.core.events import Cause, refuse_transferred, write_scope
from registry.core.locks import Lock, hold_lock
from registry.core.messages import N_, Message, _
from registry.core.remedies import Remedy
from registry.core.sql import Statements
from registry.core.undo import (
    Obstacle,
    UndoPreview,
    count_touched,
    find_touched,
    remove_places,
    restore_touched,
)

SQL: Final = Statements(__file__)

MAX_KEPT: Final = 1_000
"""Most records that a partial rollback names; the rest is counted."""

_REASONS: Final = {
    "ref": N_("in another import"),
    "plate": N_("a plate was printed"),
    "other": N_("used by another operation"),
    "building": N_("building of a code that is kept"),
}
_OF_IMPORT: Final = ", đợt nhập "
"""Follows the event in a reason of the table `kept`."""


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record of the import that is kept, and why."""

    code: str
    reason: str
    """Event, date and import that changed it, or what refers to it; for people."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The result of a rollback."""

    import_id: int
    source: str
    removed: int
    restored: int
    kept: int = 0
    """Records that are kept because of later events."""
    kept_records: tuple[KeptRecord, ...] = field(default=(), repr=False)
    """The first `MAX_KEPT` of them."""


def roll_back(
    engine: Engine,
    import_id: int,
    *,
    keep_later: bool = False,
    actor: str = "operator",
    reason: str | None = None,
) -> RolledBack:
    """Undo a published import: remove what it made, restore what it changed or retired.

    With `keep_later`, records changed by later events or referred to since are kept, with their
    references, and listed. Raises NotFoundError for an unknown import, and ConflictError, with a
    remedy, if it is not published, not the latest of its source, or, without `keep_later`, if later
    events changed its records.
    """
    demand("approver", N_("roll an import back"))
    scope: dict[str, int | bool] = {"import": import_id} | ({"keep": True} if keep_later else {})
    with write_scope(engine, Cause("rollback", actor, reason, scope=scope)) as session:
        # An import being published relies on the current state until it commits.
        hold_lock(session, Lock.PUBLICATION)
        row = _published(session, import_id)
        if row.later:
            raise ConflictError(_later(row, import_id).detail)
        source = row.source
        parameters = _find_touched(session, row, import_id)
        if outside := _outside(session):
            # Row-level security would skip their records, and leave half of the import.
            raise outside_units(outside.detail, outside.about.split())
        if not keep_later and (obstacle := _built_on(session, import_id)):
            raise ConflictError(obstacle.detail)
        _keep(session)
        for statement in ("remove_refs", "remove_identifiers", "restore_refs", "forget_refs"):
            session.execute(SQL.text(statement), parameters)
        restored = restore_touched(session, row.published_event_id)
        # Flats before buildings.
        removed = sum(_remove(session, kind) for kind in ("household", "building"))
        remove_places(session, row.published_event_id)
        session.execute(SQL.text("roll_back"), parameters)
        return RolledBack(import_id, source, removed, restored, *_kept(session))


def preview_rollback(engine: Engine, import_id: int) -> UndoPreview:
    """What `roll_back` would do now; changes nothing.

    Raises NotFoundError, and ConflictError for an import that is not published.
    """
    demand("approver", N_("roll an import back"))
    with session_scope(engine) as session:
        row = _published(session, import_id)
        _find_touched(session, row, import_id)
        obstacles = (
            _later(row, import_id) if row.later else None,
            _outside(session),
            _built_on(session, import_id),
        )
        _keep(session)
        counts = *count_touched(session), _kept(session)[0]
        session.rollback()
    return UndoPreview(*counts, tuple(filter(None, obstacles)))


def _find_touched(session: Session, row: Any, import_id: int) -> dict[str, object]:
    """Create the tables `touched` and `kept`; returns the parameters of later statements."""
    parameters = {"id": import_id, "source": row.source}
    find_touched(session, row.published_event_id)
    session.execute(SQL.text("kept"), parameters)
    return parameters


def _keep(session: Session) -> None:
    """Remove what is kept from `touched`."""
    for statement in SQL.script("keep"):
        session.execute(statement)


def _outside(session: Session) -> Obstacle | None:
    """Units in which the import wrote and the caller may not."""
    units = list(session.scalars(SQL.text("elsewhere"))) if is_bound() else []
    if not units:
        return None
    words = Message("import_in_other_units", units=units[:5])
    return Obstacle("outside_units", " ".join(units), words)


def _later(row: Any, import_id: int) -> Obstacle:
    words = Message("import_not_latest", import_id=import_id, source=row.source, later=row.later)
    return Obstacle("later_import", str(row.later), words)


def _published(session: Session, import_id: int) -> Any:
    row = session.execute(
        SQL.text("published"),
        {"id": import_id},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("import_unknown", import_id=import_id))
    if row.state != "published":
        raise ConflictError(
            Message("import_not_rollbackable", import_id=import_id, state=row.state)
        )
    refuse_transferred(session, row.published_event_id)
    return row


def _built_on(session: Session, import_id: int) -> Obstacle | None:
    records, events, refs, plates, others, first = session.execute(SQL.text("built_on")).one()
    advice = Remedy("keep_later")
    if records:
        words = Message(
            "rollback_blocked_by_edits",
            records=records,
            import_id=import_id,
            first=first,
            events=_cut(events),
            advice=advice,
        )
        return Obstacle("changed_since", first, words)
    if refs or plates or others:
        words = Message(
            "rollback_blocked_by_uses",
            import_id=import_id,
            first=first,
            refs=refs,
            plates=plates,
            others=others,
            advice=advice,
        )
        return Obstacle("in_use", first, words)
    return None


def _kept(session: Session) -> tuple[int, tuple[KeptRecord, ...]]:
    count: int = session.execute(text("SELECT count(*) FROM kept")).scalar_one()
    found = session.execute(
        text('SELECT code, reason FROM kept ORDER BY code COLLATE "C" LIMIT :n'), {"n": MAX_KEPT}
    )
    return count, tuple(KeptRecord(code, _reason(reason)) for code, reason in found)


def _reason(found: str) -> str:
    if found in _REASONS:
        return _(_REASONS[found])
    event, _of, number = found.partition(_OF_IMPORT)
    return f"{event}, {_('import {number}', number=number)}" if number else event


def _cut(events: str, limit: int = 200) -> str:
    return events if len(events) <= limit else f"{events[:limit].rsplit(';', 1)[0]}; …"


def _remove(session: Session, kind: str) -> int:
    return int(getattr(session.execute(SQL.text("remove"), {"kind": kind}), "rowcount", 0))
