"""The area of a search: the current communes that the units named in a text lead to."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Final

from geo.admin import KIND_LEVELS, parse_name
from geo.values import value
from registry.records.record import Span, last_day, map_of
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.lineage import ancestors
from registry.units.onward import communes_of, continuations
from registry.units.remembered import Remembered
from registry.units.text import Naming


@value(frozen=True, slots=True)
class Area:
    """Communes to search."""

    communes: tuple[int, ...] | None
    """Ids; None if no unit is named: the whole country."""
    formers: dict[int, frozenset[int]]
    """Commune → former communes in which a door of the named ones may be registered: the named
    ones, their predecessors, and successors before the commune; absent if the commune itself was
    named."""
    innermost: tuple[Unit, ...]
    """Answers if no street is found: current communes, else provinces."""
    faults: tuple[str, ...]
    map: Span | None
    """Map of the named units; None without any."""
    own: frozenset[int] = frozenset()
    """Communes with the current name, if others match by the name of a former one."""
    loose: frozenset[int] = frozenset()
    """Communes reached only by a district or province of the name, not by a commune: `Ba Đình, Hà
    Nội` is a current commune, and was a district."""
    districts: tuple[int, ...] = ()
    """Ids of the districts named without a commune; empty if a province is named as such, too."""
    named_formers: dict[int, frozenset[int]] = field(default_factory=dict)
    """Commune → former communes of it that were named."""
    neighbours: tuple[int, ...] = ()
    """If all named communes are former ones: the other communes of their former districts."""


def area_of(
    gazetteer: Gazetteer,
    day: datetime.date,
    namings: Iterable[Naming],
    within: Unit | None,
    unread: Iterable[str] = (),
) -> Area:
    """Return the communes of `day` that any of the namings may mean, inside `within` if given.

    `unread` parts of the text may name an unknown commune.
    """
    missing = "commune_unknown" if any(map(names_commune, unread)) else "commune_missing"
    named = tuple(naming for naming in namings if naming.innermost is not None)
    if not named:
        return _unnamed(gazetteer, day, within, missing)
    # Cached, since many texts name the same units.
    key = (day, within.id if within is not None else None, missing, *map(_cache_key, named))
    known = _areas.of(gazetteer)
    found = known.get(key)
    if found is None:
        found = _areas.keep(known, key, _area_of(gazetteer, day, named, within, missing))
    return found


def area_within(communes: Iterable[int]) -> Area:
    """Return these communes as an area, without any faults."""
    return Area(tuple(sorted(communes)), {}, (), (), None)


def _cache_key(naming: Naming) -> tuple[int, int, int, int, bool, bool]:
    """Return all of a naming that an area depends on."""
    units = (naming.commune, naming.district, naming.province, naming.former)
    commune, district, province, former = (unit.id if unit is not None else 0 for unit in units)
    return (
        commune,
        district,
        province,
        former,
        naming.corrected,
        naming.contradicted,
    )


_areas: Final = Remembered[tuple[object, ...], Area](4_096)


def _area_of(
    gazetteer: Gazetteer,
    day: datetime.date,
    namings: tuple[Naming, ...],
    within: Unit | None,
    missing: str,
) -> Area:
    named: dict[int, set[int]] = {}
    innermost: dict[int, Unit] = {}
    formers: dict[int, set[int]] = {}
    for naming in namings:
        _add_successors(gazetteer, day, naming, named, innermost)
        if (former := naming.former or naming.commune) is not None:
            for target in innermost:
                formers.setdefault(target, set()).add(former.id)
    if within is not None:
        inside = communes_of(gazetteer, day, within)
        named = {unit: former for unit, former in named.items() if unit in inside}
        innermost = {i: u for i, u in innermost.items() if i in named or u is within}
    own = frozenset(unit for unit, former in named.items() if not former)
    if len(own) == len(named):
        own = frozenset()
    else:
        innermost = {i: u for i, u in innermost.items() if i in own or not own}
    return Area(
        tuple(named),
        {unit: frozenset(former) for unit, former in named.items() if former},
        tuple(innermost.values()),
        _faults(namings, day, within, len(named), missing),
        _asked_map(namings, day),
        own,
        loose := _loose(gazetteer, day, namings, named),
        _districts(namings, loose),
        {unit: frozenset(former & named.get(unit, set())) for unit, former in formers.items()},
        _neighbours(gazetteer, day, namings, named),
    )


def _loose(
    gazetteer: Gazetteer,
    day: datetime.date,
    namings: tuple[Naming, ...],
    named: dict[int, set[int]],
) -> frozenset[int]:
    with_commune = [naming for naming in namings if naming.commune is not None]
    if not with_commune or len(with_commune) == len(namings):
        return frozenset()
    reached: dict[int, set[int]] = {}
    for naming in with_commune:
        _add_successors(gazetteer, day, naming, reached, {})
    return frozenset(named.keys() - reached.keys())


def _districts(namings: tuple[Naming, ...], loose: frozenset[int]) -> tuple[int, ...]:
    inner = [naming.innermost for naming in namings if naming.commune is None]
    if any(unit is None or unit.level != "district" for unit in inner):
        return ()
    if len(inner) < len(namings) and not loose:
        return ()  # all namings have a commune
    return tuple(unit.id for unit in inner if unit is not None)


def is_in_district(gazetteer: Gazetteer, area: Area, *, commune: int, former: int | None) -> bool:
    """Whether a place in `commune`, formerly in `former`, may be in a named district.

    Phường Văn Miếu has land of Hoàn Kiếm and of Đống Đa. True if the former commune is unknown, or
    if the commune itself is named.
    """
    unit = gazetteer.units.get(former or 0)
    if unit is None or not area.districts or (area.loose and commune not in area.loose):
        return True
    return not gazetteer.holders(unit).keys().isdisjoint(area.districts)


def _unnamed(gazetteer: Gazetteer, day: datetime.date, within: Unit | None, missing: str) -> Area:
    if within is None:
        return Area(None, {}, (), (missing, "province_missing"), None)
    faults = () if within.level == "commune" else (missing,)
    # The caller's filter is not an answer.
    return Area(tuple(communes_of(gazetteer, day, within)), {}, (), faults, None)


def _add_successors(
    gazetteer: Gazetteer,
    day: datetime.date,
    naming: Naming,
    named: dict[int, set[int]],
    innermost: dict[int, Unit],
) -> None:
    unit = naming.innermost
    if unit is None:
        return
    for successor in _gained_land(gazetteer, unit, day):
        named.setdefault(successor.id, set()).update(_line(gazetteer, unit, ()))
    for onward in continuations(gazetteer, unit, day):
        target = onward.unit
        innermost[target.id] = target
        if target.level == "province":
            # A former province counts only with its own land: Kon Tum is now a part of Quảng Ngãi.
            named_province = unit if unit.level == "province" else target
            for commune in communes_of(gazetteer, day, named_province):
                named.setdefault(commune, set())
        elif naming.former is not None:
            formers = _on_the_way(gazetteer, day, naming.former, target)
            named.setdefault(target.id, set()).update(formers)
        elif target is unit or unit.level != "commune":
            named[target.id] = set()  # the commune itself: any former one fits
        elif target.id not in named or named[target.id]:
            named.setdefault(target.id, set()).update(_line(gazetteer, unit, onward.via))


def _gained_land(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> Iterator[Unit]:
    """Yield the communes of `day` to which a commune that still exists gave a part of its land."""
    if unit.level != "commune" or not unit.alive_on(day):
        return
    for step in gazetteer.successors(unit):
        if step.effective_on <= day:
            yield from (onward.unit for onward in continuations(gazetteer, step.successor, day))


def _on_the_way(gazetteer: Gazetteer, day: datetime.date, former: Unit, target: Unit) -> set[int]:
    """Return the former commune named beside the current one, and those between them."""
    onward = continuations(gazetteer, former, day)
    between = [step for one in onward if one.unit is target for step in one.via]
    return _line(gazetteer, former, between)


def _line(gazetteer: Gazetteer, former: Unit, between: Iterable[Unit]) -> set[int]:
    """Return ids of the former communes in which a door of `former` may be registered."""
    return {former.id, *ancestors(gazetteer, former), *(unit.id for unit in between)}


def _neighbours(
    gazetteer: Gazetteer,
    day: datetime.date,
    namings: tuple[Naming, ...],
    named: dict[int, set[int]],
) -> tuple[int, ...]:
    if not all(named.values()):
        return ()
    districts = {
        district
        for naming in namings
        if naming.commune is not None
        for district in (
            [naming.district] if naming.district else last_districts(gazetteer, naming.commune)
        )
    }
    around = {unit for district in districts for unit in communes_of(gazetteer, day, district)}
    return tuple(sorted(around - named.keys()))


def last_districts(gazetteer: Gazetteer, former: Unit) -> Iterator[Unit]:
    """Yield the last districts of a former commune and of its predecessors."""
    earlier = (gazetteer.units[one] for one in ancestors(gazetteer, former))
    for unit in (former, *earlier):
        district = gazetteer.district_of(unit, last_day(unit)) if unit.ended else None
        if district is not None:
            yield district


def _faults(
    namings: tuple[Naming, ...],
    day: datetime.date,
    within: Unit | None,
    communes: int,
    missing: str,
) -> tuple[str, ...]:
    faults: list[str] = []
    if all(naming.commune is None for naming in namings):
        faults.append(missing)
    else:
        several = len({n.commune.id for n in namings if n.commune}) > 1 and communes > 1
        if several:
            faults.append("commune_unsure")
        alone = all(n.district is None and n.province is None for n in namings)
        if alone and within is None and not all(naming.contradicted for naming in namings):
            faults.append("province_missing" if several else "province_supposed")
    if all(naming.corrected for naming in namings):
        faults.append("unit_corrected")
    if all(naming.contradicted for naming in namings):
        faults.append("province_contradicted")
    units = [u for n in namings for u in (n.commune, n.district, n.province) if u is not None]
    if all(not n.innermost.alive_on(day) for n in namings if n.innermost) or not any(
        unit.alive_on(day) for unit in units
    ):
        faults.append("commune_former")
    return tuple(faults)


def names_commune(part: str) -> bool:
    """Whether a part has a commune's kind: `Xã Không Có`."""
    kinds = parse_name(part)[0].kinds
    return bool(kinds) and all(KIND_LEVELS[kind] == ("commune",) for kind in kinds)


def _asked_map(namings: tuple[Naming, ...], day: datetime.date) -> Span | None:
    """Return the days on which all units of the first naming had their names.

    The name of a current commune means it, even if a former one had the same name.
    """
    current = (one for one in namings if one.innermost and one.innermost.alive_on(day))
    first = next(current, namings[0])
    units = tuple(u for u in (first.commune, first.district, first.province) if u is not None)
    ends = [unit.ended for unit in units if unit.ended is not None and unit.ended <= day]
    on = min(ends) - datetime.timedelta(days=1) if ends else day
    return map_of(units, on)
