"""Names of units in order, for what is being typed: which units' names begin so, and where."""

import datetime
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from geo.admin import KIND_LEVELS, parse_name
from registry.gazetteer import Gazetteer, Unit, UnitName
from registry.search.areas import communes_of

_END: Final = "\U0010ffff"


@dataclass(frozen=True, eq=False)
class UnitIndex:
    """All names of all units of a gazetteer, by key."""

    keys: list[str]
    names: list[UnitName]
    size: int
    """One more than the largest identity: arrays by identity have that length."""
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    """Degrees of the seats by identity; NaN where none is known."""

    def beginning(self, text: str) -> Iterator[tuple[Unit, bool]]:
        """Units with a name that begins as `text`, kinds heeded, and whether the name is whole."""
        for reading in parse_name(text):
            if len(reading.key) < 2 and not (reading.kinds and reading.key):
                continue
            first = bisect_left(self.keys, reading.key)
            for at in range(first, bisect_left(self.keys, reading.key + _END)):
                name = self.names[at]
                if _is_kind(name, reading.kinds):
                    yield name.unit, self.keys[at] == reading.key

    def nearness(self, lon: float, lat: float, reach_km: float) -> NDArray[np.float64]:
        """By identity: 1 at the point, a half at `reach_km` from it, 0 where nothing is known."""
        east = (self.lon - lon) * np.cos(np.radians(lat))
        away_km = 111.32 * np.hypot(east, self.lat - lat)
        near: NDArray[np.float64] = np.nan_to_num(1 / (1 + away_km / reach_km))
        return near


def _is_kind(name: UnitName, kinds: tuple[str, ...]) -> bool:
    """Whether the unit bore the name as one of these kinds; an alias stands for all its level."""
    if not kinds or name.kind in kinds:
        return True
    levels = {level for kind in kinds for level in KIND_LEVELS[kind]}
    return name.kind is None and name.unit.level in levels


# Goes with its gazetteer.
_indexes: WeakKeyDictionary[Gazetteer, UnitIndex] = WeakKeyDictionary()


def unit_index(gazetteer: Gazetteer) -> UnitIndex:
    """The names of this gazetteer, put in order once."""
    found = _indexes.get(gazetteer)
    if found is None:
        found = _indexes[gazetteer] = _made(gazetteer)
    return found


def _made(gazetteer: Gazetteer) -> UnitIndex:
    names = [name for unit in gazetteer.units.values() for name in gazetteer.names_of(unit)]
    names.sort(key=lambda name: (name.key, name.unit.id))
    size = max(gazetteer.units, default=0) + 1
    lon, lat = np.full(size, np.nan), np.full(size, np.nan)
    for unit in gazetteer.units.values():
        if unit.lon is not None and unit.lat is not None:
            lon[unit.id], lat[unit.id] = unit.lon, unit.lat
    return UnitIndex([name.key for name in names], names, size, lon, lat)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look."""

    communes: frozenset[int]
    """Identities."""
    named: frozenset[int]
    """Those of them whose own name began so; the others lie in what did."""


def scope_of(gazetteer: Gazetteer, day: datetime.date, parts: Iterable[str]) -> Scope | None:
    """Communes of `day` in a unit whose name begins as each of the parts; None for no part.

    Empty where a part begins no name: what was typed is then no place that is known.
    """
    scope: Scope | None = None
    index = unit_index(gazetteer)
    for part in parts:
        inside: set[int] = set()
        named: set[int] = set()
        for unit, _ in index.beginning(part):
            inside |= communes_of(gazetteer, day, unit)
            if unit.level == "commune":
                named.add(unit.id)
        if scope is None:
            scope = Scope(frozenset(inside), frozenset(named & inside))
        else:
            communes = scope.communes & inside
            scope = Scope(communes, (scope.named | named) & communes)
    return scope
