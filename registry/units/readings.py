"""Choose the combination of units that the parts of a text name together."""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Final

from geo.admin import KIND_LEVELS, LEVELS, name_key, parse_name
from geo.values import value
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.parts import INITIALS, Fit, Part


@value(frozen=True, slots=True)
class Candidate:
    """A unit that a part may name."""

    part: int
    unit: Unit
    fit: Fit


_Score = tuple[int, ...]
_AS_GOOD: Final = 3
"""Leading elements of a score that must be equal for a reading of another map to be kept."""
Reading = tuple[Candidate, ...]
"""At most one unit per level, smallest first."""


def best_readings(gazetteer: Gazetteer, parts: list[Part]) -> list[Reading]:
    """Return the equally best readings; empty if the parts name no unit."""
    found: dict[_Score, dict[int, Reading]] = defaultdict(dict)
    for chosen in _readings(gazetteer, parts):
        found[_score(gazetteer, chosen)].setdefault(chosen[0].unit.id, chosen)
    best = _binding(_of_either_map(gazetteer, found, _with_kind_written(found))) if found else []
    best = _in_the_district_named(gazetteer, best, found) or best
    best = _without_second_commune(parts, best) or best
    return _provinces_alone(parts, best) or _in_the_city(gazetteer, parts, best) or best


def _with_kind_written(found: dict[_Score, dict[int, Reading]]) -> list[Reading]:
    """Return the readings with the highest score, and those of the written kind if it differs:
    `Xã Tân Mỹ, TP HCM` was a commune, and Phường Tân Mỹ is one today.
    """
    highest = max(found)
    best = list(found[highest].values())
    if any(chosen[0].fit.kind >= 0 for chosen in best):
        return best
    return best + [
        chosen
        for score, readings in found.items()
        if score[:_AS_GOOD] == highest[:_AS_GOOD]
        for chosen in readings.values()
        if chosen[0].fit.kind > 0 and chosen[0].part == best[0][0].part
    ]


def _of_either_map(
    gazetteer: Gazetteer, found: dict[_Score, dict[int, Reading]], best: list[Reading]
) -> list[Reading]:
    """Return `best`, and if it has only former communes of a former province, also those on the
    land of today's province with its name.

    `Phường 3, Tỉnh Đồng Tháp` was one of Sa Đéc, and is one that came to the province from Tiền
    Giang: without its district nobody knows by which map it was written.
    """
    if any(_is_of_one_map(gazetteer, chosen) for chosen in best):
        return best
    (*as_good, _, kinds), used = max(found), {c.part for chosen in best for c in chosen}
    known = {chosen[0].unit.id for chosen in best}
    return best + [
        chosen
        for (*same, near, kind), readings in found.items()
        if same == as_good and kind == kinds and near
        for chosen in readings.values()
        if used == {c.part for c in chosen}
        and chosen[0].unit.id not in known
        and not _is_of_one_map(gazetteer, chosen)
    ]


def _is_of_one_map(gazetteer: Gazetteer, chosen: Reading) -> bool:
    """Whether it is not a former commune with its province but without its district."""
    unit, levels = chosen[0].unit, [c.unit.level for c in chosen]
    if levels != ["commune", "province"] or unit.ended is None:
        return True
    return gazetteer.district_of(unit, unit.ended - datetime.timedelta(days=1)) is None


def _in_the_district_named(
    gazetteer: Gazetteer, best: list[Reading], found: dict[_Score, dict[int, Reading]]
) -> list[Reading]:
    """Keep the district if a numbered ward is written before one that has no such ward.

    `Phường 18, Gò Vấp`: the one of Quận 4 is another place.
    """
    wards = [chosen for chosen in best if chosen[0].unit.level == "commune"]
    if not wards or any(c.unit.level == "district" for chosen in wards for c in chosen):
        return []
    if not all(chosen[0].unit.versions[0].name.isdigit() for chosen in wards):
        return []
    used = {c.part for chosen in wards for c in chosen}
    there = [
        chosen
        for readings in found.values()
        for chosen in readings.values()
        if chosen[0].unit.level == "district"
        and wards[0][0].part < chosen[0].part
        and chosen[0].part not in used
        and _may_have_numbered_wards(gazetteer, chosen[0].unit)
    ]
    most = max(map(len, there), default=0)
    return [chosen for chosen in there if len(chosen) == most]


def _may_have_numbered_wards(gazetteer: Gazetteer, district: Unit) -> bool:
    """Whether a ward number before the district may mean one of its wards.

    Long Phú has none: a map service adds it to wards of the neighbouring city.
    """
    if district.versions[-1].kind == "quan":
        return True
    last = (district.ended or datetime.date.max) - datetime.timedelta(days=1)
    wards = gazetteer.members(district, last)
    return any(ward.versions[-1].name.isdigit() for ward in wards)


def _without_second_commune(parts: list[Part], best: list[Reading]) -> list[Reading]:
    """Keep the districts if the commune is unknown: `P. Lạ, Cầu Giấy, Hà Nội`."""
    unknown = any(
        all(KIND_LEVELS[kind] == ("commune",) for kind in named.kinds)
        for part in parts
        if not part.hits and (named := parse_name(part.text)[0]).kinds
    )
    return [c for c in best if c[0].unit.level != "commune"] if unknown else []


