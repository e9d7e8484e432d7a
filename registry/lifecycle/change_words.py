"""Values and changes of records in words, for the desk and for commands."""

from collections.abc import Iterable, Iterator
from typing import Any

from geo.code import format as code_display
from registry.core.days import day_words
from registry.core.labels import STATUSES
from registry.core.messages import _
from registry.lifecycle.words import FIELDS, KINDS, METHODS
from registry.records.entrances import KIND_WORDS, SOURCE_WORDS, Entrance
from registry.records.history import Change
from registry.records.uses import use_words
from registry.units.gazetteer import Gazetteer, today


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
        (field_words(one.field), *_before_and_after(known, one))
        for change in changes
        for one in _one_by_one(change)
    )


def _before_and_after(known: Gazetteer, change: Change) -> tuple[str, str]:
    before, after = (value_words(known, change.field, v) for v in (change.before, change.after))
    if before == after and isinstance(change.before, int) and isinstance(change.after, int):
        # A reform may give a new unit the name of the old one.
        codes = [known.units[unit_id].code for unit_id in (change.before, change.after)]
        before, after = (f"{before} ({code})" for code in codes)
    return before, after


def _one_by_one(change: Change) -> Iterator[Change]:
    """Yield the change; for a list, each removed and each added item."""
    if change.field not in ("entrances", "uses"):
        yield change
        return
    old: Any = change.before or []
    new: Any = change.after or []
    yield from (Change(change.field, [each], None) for each in old if each not in new)
    yield from (Change(change.field, None, [each]) for each in new if each not in old)
