"""The step from the map of 2024 to that of 30 June 2025: mergers, renamings, moved districts.

The wheels give both maps and, for the later one, keys of the names that each commune took in.
They give no dates and no resolutions: every row made from this carries `EARLIER_STEP` and the
basis `approximate`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass

from geo.admin import full_name
from scripts.seed.maps import AdminMap, MapUnit
from scripts.seed.names import is_spelling_of, key

Pairs = Mapping[str, tuple[str, ...]]

# Phúc Thành A is Phúc Thành in one wheel, Hải Châu II the other half of Hải Châu.
_SUFFIX = re.compile(r" (?:[A-Z]|I+)$")


@dataclass(frozen=True, slots=True)
class EarlierStep:
    """Successors by earlier code, and the units of the earlier map under their known names."""

    communes: Pairs
    districts: Pairs
    unplaced: tuple[str, ...]
    # Districts that lived on in part under their code: the split ended the old identity.
    split_districts: frozenset[str]
    renamed: AdminMap


def compare_maps(earlier: AdminMap, former: AdminMap) -> EarlierStep:
    """Return what happened between the two maps."""
    communes, unplaced = _commune_successors(earlier, former)
    districts, split = _district_successors(earlier, former, communes)
    absorbing = {goal for goals in communes.values() for goal in goals}
    renamed = AdminMap(
        _known_names(earlier.provinces, former.provinces, set()),
        _known_names(earlier.districts, former.districts, set()),
        _known_names(earlier.communes, former.communes, absorbing),
    )
    return EarlierStep(communes, districts, unplaced, split, renamed)


def _district_successors(
    earlier: AdminMap, former: AdminMap, communes: Pairs
) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Return the successors of the districts that ended, and those among them that were split.

    A district ends when its code goes, or when a new district is cut from it; communes that
    moved to a neighbour only moved.
    """
    moves: dict[str, set[str]] = defaultdict(set)
    for code, unit in earlier.communes.items():
        for goal in (code,) if code in former.communes else communes.get(code, ()):
            moves[unit.parent].add(former.communes[goal].parent)
    added = set(former.districts) - set(earlier.districts)
    split = {code for code, goals in moves.items() if code in former.districts and added & goals}
    gone = {code: goals for code, goals in moves.items() if code not in former.districts}
    gone |= {code: moves[code] & {code, *added} for code in split}
    return {code: tuple(sorted(goals)) for code, goals in gone.items()}, frozenset(split)


def _commune_successors(
    earlier: AdminMap, former: AdminMap
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the successor of each commune that is gone, and those without a known one."""
    near = _reachable_districts(earlier, former)
    by_district: dict[str, list[MapUnit]] = defaultdict(list)
    for unit in former.communes.values():
        by_district[unit.parent].append(unit)
    placed: dict[str, tuple[str, ...]] = {}
    unplaced = []
    for code, unit in sorted(earlier.communes.items()):
        if code in former.communes:
            continue
        candidates = [goal for district in near[unit.parent] for goal in by_district[district]]
        goal = _successor(unit, candidates)
        if goal is None:
            unplaced.append(code)
        else:
            placed[code] = (goal,)
    return placed, tuple(unplaced)


def _reachable_districts(earlier: AdminMap, former: AdminMap) -> dict[str, list[str]]:
    """Return, by earlier district, those its surviving communes belong to, most first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for code, unit in earlier.communes.items():
        if code in former.communes:
            counts[unit.parent][former.communes[code].parent] += 1
    return {
        district: [code for code, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))]
        for district, count in counts.items()
    }


def _successor(unit: MapUnit, candidates: list[MapUnit]) -> str | None:
    """Return the one candidate that fits best; none when two fit equally well."""
    fits = [(_fit(unit, goal), goal.code) for goal in candidates]
    best = max((fit for fit, _ in fits), default=0)
    found = [code for fit, code in fits if fit == best]
    return found[0] if best and len(found) == 1 else None


def _fit(unit: MapUnit, goal: MapUnit) -> int:
    """Return how surely `goal` took in `unit`: 4 it says so, 0 nothing speaks for it."""
    if key(full_name(unit.kind, unit.name)) in goal.former_keys:
        return 4
    if key(full_name(unit.kind, unit.name.lstrip("0"))) == goal.key:
        # The name lived on under the code of the commune it was merged with.
        return 3
    shorter = key(full_name(unit.kind, _SUFFIX.sub("", unit.name)))
    if shorter == goal.key or shorter in goal.former_keys:
        return 2
    # Whatever the kind: Mộc Nam is a xã in one wheel and was a phường in the other.
    return 1 if key(unit.name) in goal.former_keys else 0


def _known_names(
    earlier: Mapping[str, MapUnit],
    former: Mapping[str, MapUnit],
    absorbing: Set[str],
) -> dict[str, MapUnit]:
    """Return the earlier units, with the later spelling where only the spelling differs.

    A commune that took in others and has another name was renamed; without a merger a similar
    name is the same name written otherwise.
    """
    known = {}
    for code, unit in earlier.items():
        later = former.get(code)
        if later is not None and is_same_name(unit, later, absorbing=code in absorbing):
            known[code] = MapUnit(code, unit.kind, later.name, unit.parent)
        else:
            known[code] = unit
    return known


def is_same_name(unit: MapUnit, later: MapUnit, *, absorbing: bool) -> bool:
    """Tell whether two names of one code are one name, spelled twice perhaps."""
    if key(unit.name) == key(later.name):
        return True
    return is_spelling_of(unit.name, later.name, merged=absorbing)