def _provinces_alone(parts: list[Part], best: list[Reading]) -> list[Reading]:
    """Keep the provinces if a name stands alone: `Bình Dương` is not a commune of that name."""
    if any(len(chosen) > 1 or chosen[0].fit.kind for chosen in best):
        return []
    provinces = [c for c in best if c[0].unit.level == "province"]
    return [c for c in provinces if _is_own_name(c[0].unit, parts[c[0].part].text)]


def _is_own_name(unit: Unit, text: str) -> bool:
    """Whether this was ever the full name of `unit`; Vũng Tàu is short for the province's name."""
    return name_key(text) in {name_key(version.name) for version in unit.versions}


def _in_the_city(gazetteer: Gazetteer, parts: list[Part], best: list[Reading]) -> list[Reading]:
    """Keep former wards in the city with its province's name: `Phường 1, Sóc Trăng`."""
    inner = [chosen[0].unit for chosen in best]
    if len(best) == 1 or any(unit.level != "commune" or unit.ended is None for unit in inner):
        return []
    cities = {
        unit.id
        for chosen in best
        if len(chosen) > 1 and chosen[-1].unit.level == "province" and chosen[-1].fit.kind == 0
        for unit, _ in parts[chosen[-1].part].hits
        if unit.level == "district"
    }
    return [c for c in best if not cities.isdisjoint(gazetteer.holders(c[0].unit))]


def _binding(best: list[Reading]) -> list[Reading]:
    """Drop the readings that ignore a larger unit than any they name.

    `Xã Phú Túc, Tỉnh Bình Định`: the province has no Phú Túc, so only the province is certain.
    """
    largest = min(LEVELS.index(chosen[-1].unit.level) for chosen in best)
    stated = {c[-1].part for c in best if LEVELS.index(c[-1].unit.level) == largest}
    return [chosen for chosen in best if any(c.part in stated for c in chosen)]


def _readings(gazetteer: Gazetteer, parts: list[Part]) -> Iterator[Reading]:
    """Yield all combinations in which the larger units contain the smallest."""
    by_unit: dict[int, list[Candidate]] = {}
    for index, part in enumerate(parts):
        for unit, fit in part.hits:
            by_unit.setdefault(unit.id, []).append(Candidate(index, unit, fit))
    for candidates in by_unit.values():
        holders = gazetteer.holders(candidates[0].unit)
        around = _around([by_unit[holder] for holder in holders if holder in by_unit])
        for inner in candidates:
            if inner.fit.kind >= 0:
                yield (inner,)
            # A unit of another kind than the written one needs a second name to confirm it.
            for outer in _vouching(inner, around):
                chosen = (inner, *outer)
                apart = len({c.part for c in chosen}) == len(chosen)
                apart = apart and not any(map(partial(_are_initials_before, inner), outer))
                if apart and not _says_twice(parts, chosen):
                    yield chosen


def _vouching(inner: Candidate, around: list[Reading]) -> list[Reading]:
    """Return the units that may confirm one; for a commune not fully named only its district."""
    if inner.fit.kind >= -1:
        return around
    if inner.unit.level != "commune":
        return []
    return [outer for outer in around if outer[0].unit.level == "district"]


def _are_initials_before(inner: Candidate, outer: Candidate) -> bool:
    """Whether initials precede the name: `qn bình định` is Quy Nhơn in Bình Định, not Quảng Nam."""
    return outer.fit.kind == INITIALS and outer.part < inner.part


def _around(holders: list[list[Candidate]]) -> list[Reading]:
    """Return combinations of at most one district and one province, at least one of them."""
    if not holders:
        return []
    levels: dict[str, list[Candidate | None]] = {"district": [None], "province": [None]}
    for candidates in holders:
        levels[candidates[0].unit.level] += candidates
    outer = product(*levels.values())
    next(outer)  # neither
    return [tuple(c for c in one if c is not None) for one in outer]


def _says_twice(parts: list[Part], chosen: Reading) -> bool:
    """Whether a district is named twice: `Q9, Thủ Đức` is not a commune Thủ Đức."""
    inner = chosen[0]
    if inner.fit.kind != 0:
        return False
    hits = {unit.id for unit, _ in parts[inner.part].hits}
    keys = {reading.key for reading in parse_name(parts[inner.part].text)}
    return any(
        c.unit.id in hits
        # `Vũng Tàu, Bà Rịa - Vũng Tàu`: the province's short name is also a city's name.
        and _is_own_name(c.unit, parts[inner.part].text)
        and keys.isdisjoint(reading.key for reading in parse_name(parts[c.part].text))
        for c in chosen[1:]
    )


def _score(gazetteer: Gazetteer, chosen: Reading) -> _Score:
    """Prefer more levels; then matching accents; the usual order, small to large; one map; the
    written kind.
    """
    if len(chosen) == 1:  # the most common case
        fit = chosen[0].fit
        return (1, fit.accents, 1, 0, fit.kind)
    holders = gazetteer.holders(chosen[0].unit)
    order = [c.part for c in chosen]
    return (
        len(chosen),
        sum(c.fit.accents for c in chosen),
        int(order == sorted(order)),
        sum(holders[outer.unit.id] for outer in chosen[1:]),
        sum(c.fit.kind for c in chosen),
    )
