"""The successors of a unit on a day, and the communes in it."""

import datetime
from collections.abc import Iterator
from typing import Final

from geo.values import value
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.remembered import Remembered


@value(frozen=True, slots=True)
class Continuation:
    """A unit of a day that continues another one."""

    unit: Unit
    extent: str
    """unchanged: the same unit | full: all of it went there | partial: a part of it."""
    via: tuple[Unit, ...]
    """Intermediate units, oldest first; empty for at most one step."""


def continuations(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> list[Continuation]:
    """Return the units of `day` that continue `unit`, by code, across any number of steps.

    A district without successors of its own is continued by those of its communes. Empty if there
    are none.
    """
    if unit.alive_on(day):
        return [Continuation(unit, "unchanged", ())]
    found: dict[int, Continuation] = {}
    _follow(gazetteer, unit, day, Continuation(unit, "full", ()), found)
    if not found and unit.level == "district":
        for commune in communes_of_district(gazetteer, unit):
            for step in continuations(gazetteer, commune, day):
                found.setdefault(step.unit.id, Continuation(step.unit, "partial", ()))
        if len(found) == 1:
            return [Continuation(next(iter(found.values())).unit, "full", ())]
    return sorted(found.values(), key=lambda c: c.unit.code)


def communes_of_district(gazetteer: Gazetteer, district: Unit) -> list[Unit]:
    """Return all communes of the district on its last day, by code."""
    last = (district.ended or datetime.date.max) - datetime.timedelta(days=1)
    return sorted(gazetteer.members(district, last), key=lambda unit: unit.code)


_same_communes: Final = Remembered[frozenset[int], frozenset[int]](8_192)
_communes: Final = Remembered[tuple[int, datetime.date], frozenset[int]](32_768)


def communes_of(gazetteer: Gazetteer, day: datetime.date, unit: Unit) -> frozenset[int]:
    """Return ids of the communes of `day` in a unit of any map."""
    known = _communes.of(gazetteer)
    found = known.get((unit.id, day))
    if found is None:
        found = frozenset(_communes_of(gazetteer, day, unit))
        # Mostly a single commune, shared by several former units.
        shared = _same_communes.of(gazetteer)
        found = shared.get(found) or _same_communes.keep(shared, found, found)
        _communes.keep(known, (unit.id, day), found)
    return found


def _communes_of(gazetteer: Gazetteer, day: datetime.date, unit: Unit) -> Iterator[int]:
    if unit.level == "province" and not unit.alive_on(day):
        alive = gazetteer.alive(day, level="commune")
        own = [commune.id for commune in alive if unit.id in gazetteer.holders(commune)]
        if own:
            yield from own
            return
    for onward in continuations(gazetteer, unit, day):
        if onward.unit.level == "commune":
            yield onward.unit.id
        else:
            members = gazetteer.members(onward.unit, day)
            yield from (member.id for member in members if member.level == "commune")


def _follow(
    gazetteer: Gazetteer,
    unit: Unit,
    day: datetime.date,
    so_far: Continuation,
    found: dict[int, Continuation],
) -> None:
    for step in gazetteer.successors(unit):
        if step.effective_on > day or step.successor in so_far.via:
            continue  # in the future, or a cycle
        extent = "partial" if "partial" in (so_far.extent, step.extent) else "full"
        continuation = Continuation(step.successor, extent, so_far.via)
        if step.successor.alive_on(day):
            known = found.get(step.successor.id)
            if known is None or known.extent == "partial":
                found[step.successor.id] = continuation
        else:
            beyond = Continuation(step.successor, extent, (*so_far.via, step.successor))
            _follow(gazetteer, step.successor, day, beyond, found)
