"""Records and effects of operations in the words of the desk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from geo.code import format as code_display
from registry.core.days import day_words
from registry.core.labels import STATUSES
from registry.core.messages import N_, _
from registry.lifecycle.several import SeveralDone
from registry.lifecycle.table import Operation
from registry.lifecycle.words import EFFECTS, FIELDS, KINDS, METHODS
from registry.lifecycle.work import Changed, ChangedStreet, Done
from registry.records.desk_records import Affected, affected, records_of
from registry.records.entrances import KIND_WORDS, SOURCE_WORDS, Entrance
from registry.records.history import Change, changes_between
from registry.records.record import Record, record_wording
from registry.records.uses import use_words
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


def commune_name(known: Gazetteer, unit_id: int | None) -> str:
    """Return the current name of a commune."""
    if unit_id is None:
        return _("of no commune yet")
    return known.units[unit_id].version_on(today()).full_name


def value_words(known: Gazetteer, name: str, value: object) -> str:
    """Return the value of a record's member in words."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in ("commune", "former_commune") and isinstance(value, int):
        return commune_name(known, value)
    if name == "parent":
        return code_display(str(value))
    tables = {"status": STATUSES, "position_method": METHODS, "kind": KINDS}
    if name in tables:
        return _(tables[name][str(value)])
    if isinstance(value, list):
        words = use_words if name == "uses" else entrance_words
        return "; ".join(map(words, value))
    if isinstance(value, float):
        return f"{value:.6f}" if name in ("lon", "lat") else f"{value:g}"
    return value.strftime("%d/%m/%Y") if hasattr(value, "strftime") else str(value)


def entrance_words(entrance: Entrance) -> str:
    """Return an entrance in one line."""
    day = entrance.get("seen_on")
    parts = (
        f"{_(KIND_WORDS[entrance['kind']])} {entrance['lat']:.6f}, {entrance['lon']:.6f}",
        f"“{entrance['note']}”" if "note" in entrance else "",
        _(SOURCE_WORDS[entrance["source"]]) if "source" in entrance else "",
        day_words(day) if day else "",
    )
    return " · ".join(filter(None, parts))


def field_words(name: str) -> str:
    """Return the label of a record's member, without the hint that forms add."""
    return _(FIELDS[name]).partition(", ")[0]


def changes_words(known: Gazetteer, changes: Iterable[Change]) -> tuple[tuple[str, str, str], ...]:
    """Return label, old and new value of each change."""
    return tuple(
        (
            field_words(c.field),
            value_words(known, c.field, c.before),
            value_words(known, c.field, c.after),
        )
        for change in changes
        for c in _one_by_one(change)
    )


def _one_by_one(change: Change) -> Iterator[Change]:
    """Yield the change; for a list, each removed and each added item."""
    if change.field not in ("entrances", "uses"):
        yield change
        return
    old: Any = change.before or []
    new: Any = change.after or []
    yield from (Change(change.field, [each], None) for each in old if each not in new)
    yield from (Change(change.field, None, [each]) for each in new if each not in old)


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
