"""Records and what happens to them, in words of the desk."""

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
"""What an operation is called where the table's word does not say it."""
_SHOWN: Final = 50
"""Records that a preview shows one by one."""


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to one record."""

    code: str
    """Empty for one that does not exist yet."""
    before: str
    after: str
    status_before: str
    status_after: str
    state: str
    """The state afterwards, as data."""
    changes: tuple[tuple[str, str, str], ...]
    """What, before, after."""
    moved_m: float | None
    """How far its point moves."""
    far: bool
    """Whether that is so far that somebody has to say that it is right."""
    numbers: tuple[str, str] = ("", "")
    """Its house number before and after."""
    shared: Sequence[str] = ()
    """Codes of other doors to which the old number leads as well."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an operation would do."""

    effect: str
    lead: str = ""
    rows: Sequence[Row] = ()
    more: int = 0
    """Records beside those shown."""
    affected: Affected | None = None
    warnings: Sequence[str] = ()
    streets: tuple[ChangedStreet, ...] = ()
    table: Literal["", "names", "numbers"] = ""
    """Where the records are many, what of them becomes another: they stand in a table."""
    near: Sequence[tuple[str, str]] = ()
    """Address and name of places that are called nearly so."""
    lines: Sequence[tuple[str, str]] = ()
    """Code and label of records that stay as they are."""
    refused: Sequence[tuple[str, str]] = ()
    """Code of each record with which it cannot be done, and why."""
    possible: bool = True
    """Whether it can be done with any."""


def title(operation: Operation, status: str = "") -> str:
    """What an operation is called, about a record in that state."""
    own = _TITLES.get((operation.name, status))
    said = _(own) if own else _(operation.called)
    return said[:1].upper() + said[1:]


def status_words(status: str) -> str:
    """A state in words."""
    return _(STATUSES[status])


def commune_name(known: Gazetteer, unit_id: int | None) -> str:
    """A commune as it is called today."""
    if unit_id is None:
        return _("of no commune yet")
    return known.units[unit_id].version_on(today()).full_name


def value_words(known: Gazetteer, name: str, value: object) -> str:
    """A member of a record, as people write it."""
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
    """An entrance in a line."""
    day = entrance.get("seen_on")
    told = (
        f"{_(KIND_WORDS[entrance['kind']])} {entrance['lat']:.6f}, {entrance['lon']:.6f}",
        f"“{entrance['note']}”" if "note" in entrance else "",
        _(SOURCE_WORDS[entrance["source"]]) if "source" in entrance else "",
        day_words(day) if day else "",
    )
    return " · ".join(filter(None, told))


def field_words(name: str) -> str:
    """The name of a member of records, without what a form adds to it."""
    return _(FIELDS[name]).partition(", ")[0]


def changes_words(known: Gazetteer, changes: Iterable[Change]) -> tuple[tuple[str, str, str], ...]:
    """What became another, before and after."""
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
    """The change; of a list those that go and those that come, each by itself."""
    if change.field not in ("entrances", "uses"):
        yield change
        return
    old: Any = change.before or []
    new: Any = change.after or []
    yield from (Change(change.field, [each], None) for each in old if each not in new)
    yield from (Change(change.field, None, [each]) for each in new if each not in old)


def label_of(known: Gazetteer, record: Record | None) -> str:
    """A record's address; of a code that stands on no door yet, so."""
    if record is None or record.status == "reserved":
        return _("on no door yet")
    return record_wording(known, today(), record).label


def row_of(known: Gazetteer, old: Record | None, changed: Changed) -> Row:
    """What happens to a record that was `old`."""
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
    """How far the point of a record moves; None for one that stays, or comes, or goes."""
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
    """What a dry run did, beside what is recorded."""
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
    """What an operation does to those who know the code; empty where it goes without saying."""
    effect = EFFECTS.get(operation.name)
    return _(effect) if effect else ""
