"""Sorted names of units, for suggestions: the units whose names have a prefix, and their communes.

Names of all maps count: a former name leads to the units that succeed it.
"""

import datetime
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geo.admin import KIND_LEVELS, KIND_NAMES, parse_name
from geo.text import fold, has_diacritics
from registry.search.autocomplete.prefix_slips import slips
from registry.search.autocomplete.shortened import Shortened, beginnings, gathered
from registry.units.gazetteer import Gazetteer, UnitName
from registry.units.onward import communes_of, continuations
from registry.units.remembered import Remembered

Mask = NDArray[np.bool_]
_END: Final = "\U0010ffff"
_FAR: Final = 999.0
"""Degrees of an unknown seat: far from every point."""
_KINDS: Final = tuple(KIND_LEVELS)
_ALONE: Final = {fold(name): kind for kind, name in KIND_NAMES.items()}
"""Word for a kind without a name → kind."""


@dataclass(frozen=True, slots=True)
class _Lists:
    """A list of ids for each name, all in one array."""

    starts: NDArray[np.int64]
    units: NDArray[np.int32]

    @classmethod
    def of(cls, lists: Iterable[Iterable[int]]) -> "_Lists":
        made = [list(one) for one in lists]
        starts = np.concatenate(([0], np.cumsum([len(one) for one in made]))).astype(np.int64)
        return cls(starts, np.array([unit for one in made for unit in one], dtype=np.int32))

    def within(self, span: range, fits: Mask | None) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Return the ids of a span of names, and for each the name's offset in the span."""
        first, end = self.starts[span.start], self.starts[span.stop]
        owners = np.repeat(np.arange(len(span)), np.diff(self.starts[span.start : span.stop + 1]))
        units = self.units[first:end]
        if fits is None:
            return units, owners
        kept = fits[owners]
        return units[kept], owners[kept]


@dataclass(frozen=True, slots=True)
class UnitMatches:
    """Current units that names with a prefix lead to, as parallel arrays."""

    units: NDArray[np.int32]
    names: NDArray[np.intp]
    """Index of the name in `UnitIndex.names`."""
    whole: Mask
    """Whether the name is complete."""
    former: Mask
    """Whether the name is that of another, former unit."""


