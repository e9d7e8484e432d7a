"""What became of a unit: the units of a day that continue it, and the communes in it."""

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
    """unchanged: it is the same | full: all of it went there | partial: a part of it."""
    via: tuple[Unit, ...]
    """Units between, oldest first; empty for one step or none."""


def continuations(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> list[Continuation]:
    """The units of `day` that continue `unit`, by code, whatever lies between.

    A district without successors of its own is continued by those of its communes. Empty when
    nothing on record continues it.
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
    """Every commune that belonged to the district on its last day, by code."""
    last = (district.ended or datetime.date.max) - datetime.timedelta(days=1)
    return sorted(gazetteer.members(district, last), key=lambda unit: unit.code)


_same_communes: Final = Remembered[frozenset[int], frozenset[int]](8_192)
_communes: Final = Remembered[tuple[int, datetime.date], frozenset[int]](32_768)


def communes_of(gazetteer: Gazetteer, day: datetime.date, unit: Unit) -> frozenset[int]:
    """Ids of the communes of `day` in a unit of any map."""
    known = _communes.of(gazetteer)
    found = known.get((unit.id, day))
    if found is None:
        found = frozenset(_communes_of(gazetteer, day, unit))
        # Most are a commune alone, to which several of old lead.
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
            continue  # not yet, or round in a circle
        extent = "partial" if "partial" in (so_far.extent, step.extent) else "full"
        here = Continuation(step.successor, extent, so_far.via)
        if step.successor.alive_on(day):
            known = found.get(step.successor.id)
            if known is None or known.extent == "partial":
                found[step.successor.id] = here
        else:
            beyond = Continuation(step.successor, extent, (*so_far.via, step.successor))
            _follow(gazetteer, step.successor, day, beyond, found)
