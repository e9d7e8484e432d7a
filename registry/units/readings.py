"""Which of the units that the parts of a text may name are meant together."""

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
"""Elements of a score in which a reading of another map equals the best one."""
Reading = tuple[Candidate, ...]
"""At most one unit a level, the smallest first."""


def best_readings(gazetteer: Gazetteer, parts: list[Part]) -> list[Reading]:
    """The readings that fit best, equally well; empty where the parts name no unit."""
    found: dict[_Score, dict[int, Reading]] = defaultdict(dict)
    for chosen in _readings(gazetteer, parts):
        found[_score(gazetteer, chosen)].setdefault(chosen[0].unit.id, chosen)
    best = _binding(_of_either_map(gazetteer, found, _with_kind_written(found))) if found else []
    best = _in_the_district_named(gazetteer, best, found) or best
    best = _without_second_commune(parts, best) or best
    return _provinces_alone(parts, best) or _in_the_city(gazetteer, parts, best) or best


def _with_kind_written(found: dict[_Score, dict[int, Reading]]) -> list[Reading]:
    """The readings of the highest score; with those of the kind that was written, where it is
    another: `Xã Tân Mỹ, TP HCM` was one, and Phường Tân Mỹ is one today.
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
    """`best`, and where it holds but former communes in a province of old, those on the land that
    the province of its name has today.

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
    """Whether it is no former commune that stands beside its province without its district."""
    unit, levels = chosen[0].unit, [c.unit.level for c in chosen]
    if levels != ["commune", "province"] or unit.ended is None:
        return True
    return gazetteer.district_of(unit, unit.ended - datetime.timedelta(days=1)) is None


def _in_the_district_named(
    gazetteer: Gazetteer, best: list[Reading], found: dict[_Score, dict[int, Reading]]
) -> list[Reading]:
    """The district, where a numbered ward is written before one whose wards are others.

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
    """Whether who writes a number of a ward before the district means one of its wards.

    Long Phú has none: a map service writes it behind the wards of the city beside.
    """
    if district.versions[-1].kind == "quan":
        return True
    last = (district.ended or datetime.date.max) - datetime.timedelta(days=1)
    wards = gazetteer.members(district, last)
    return any(ward.versions[-1].name.isdigit() for ward in wards)


def _without_second_commune(parts: list[Part], best: list[Reading]) -> list[Reading]:
    """The districts, where a commune that no list has is written: `P. Lạ, Cầu Giấy, Hà Nội`."""
    unknown = any(
        all(KIND_LEVELS[kind] == ("commune",) for kind in named.kinds)
        for part in parts
        if not part.hits and (named := parse_name(part.text)[0]).kinds
    )
    return [c for c in best if c[0].unit.level != "commune"] if unknown else []


def _provinces_alone(parts: list[Part], best: list[Reading]) -> list[Reading]:
    """The provinces, where a name alone is theirs: `Bình Dương` is no commune of that name."""
    if any(len(chosen) > 1 or chosen[0].fit.kind for chosen in best):
        return []
    provinces = [c for c in best if c[0].unit.level == "province"]
    return [c for c in provinces if _is_own_name(c[0].unit, parts[c[0].part].text)]


def _is_own_name(unit: Unit, text: str) -> bool:
    """Whether `unit` was ever called so in full; Vũng Tàu is short for the province's name."""
    return name_key(text) in {name_key(version.name) for version in unit.versions}


def _in_the_city(gazetteer: Gazetteer, parts: list[Part], best: list[Reading]) -> list[Reading]:
    """Of former wards, those in the city that bears its province's name: `Phường 1, Sóc Trăng`."""
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
    """Without the readings that pass over a larger unit than any they name.

    `Xã Phú Túc, Tỉnh Bình Định`: no Phú Túc is there, so what is sure is the province.
    """
    largest = min(LEVELS.index(chosen[-1].unit.level) for chosen in best)
    stated = {c[-1].part for c in best if LEVELS.index(c[-1].unit.level) == largest}
    return [chosen for chosen in best if any(c.part in stated for c in chosen)]


def _readings(gazetteer: Gazetteer, parts: list[Part]) -> Iterator[Reading]:
    """Every choice of units where the larger ones hold the smallest."""
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
            # Another kind than the one written takes a second name to vouch for it.
            for outer in _vouching(inner, around):
                chosen = (inner, *outer)
                apart = len({c.part for c in chosen}) == len(chosen)
                apart = apart and not any(map(partial(_are_initials_before, inner), outer))
                if apart and not _says_twice(parts, chosen):
                    yield chosen


def _vouching(inner: Candidate, around: list[Reading]) -> list[Reading]:
    """What may vouch for a unit; for a commune that is not fully named only its district."""
    if inner.fit.kind >= -1:
        return around
    if inner.unit.level != "commune":
        return []
    return [outer for outer in around if outer[0].unit.level == "district"]


def _are_initials_before(inner: Candidate, outer: Candidate) -> bool:
    """`qn bình định` is Quy Nhơn in Bình Định, and no commune of that name in Quảng Nam."""
    return outer.fit.kind == INITIALS and outer.part < inner.part


def _around(holders: list[list[Candidate]]) -> list[Reading]:
    """The choices of at most one district and one province, and at least one of them."""
    if not holders:
        return []
    levels: dict[str, list[Candidate | None]] = {"district": [None], "province": [None]}
    for candidates in holders:
        levels[candidates[0].unit.level] += candidates
    outer = product(*levels.values())
    next(outer)  # neither
    return [tuple(c for c in one if c is not None) for one in outer]


def _says_twice(parts: list[Part], chosen: Reading) -> bool:
    """`Q9, Thủ Đức`: a district by two of its names, and no commune of the second one."""
    inner = chosen[0]
    if inner.fit.kind != 0:
        return False
    hits = {unit.id for unit, _ in parts[inner.part].hits}
    keys = {reading.key for reading in parse_name(parts[inner.part].text)}
    return any(
        c.unit.id in hits
        # `Vũng Tàu, Bà Rịa - Vũng Tàu`: the short name of the province is a city's own.
        and _is_own_name(c.unit, parts[inner.part].text)
        and keys.isdisjoint(reading.key for reading in parse_name(parts[c.part].text))
        for c in chosen[1:]
    )


def _score(gazetteer: Gazetteer, chosen: Reading) -> _Score:
    """More levels first; then with the accents typed; in the usual order, small to large; of one
    map; of the kind that is written.
    """
    if len(chosen) == 1:  # so are most
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