@dataclass(frozen=True, eq=False)
class UnitIndex:
    """All names of all units of a gazetteer, by key, and the units that they lead to on a day."""

    day: datetime.date
    keys: list[str]
    names: list[UnitName]
    size: int
    """One more than the largest id: the length of arrays by id."""
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    """Degrees of the seats by id."""
    level: NDArray[np.int8]
    """By id: 1 for a commune of the day, 2 for a province of it, else 0."""
    kind: NDArray[np.int8]
    """Kind of each name; -1 for an alias."""
    owner: NDArray[np.int32]
    """Id of the unit of each name."""
    leads: _Lists
    """The unit itself, or its successors."""
    inside: _Lists
    """Communes in the unit."""

    @cached_property
    def squeezed(self) -> list[tuple[str, str]]:
        """Keys without spaces, sorted, each with the key itself."""
        return sorted({(key.replace(" ", ""), key) for key in self.keys})

    def starting(self, text: str, *, slipped: bool = False) -> list[UnitMatches]:
        """Return the units for names with the prefix `text`; with `slipped`, one slip away from
        it."""
        found = []
        for span, fits, key in self._spans(text, slipped=slipped):
            units, owners = self.leads.within(span, fits)
            whole = owners < bisect_left(self.keys, key + "\0") - span.start
            names = owners + span.start
            found.append(UnitMatches(units, names, whole, self.owner[names] != units))
        return found

    def scope(self, text: str, *, slipped: bool = False) -> tuple[Mask, Mask]:
        """Return the communes in units whose name has the prefix, and those that have it
        themselves."""
        inside, named = np.zeros(self.size, np.bool_), np.zeros(self.size, np.bool_)
        for span, fits, _ in self._spans(text, slipped=slipped, letters=1):
            inside[self.inside.within(span, fits)[0]] = True
            own = self.owner[span.start : span.stop]
            named[own if fits is None else own[fits]] = True
        return inside, named & (self.level == 1)

    def formerly(self, parts: Iterable[str]) -> NDArray[np.intp]:
        """Return, by commune, the index in `names` of the first of these prefixes that contains it
        on an old map only, or -1.
        """
        found = np.full(self.size, -1, dtype=np.intp)
        for part in parts:
            today = np.zeros(self.size, np.bool_)
            before = np.full(self.size, -1, dtype=np.intp)
            for span, fits, _ in self._spans(part, slipped=False, letters=1):
                units, owners = self.inside.within(span, fits)
                names = owners + span.start
                alive = self.level[self.owner[names]] > 0
                today[units[alive]] = True
                before[units[~alive]] = names[~alive]
            fill = (found < 0) & ~today
            found[fill] = before[fill]
        return found

    def likely(self, text: str) -> NDArray[np.float64]:
        """Return, by commune, how likely a unit with the prefix `text` around it is meant.

        1 for a current province, a half for another unit of any map. If names with the typed
        diacritics exist, only those count.
        """
        found = np.zeros(self.size)
        written = text.casefold()
        for span, fits, _ in self._spans(text, slipped=False):
            names = [at for at in span if fits is None or fits[at - span.start]]
            if has_diacritics(text):
                called = [at for at in names if self.names[at].name.casefold().startswith(written)]
                names = called or names
            for at in names:
                here = self.inside.within(range(at, at + 1), None)[0]
                weight = 1.0 if self.level[self.owner[at]] == 2 else 0.5
                found[here] = np.maximum(found[here], weight)
        return found

    @cached_property
    def _shortened(self) -> Shortened:
        return Shortened(self.keys)

    def shortened_scope(self, text: str) -> tuple[Mask, Mask]:
        """As `scope`, for units whose words have these prefixes: `b d`, `hcm`."""
        inside, named = np.zeros(self.size, np.bool_), np.zeros(self.size, np.bool_)
        for reading in parse_name(text):
            prefixes = beginnings(reading.key.split())
            if prefixes is None:
                continue
            found, _ = self._shortened.find(prefixes)
            if reading.kinds and len(found):
                found = found[self._fits(found, reading.kinds)]
            inside[self.inside.units[gathered(self.inside.starts, found)[0]]] = True
            named[self.owner[found]] = True
        return inside, named & (self.level == 1)

    def of_kind(self, text: str) -> NDArray[np.int32]:
        """Return the current units of the kind that `text` names: `đặc khu`; else empty."""
        found = self._of_kinds.get(_ALONE.get(fold(text), ""), ())
        return np.array(found, dtype=np.int32)

    @cached_property
    def _of_kinds(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for unit in {name.unit.id: name.unit for name in self.names}.values():
            if self.level[unit.id]:
                found.setdefault(unit.version_on(self.day).kind, []).append(unit.id)
        return found

    def _spans(
        self, text: str, *, slipped: bool, letters: int = 2
    ) -> Iterator[tuple[range, Mask | None, str]]:
        """Yield the names with the prefix, a mask of those of the typed kind, and the key.

        `letters` is the least length of the prefix if no kind was typed.
        """
        for reading in parse_name(text):
            if len(reading.key) < (1 if reading.kinds else letters):
                continue
            keys: tuple[str, ...] = (reading.key,)
            if slipped and not self._beginning(reading.key):
                keys = tuple(slips(self.squeezed, reading.key))
            for key in keys:
                if span := self._beginning(key):
                    fits = self._fits(np.array(span), reading.kinds) if reading.kinds else None
                    yield span, fits, key

    def _beginning(self, key: str) -> range:
        """Return the names with this prefix. Numbers are complete: `quận 1` does not match Quận
        10."""
        end = key + ("0" if key[-1:].isdigit() else _END)
        return range(bisect_left(self.keys, key), bisect_left(self.keys, end))

    def _fits(self, names: NDArray[np.integer[Any]], kinds: tuple[str, ...]) -> Mask:
        """Return a mask of the names of these kinds; an alias counts for all kinds of its level."""
        levels = {level for kind in kinds for level in KIND_LEVELS[kind]}
        fits = np.isin(self.kind[names], [_KINDS.index(kind) for kind in kinds])
        for at in np.flatnonzero(self.kind[names] < 0):
            fits[at] = self.names[int(names[at])].unit.level in levels
        return fits

    def nearness(self, lon: float, lat: float, reach_km: float) -> NDArray[np.float64]:
        """Return nearness by id: 1 at the point, a half at `reach_km`, near 0 if unknown."""
        per_degree = 111.32 / reach_km
        east = (self.lon - lon) * (np.cos(np.radians(lat)) * per_degree)
        north = (self.lat - lat) * per_degree
        near: NDArray[np.float64] = 1 / (1 + np.sqrt(east * east + north * north))
        return near


_indexes: Final = Remembered[None, UnitIndex](1)


def unit_index(gazetteer: Gazetteer, day: datetime.date) -> UnitIndex:
    """Return the index of a gazetteer, cached for a day."""
    kept = _indexes.of(gazetteer)
    found = kept.get(None)
    if found is None or found.day != day:
        found = _indexes.keep(kept, None, _made(gazetteer, day))
    return found


def _made(gazetteer: Gazetteer, day: datetime.date) -> UnitIndex:
    units = gazetteer.units
    names = [name for unit in units.values() for name in gazetteer.names_of(unit)]
    names.sort(key=lambda name: (name.key, name.unit.id))
    size = max(units, default=0) + 1
    lon, lat = np.full(size, _FAR), np.full(size, _FAR)
    level = np.zeros(size, dtype=np.int8)
    leads = {}
    for unit in units.values():
        if unit.lon is not None and unit.lat is not None:
            lon[unit.id], lat[unit.id] = unit.lon, unit.lat
        if unit.alive_on(day):
            level[unit.id] = {"commune": 1, "province": 2}.get(unit.level, 0)
        leads[unit.id] = [onward.unit.id for onward in continuations(gazetteer, unit, day)]
    return UnitIndex(
        day,
        [name.key for name in names],
        names,
        size,
        lon,
        lat,
        level,
        np.array([_KINDS.index(n.kind) if n.kind else -1 for n in names], dtype=np.int8),
        np.array([name.unit.id for name in names], dtype=np.int32),
        _Lists.of(leads[name.unit.id] for name in names),
        _Lists.of(communes_of(gazetteer, day, name.unit) for name in names),
    )


@dataclass(frozen=True, slots=True)
class Scope:
    """Communes to search, as masks by id."""

    communes: Mask
    named: Mask
    """Those whose own name has the prefix; the others are in a unit that has it."""


def scope_of(index: UnitIndex, parts: Iterable[str], *, slipped: bool = False) -> Scope | None:
    """Return the communes in units with each of the parts as a prefix; None without parts.

    Empty if a part is a prefix of no name. With `slipped`, such a part is matched one slip away.
    """
    scope: Scope | None = None
    for part in parts:
        inside, named = index.scope(part)
        if slipped and not inside.any():
            inside, named = index.scope(part, slipped=True)
        if scope is None:
            scope = Scope(inside, named & inside)
        else:
            communes = scope.communes & inside
            scope = Scope(communes, (scope.named | named) & communes)
    return scope
