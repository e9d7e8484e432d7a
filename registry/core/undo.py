"""Taking an event back: what stands in its way, and rows as they were before it, by table.

Imports, operations and reforms share this. What has versions, households and places, is restored
here; the room that wrote other rows beside them removes those, and names its own obstacles.
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
"""What `later_work` finds → in words."""
_REMOVE_PLACES: Final = text("SELECT remove_places(:event)")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Later work that stands on what would be taken back."""

    code: str
    about: str
    """A code, number or name of what it is; empty where it is several."""
    detail: Message

    def to_dict(self) -> dict[str, object]:
        """For a problem document."""
        return {"code": self.code, "about": self.about, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What taking something back would do as the register stands."""

    removed: int
    """Codes that would go: they were made by it"""
    restored: int
    """Records that would be as they were before"""
    kept: int
    """Records that would stay as they are, where later work may be kept (`keep_later`)"""
    obstacles: tuple[Obstacle, ...]
    """What has to be taken back before; empty where nothing stands in the way"""


class LaterWorkError(UndoBlockedError):
    """With the obstacles of a preview."""

    def __init__(self, preview: UndoPreview) -> None:
        self.preview = preview
        super().__init__(
            Several((each.detail for each in preview.obstacles), between="\n"),
            errors=[each.to_dict() for each in preview.obstacles],
        )


def find_touched(session: Session, event_id: int) -> None:
    """Leaves `touched`, `changed_since` and `touched_place`: what the event wrote, and what later
    events changed of it.
    """
    for statement in SQL.script("find"):
        session.execute(statement, {"event": event_id})


def count_touched(session: Session) -> tuple[int, int]:
    """How many records the event made, and how many it changed."""
    made, changed = session.execute(SQL.text("count")).one()
    return made, changed


def later_work(session: Session, event_id: int) -> Sequence[Any]:
    """Later changes of what the event wrote: (what, of which)."""
    return session.execute(SQL.text("later_work"), {"event": event_id}).all()


def preview_restoring(
    session: Session, found: Iterable[Any], words: Mapping[str, Message]
) -> UndoPreview:
    """What restoring all that is touched would do; `words` are for what was found beside
    `later_work`.
    """
    obstacles = tuple(
        Obstacle(what, about, Message("field_says", field=about, detail=detail))
        for what, about in found
        if (detail := CHANGED_SINCE.get(what) or words[what])
    )
    return UndoPreview(0, count_touched(session)[1], 0, obstacles)


def restore_touched(session: Session, event_id: int) -> int:
    """Bring places and households back as they were; how many households.

    Places come first: no household lies in one that is part of another.
    """
    session.execute(SQL.text("restore_places"))
    written: Any = session.execute(_restore_households(), {"event": event_id})
    restored: int = written.rowcount
    return restored


def remove_places(session: Session, event_id: int) -> None:
    """Remove the places that the event made, where nobody uses them."""
    session.execute(_REMOVE_PLACES, {"event": event_id})


@cache
def _restore_households() -> TextClause:
    # Here, because what a table with points needs takes a while, for which no import should wait.
    from registry.core.tables.records import HOUSEHOLD, STAMPED

    names = [c.name for c in HOUSEHOLD.c if c.name not in ("code", *STAMPED)]
    before = ", ".join(f"v.{name}" for name in names)
    return Statements(__file__, state=", ".join(names), before=before).text("restore_households")
