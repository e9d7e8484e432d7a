"""Undoes an event: finds obstacles, and restores rows as they were before it.

Shared by imports, operations and reforms. Versioned tables, households and places, are restored
here; the package that wrote other rows removes them, and names its own obstacles.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from registry.core.errors import UndoBlockedError
from registry.core.messages import Message, Several
from registry.core.sql import Statements

SQL: Final = Statements(__file__)

CHANGED_SINCE: Final = {
    "household_changed": Message("household_changed_since"),
    "street_changed": Message("street_changed_since"),
    "locality_changed": Message("locality_changed_since"),
}
"""Kind of obstacle found by `later_work` → message."""
_REMOVE_PLACES: Final = text("SELECT remove_places(:event)")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Later work that depends on what would be undone."""

    code: str
    about: str
    """Code, number or name of the object; empty for several."""
    detail: Message

    def to_dict(self) -> dict[str, object]:
        """Return it for a problem document."""
        return {"code": self.code, "about": self.about, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """The effect of an undo on the current register."""

    removed: int
    """Codes that would go: they were made by it"""
    restored: int
    """Records that would be as they were before"""
    kept: int
    """Records that would stay as they are, where later work may be kept (`keep_later`)"""
    obstacles: tuple[Obstacle, ...]
    """What has to be taken back before; empty where nothing stands in the way"""


class LaterWorkError(UndoBlockedError):
    """The error of an undo with obstacles."""

    def __init__(self, preview: UndoPreview) -> None:
        self.preview = preview
        super().__init__(
            Several((each.detail for each in preview.obstacles), between="\n"),
            errors=[each.to_dict() for each in preview.obstacles],
        )


def find_touched(session: Session, event_id: int) -> None:
    """Create the temporary tables `touched`, `changed_since` and `touched_place`: what the event
    wrote, and what later events changed of it.
    """
    for statement in SQL.script("find"):
        session.execute(statement, {"event": event_id})


def count_touched(session: Session) -> tuple[int, int]:
    """Return the numbers of records that the event created and changed."""
    made, changed = session.execute(SQL.text("count")).one()
    return made, changed


def later_work(session: Session, event_id: int) -> Sequence[Any]:
    """Return later changes of what the event wrote, as (kind, name)."""
    return session.execute(SQL.text("later_work"), {"event": event_id}).all()


def preview_restoring(
    session: Session, found: Iterable[Any], words: Mapping[str, Message]
) -> UndoPreview:
    """Preview restoring everything touched; `words` has messages for kinds of obstacles that
    `later_work` does not find.
    """
    obstacles = tuple(
        Obstacle(what, about, Message("field_says", field=about, detail=detail))
        for what, about in found
        if (detail := CHANGED_SINCE.get(what) or words[what])
    )
    return UndoPreview(0, count_touched(session)[1], 0, obstacles)


def restore_touched(session: Session, event_id: int) -> int:
    """Restore places and households; return the number of households.

    Places come first, as a household cannot be in a merged place.
    """
    session.execute(SQL.text("restore_places"))
    written: Any = session.execute(_restore_households(), {"event": event_id})
    restored: int = written.rowcount
    return restored


def remove_places(session: Session, event_id: int) -> None:
    """Remove unused places that the event created."""
    session.execute(_REMOVE_PLACES, {"event": event_id})


@cache
def _restore_households() -> TextClause:
    # Imported here, because table modules are slow to load.
    from registry.core.tables.records import HOUSEHOLD, STAMPED

    names = [c.name for c in HOUSEHOLD.c if c.name not in ("code", *STAMPED)]
    before = ", ".join(f"v.{name}" for name in names)
    return Statements(__file__, state=", ".join(names), before=before).text("restore_households")
