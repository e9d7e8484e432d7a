"""Which unit a place was in on another day, by the lineages of its commune.

Today's commune may be the result of many steps of several reforms. A place in it took one of these
paths; other known units of the place decide which.
"""

import datetime
from collections.abc import Iterable, Iterator
from typing import Final

from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.onward import continuations
from registry.units.remembered import Remembered

_Lineage = tuple[tuple[Unit, datetime.date], ...]
"""Units with their first days, oldest first."""
_DAY: Final = datetime.timedelta(days=1)
_Asked = tuple[int, tuple[int, ...], datetime.date, datetime.date]
_found: Final = Remembered[_Asked, tuple[Unit, ...]](65_536)
_ancestors: Final = Remembered[tuple[int, datetime.date], frozenset[int]](32_768)


def units_on(
    gazetteer: Gazetteer, day: datetime.date, unit: Unit, others: tuple[int, ...] = ()
) -> tuple[Unit, ...]:
    """Return the units of `day` in which a place of today's `unit` may have been, by code.

    One if certain, none if unknown. `others` are ids of other units that it was in; those that are
    not predecessors of `unit` are ignored.
    """
    known = _found.of(gazetteer)
    asked = (unit.id, others, day, today())
    units = known.get(asked)
    if units is None:
        units = _found.keep(known, asked, _units_on(gazetteer, day, unit, others))
    return units


def ancestors(gazetteer: Gazetteer, unit: Unit) -> frozenset[int]:
    """Return ids of all units whose land came to `unit`, by any number of steps, without itself."""
    known = _ancestors.of(gazetteer)
    asked = (unit.id, today())
    ids = known.get(asked)
    if ids is None:
        lines = _lineages(gazetteer, unit, today() + _DAY)
        ids = frozenset(one.id for line in lines for one, _ in line) - {unit.id}
        _ancestors.keep(known, asked, ids)
    return ids


def _units_on(
    gazetteer: Gazetteer, day: datetime.date, unit: Unit, others: Iterable[int]
) -> tuple[Unit, ...]:
    lines = list(_lineages(gazetteer, unit, today() + _DAY))
    for other in others:
        through = [line for line in lines if any(one.id == other for one, _ in line)]
        lines = through or lines
    found = {one.id: one for line in lines for one in _on(gazetteer, day, line)}
    return tuple(sorted(found.values(), key=lambda one: one.code))


def _on(gazetteer: Gazetteer, day: datetime.date, line: _Lineage) -> Iterator[Unit]:
    """Yield the unit of a lineage on `day`; several if it is split afterwards."""
    then = [unit for unit, since in line if since <= day]
    if then and then[-1].alive_on(day):
        yield then[-1]
    elif then and len(then) == len(line):
        yield from (onward.unit for onward in continuations(gazetteer, then[-1], day))


def _lineages(gazetteer: Gazetteer, unit: Unit, before: datetime.date) -> Iterator[_Lineage]:
    """Yield the lineages that led to `unit` before a day."""
    steps = [step for step in gazetteer.predecessors(unit) if step.effective_on < before]
    for step in steps:
        for line in _lineages(gazetteer, step.predecessor, step.effective_on):
            yield (*line, (unit, step.effective_on))
    first = min((step.effective_on for step in steps), default=None)
    if first is None or unit.alive_on(first - _DAY):
        yield ((unit, unit.born or datetime.date.min),)
