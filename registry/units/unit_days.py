"""Units as of a day, without announced changes."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry.units.gazetteer import Succession, Unit


def turning_days(
    day: datetime.date, units: Iterable["Unit"], steps: Iterable["Succession"]
) -> tuple[datetime.date | None, datetime.date | None]:
    """Return the latest day up to `day` on which anything changed, and the first one after it."""
    known = tuple(units)
    # One pass per attribute: every command waits for this.
    days = {one for unit in known for one in (unit.born, unit.ended)}
    days |= {v.valid_from for unit in known for v in unit.versions}
    days |= {v.valid_to for unit in known for v in unit.versions}
    days |= {step.effective_on for step in steps}
    turned_on = max((one for one in days if one and one <= day), default=None)
    turns_on = min((one for one in days if one and one > day), default=None)
    return turned_on, turns_on


def seen_on(
    day: datetime.date, units: Mapping[int, "Unit"], steps: Iterable["Succession"]
) -> tuple[dict[int, "Unit"], tuple["Succession", ...]]:
    """Return units and steps without changes after `day`."""
    found = ((i, _unit_seen_on(day, unit)) for i, unit in units.items())
    seen = {i: unit for i, unit in found if unit is not None}
    taken = tuple(
        replace(step, predecessor=seen[old], successor=seen[new])
        for step in steps
        if step.effective_on <= day
        if (old := step.predecessor.id) in seen and (new := step.successor.id) in seen
    )
    return seen, taken


def _unit_seen_on(day: datetime.date, unit: "Unit") -> "Unit | None":
    """Return the unit without changes after `day`; itself if there are none."""
    if all(one <= day for one in _days_of(unit)):
        return unit
    versions = tuple(
        replace(version, valid_to=None) if _is_after(version.valid_to, day) else version
        for version in unit.versions
        if not _is_after(version.valid_from, day)
    )
    if not versions or _is_after(unit.born, day):
        return None
    return replace(
        unit, ended=None if _is_after(unit.ended, day) else unit.ended, versions=versions
    )


def _days_of(unit: "Unit") -> Iterator[datetime.date]:
    """Yield days on which it begins, ends, or changes its name."""
    spans = [(unit.born, unit.ended)]
    spans += [(version.valid_from, version.valid_to) for version in unit.versions]
    yield from (day for day in chain.from_iterable(spans) if day is not None)


def _is_after(one: datetime.date | None, day: datetime.date) -> bool:
    return one is not None and one > day
