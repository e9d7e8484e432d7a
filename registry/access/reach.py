"""The caller's reach: the units in which it may read, and those in which it may write.

Everything that belongs to a unit (imports, reforms, keys, reports, rounds, papers, audit entries …)
is listed, read and written through these checks, called in the registry, so that no endpoint or
page can omit them. The operator, with no actor set, reaches everything, represented by None.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.core.actors import acting, outside_own
from registry.core.errors import ForbiddenError
from registry.core.messages import Message
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.lineage import ancestors


def seen() -> frozenset[int] | None:
    """Return today's communes whose queues, drafts and deliveries the caller sees; None for all."""
    actor = acting()
    return None if actor is None else actor.sees


def writable() -> frozenset[int] | None:
    """Return today's communes in which the caller may write; None for all."""
    actor = acting()
    return None if actor is None else actor.unit_ids


def parameter(units: Collection[int] | None) -> dict[str, list[int] | None]:
    """Return units as the input `reach` of statements: null for all."""
    return {"reach": None if units is None else sorted(units)}


def lineage(known: Gazetteer) -> frozenset[int] | None:
    """Return the caller's communes, the provinces that it is bound to, and all their predecessors.

    For objects that outlive their units, like reforms and rounds.
    """
    communes = seen()
    if communes is None:
        return None
    units = [known.units[unit] for unit in communes if unit in known.units]
    units += bound_provinces(known)
    return frozenset(unit.id for unit in units).union(*(ancestors(known, unit) for unit in units))


def unit_codes(known: Gazetteer) -> frozenset[str] | None:
    """Return codes of the `lineage`; of ended units only codes not reused today."""
    ids, day = lineage(known), today()
    if ids is None:
        return None
    units = [known.units[each] for each in ids]
    return frozenset(
        unit.code
        for unit in units
        if unit.alive_on(day) or not any(u.alive_on(day) for u in known.with_code(unit.code))
    )


def bound_provinces(known: Gazetteer) -> list[Unit]:
    """Return today's provinces that the caller is bound to as a whole."""
    actor, day = acting(), today()
    codes = () if actor is None else actor.units or ()
    units = (unit for code in codes for unit in known.with_code(code))
    return [unit for unit in units if unit.level == "province" and unit.alive_on(day)]


def check_seen(known: Gazetteer | Session, *units: int) -> None:
    """Raise OutsideUnitsError, with their codes, unless the caller sees all of these communes."""
    _check(known, seen(), units)


def check_writable(known: Gazetteer | Session, *units: int) -> None:
    """Raise OutsideUnitsError unless the caller may write in all of these communes."""
    _check(known, writable(), units)


def check_covers(known: Gazetteer, units: Collection[int]) -> None:
    """Raise OutsideUnitsError unless these units, of any level and day, are all in the caller's."""
    reach = lineage(known)
    outside = set() if reach is None else set(units) - reach
    if outside:
        raise outside_own(
            *sorted({known.units[each].code for each in outside & known.units.keys()})
        )


def demand_country(what: str) -> None:
    """Raise ForbiddenError for a caller bound to some units only."""
    if writable() is not None:
        raise ForbiddenError(Message("country_admin_only", what=what))


def _check(
    known: Gazetteer | Session, reach: frozenset[int] | None, units: Collection[int]
) -> None:
    outside = [] if reach is None else sorted(set(units) - reach)
    if not outside:
        return
    if isinstance(known, Session):
        raise outside_own(*known.scalars(_CODES, {"ids": outside}))
    raise outside_own(*sorted(known.units[unit].code for unit in outside))


_CODES: Final = text("SELECT code FROM admin_unit WHERE id = ANY (:ids) ORDER BY code")
