"""Seats: which of the wheels' coordinates can be trusted.

The current map's were computed, the former map's geocoded from names; a geocoder that found
nothing answered with the district or the province, and one that found a namesake went astray.
Each map checks the other: no commune lies 25 km from everything it was made of. The current
map is right far more often, so it takes 40 km to doubt it: an island may be that far out.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scripts.seed.maps import AdminMap, MapUnit
from scripts.seed.reform import Reform

_FORMER_TOO_FAR_KM = 25.0
_CURRENT_TOO_FAR_KM = 40.0
_KM_PER_DEGREE = 111.2

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Seats:
    """Trusted seats (lon, lat) by code; a code that is missing has none."""

    current: Mapping[str, Point]
    former: Mapping[str, Point]
    districts: Mapping[str, Point]


def _distance_km(one: Point, other: Point) -> float:
    """Return the distance on a flat earth, good enough to tell 5 km from 25."""
    width = (one[0] - other[0]) * math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot(width, one[1] - other[1]) * _KM_PER_DEGREE


def _is_far(point: Point, others: Iterable[Point], limit_km: float = _FORMER_TOO_FAR_KM) -> bool:
    distances = [_distance_km(point, other) for other in others]
    return bool(distances) and min(distances) > limit_km


def _points(units: Mapping[str, MapUnit]) -> dict[str, Point]:
    """Return the seats that no two units share: a shared one is a geocoder's fallback."""
    known = {
        code: (unit.lon, unit.lat)
        for code, unit in units.items()
        if unit.lon is not None and unit.lat is not None
    }
    shared = Counter(known.values())
    return {code: point for code, point in known.items() if shared[point] == 1}


def choose_seats(former: AdminMap, current: AdminMap, reform: Reform) -> Seats:
    """Return the seats that both maps agree on."""
    old, new = _points(former.communes), _points(current.communes)
    parts: dict[str, list[str]] = defaultdict(list)
    for code, successors in reform.communes.items():
        for successor in successors:
            parts[successor].append(code)
    doubtful = {
        code
        for code, point in new.items()
        if _is_far(point, (old[part] for part in parts[code] if part in old), _CURRENT_TOO_FAR_KM)
    }
    for code in doubtful:
        del new[code]
        # The commune that handed on its code is, nearly always, where the new office is.
        if code in parts[code] and code in old:
            new[code] = old[code]
    former_seats = {
        code: point
        for code, point in old.items()
        if not _is_far(point, (new[goal] for goal in reform.communes[code] if goal in new))
    }
    return Seats(new, former_seats, _district_seats(former, new, reform))


def _district_seats(former: AdminMap, new: Mapping[str, Point], reform: Reform) -> dict[str, Point]:
    """Return the district seats that lie near some commune that their communes went into."""
    goals: dict[str, set[str]] = defaultdict(set)
    for code, successors in reform.communes.items():
        goals[former.communes[code].parent].update(successors)
    for district, successors in reform.island_districts.items():
        goals[district].update(successors)
    return {
        code: point
        for code, point in _points(former.districts).items()
        if not _is_far(point, (new[goal] for goal in goals[code] if goal in new))
    }
