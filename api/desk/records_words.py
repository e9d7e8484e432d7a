"""Records and effects of operations in the words of the desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy.orm import Session

from geo.code import format as code_display
from registry.core.labels import STATUSES
from registry.core.messages import N_, _
from registry.lifecycle.change_words import changes_words
from registry.lifecycle.several import SeveralDone
from registry.lifecycle.table import Operation
from registry.lifecycle.words import EFFECTS
from registry.lifecycle.work import Changed, ChangedStreet, Done
from registry.records.desk_records import Affected, affected, records_of
from registry.records.history import changes_between
from registry.records.record import Record, record_wording
from registry.units.boundaries.reach import is_far_move, moved_m
from registry.units.gazetteer import Gazetteer, today

_TITLES: Final[Mapping[tuple[str, str], str]] = {
    ("retire", "proposed"): N_("turn down"),
    ("retire", "reserved"): N_("give up the code"),
    ("propose", ""): N_("propose a new house"),
    ("reserve", ""): N_("reserve codes"),
}
"""Titles of operations that depend on the status of the record."""
_SHOWN: Final = 50
"""Records shown individually in a preview."""


@dataclass(frozen=True, slots=True)
class Row:
    """The effect on one record."""

    code: str
    """Empty for a record that does not exist yet."""
    before: str
    after: str
    status_before: str
    status_after: str
    state: str
    """The new status as a code."""
    changes: tuple[tuple[str, str, str], ...]
    """Label, old and new value of each change."""
    moved_m: float | None
    """Distance between old and new point."""
    far: bool
    """Whether the user has to confirm the distance."""
    numbers: tuple[str, str] = ("", "")
    """Old and new house number."""
    shared: Sequence[str] = ()
    """Codes of other doors with the old number."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The effects of an operation."""

    effect: str
    lead: str = ""
    rows: Sequence[Row] = ()
    more: int = 0
    """Number of records not shown."""
    affected: Affected | None = None
    warnings: Sequence[str] = ()
    streets: tuple[ChangedStreet, ...] = ()
    table: Literal["", "names", "numbers"] = ""
    """Which table shows many changed records."""
    near: Sequence[tuple[str, str]] = ()
    """URL and name of places with a similar name."""
    lines: Sequence[tuple[str, str]] = ()
    """Code and label of unchanged records."""
    refused: Sequence[tuple[str, str]] = ()
    """Code and reason of each refused record."""
    possible: bool = True
    """Whether it is possible for any record."""


def title(operation: Operation, status: str = "") -> str:
    """Return the title of an operation on a record with this status."""
    own = _TITLES.get((operation.name, status))
    words = _(own) if own else _(operation.called)
    return words[:1].upper() + words[1:]


def status_words(status: str) -> str:
    """Return a status in words."""
    return _(STATUSES[status])


def label_of(known: Gazetteer, record: Record | None) -> str:
    """Return a record's address, or a remark for a code without a door yet."""
    if record is None or record.status == "reserved":
        return _("on no door yet")
    return record_wording(known, today(), record).label


def row_of(known: Gazetteer, old: Record | None, changed: Changed) -> Row:
    """Return the effect on a record whose former state is `old`."""
    new = changed.record
    changes = changes_between(old, new) if old and new else ()
    metres = _moved(old, new)
    return Row(
        code_display(changed.code) if old else "",
        label_of(known, old) if old else "",
        label_of(known, new),
        status_words(old.status) if old else "",
        status_words(changed.status),
        changed.status,
        changes_words(known, (c for c in changes if c.field != "status")),
        metres,
        metres is not None and is_far_move(metres, old.position_accuracy_m if old else None),
    )


def _moved(old: Record | None, new: Record | None) -> float | None:
    """Return the distance between the points; None if unchanged, or one is missing."""
    if old is None or new is None or (old.lon, old.lat) == (new.lon, new.lat):
        return None
    if old.lon is None or old.lat is None or new.lon is None or new.lat is None:
        return None
    return moved_m((old.lon, old.lat), (new.lon, new.lat))


def preview_of(
    session: Session,
    known: Gazetteer,
    operation: Operation,
    made: Done | SeveralDone,
    subject: Record | None = None,
) -> Preview:
    """Return the effects of a dry run on the recorded state."""
    records = {one.code: one for one in made.records}
    before = records_of(session, records)
    if subject is not None:
        before[subject.code] = subject
    rows = tuple(row_of(known, before.get(code), one) for code, one in records.items())
    warnings, streets = (made.warnings, made.streets) if isinstance(made, Done) else ((), ())
    return Preview(
        effect_words(operation),
        rows=rows[:_SHOWN],
        more=max(len(rows) - _SHOWN, 0),
        affected=affected(session, before),
        warnings=tuple(str(each.message) for each in warnings),
        streets=streets,
    )


def effect_words(operation: Operation) -> str:
    """Return the consequence of an operation for users of the code; empty if obvious."""
    effect = EFFECTS.get(operation.name)
    return _(effect) if effect else ""
