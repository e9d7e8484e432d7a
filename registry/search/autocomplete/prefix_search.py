"""Units, names, places and doors that start with the text being typed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from registry.search.autocomplete.place_names import BUILDING, Names
from registry.search.autocomplete.prefix_slips import slips
from registry.search.autocomplete.shortened import Beginnings, gathered, ways
from registry.search.autocomplete.suggestion import Place
from registry.search.autocomplete.typed import Typed
from registry.search.autocomplete.unit_index import Mask, UnitIndex, scope_of
from registry.units.gazetteer import Gazetteer, UnitName

_Value = TypeVar("_Value", bound=np.generic)
Likely = NDArray[np.bool_] | NDArray[np.float64]
"""Likelihood by commune."""

SPARE: Final = 4
"""Lines beyond the limit, to replace those without a door."""
LOOKED_IN: Final = {"street": 400, "locality": 100, BUILDING: 30}
"""Most places in which a number is looked up; as many only for rare numbers."""
_FEW_PLACES: Final = 3
_SHORTEST_UNIT: Final = 4
"""Least letters of a unit's prefix after a supposed end of the name."""
_SHORTEST_INSIDE: Final = 4
"""Least letters of a word inside a name."""
_NEAR_KM: Final = 3.0
# A name in 500 communes weighs 9, in one 1, and close to the point 12 more: streets come before
# communes with the same prefix, and provinces before both. Successors of former units come last.
_WEIGHT_NEAR: Final = 12.0
_WEIGHT_WHOLE: Final = 5.0
_WEIGHT_LEVEL: Final = np.array([-np.inf, 0.9, 9.0])
_WEIGHT_FORMER: Final = -4.0
_WEIGHT_NAMED: Final = 9.0
_LINES_A_UNIT: Final = 6
"""How often one unit may occur among the likeliest before others are lost."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name that starts like a reading of the text, with its weight."""

    weight: float
    names: Names
    at: int
    typed: Typed
    scope: Mask | None
    """Communes to search."""
    named: Likely | None
    """Communes that the text names, or may be about to name."""


@dataclass(slots=True)
class Sought:
    """Candidates for suggestions, the likeliest first."""

    lines: list[Place]
    number: str | None = None
    doors: dict[tuple[str, int], Place] = field(default_factory=dict)
    """Places in which the number is looked up, by class and id."""
    somewhere: bool = False
    """Whether the area is known, so numbers are completed in the likeliest of many places."""


class Finder:
    """Finds candidates for one query."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        index: UnitIndex,
        names: tuple[Names, ...],
        *,
        limit: int,
        near: tuple[float, float] | None,
        within: Iterable[int] | None,
    ) -> None:
        self.gazetteer = gazetteer
        self.index = index
        self.names = names
        self.limit = limit
        self.point = near
        self.size = max(index.size, *(len(of.towns) for of in names))
        self._former_names: dict[tuple[str, ...], NDArray[np.intp]] = {}
        self.within: Mask | None = None
        """Communes that results are limited to."""
        if within is not None:
            self.within = np.zeros(self.size, dtype=np.bool_)
            self.within[[unit for unit in within if unit < self.size]] = True

    def inside(self, unit_id: int | None) -> bool:
        """Whether a unit is in the searched area."""
        return self.within is None or (unit_id is not None and bool(self.within[unit_id]))

    @cached_property
    def near(self) -> NDArray[np.float64] | None:
        """Nearness by commune: 1 at the point, decreasing with the distance."""
        if self.point is None:
            return None
        return self._long(self.index.nearness(*self.point, _NEAR_KM))

    @cached_property
    def towns(self) -> NDArray[np.float64]:
        """Small weight by commune: the number of its places."""
        return self._long(self.names[0].towns)

    def _long(self, by_unit: NDArray[_Value]) -> NDArray[_Value]:
        """Pad to the newest unit: names and units are loaded at different times."""
        missing = self.size - len(by_unit)
        return np.pad(by_unit, (0, missing)) if missing else by_unit

    @cached_property
    def likely(self) -> NDArray[np.float64]:
        """Weight by commune, to order places of one name: near ones, then towns."""
        return self.towns if self.near is None else self.towns + self.near

    def sought(self, understood: Iterable[Typed], *, slipped: bool = False) -> Sought:
        """Find what starts like one of the readings; with `slipped`, one slip away from it."""
        lines: list[Place] = []
        found: list[_Name] = []
        for typed in understood:
            scope, named = self._scope(typed, slipped=slipped)
            if scope is not None and not scope.any():
                continue
            if typed.number is None:
                lines += self._units(typed, scope, slipped=slipped)
            for names in self._meant(typed):
                for key in _keys(names, typed, slipped=slipped):
                    found += self._names(names, key, typed, scope, named)
        found.sort(key=lambda name: -name.weight)
        return self._expanded(found, lines)

    def _meant(self, typed: Typed) -> Iterator[Names]:
        """Return the names to search for a reading."""
        return (names for names in self.names if names.class_ == BUILDING or not typed.flat)

    def starting_inside(self, understood: Iterable[Typed]) -> Sought:
        """Find names with the prefix in a later word: `pegasus` in The Pegasus Plaza."""
        found: list[_Name] = []
        for typed in understood:
            scope, named = self._scope(typed, slipped=False)
            if len(typed.key) < _SHORTEST_INSIDE or (scope is not None and not scope.any()):
                continue
            for names in self._meant(typed):
                if len(at := names.inside(typed.key)):
                    none = np.zeros(len(at), dtype=np.bool_)
                    found += self._gathered_names(names, at, none, typed, scope, named)
        found.sort(key=lambda name: -name.weight)
        return self._expanded(found, [])

    def shortened(self, understood: Iterable[Typed]) -> Sought:
        """Find names by prefixes of their words, in units by prefixes of theirs: `ng tr ba d`."""
        understood = list(understood)
        scopes: dict[str, tuple[Mask, Mask]] = {}
        found = self._every_shortened(understood, scopes, apart=False)
        found = found or self._every_shortened(understood, scopes, apart=True)
        found.sort(key=lambda name: -name.weight)
        return self._expanded(found, [])

    def _every_shortened(
        self, understood: list[Typed], scopes: dict[str, tuple[Mask, Mask]], *, apart: bool
    ) -> list[_Name]:
        found: list[_Name] = []
        for typed in understood:
            for prefixes, parts in ways(typed.name, typed.parts, apart=apart):
                scope, named = self._shortened_scope(parts, scopes)
                if scope is not None and not scope.any():
                    continue
                meant = replace(typed, parts=parts, named=typed.named or bool(parts))
                for names in self._meant(typed):
                    found += self._shortened_names(names, prefixes, meant, scope, named)
        return found

    def _shortened_scope(
        self, parts: tuple[str, ...], known: dict[str, tuple[Mask, Mask]]
    ) -> tuple[Mask | None, Mask | None]:
        """Return the communes in units that each part is a prefix of, as a whole or by words."""
        scope, named = self.within, None
        for part in parts:
            if part not in known:
                plain, short = self.index.scope(part), self.index.shortened_scope(part)
                known[part] = (self._long(plain[0] | short[0]), self._long(plain[1] | short[1]))
            inside, own = known[part]
            scope = inside if scope is None else scope & inside
            named = own if named is None else named | own
        return scope, named

    def _shortened_names(
        self,
        names: Names,
        prefixes: Beginnings,
        typed: Typed,
        scope: Mask | None,
        named: Likely | None,
    ) -> Iterator[_Name]:
        """Yield the likeliest names whose words have these prefixes."""
        at, whole = names.shortened.find(prefixes)
        if len(at):
            yield from self._gathered_names(names, at, whole, typed, scope, named)

    def _gathered_names(
        self,
        names: Names,
        at: NDArray[np.int32],
        whole: NDArray[np.bool_],
        typed: Typed,
        scope: Mask | None,
        named: Likely | None,
    ) -> Iterator[_Name]:
        """Yield the likeliest of names that are not contiguous."""
        where, cuts = gathered(names.starts, at)
        weights = self._weights(names.commonness[at], names.units[where], cuts, scope)
        weights += _WEIGHT_WHOLE * whole
        yield from self._likeliest_names(names, at, weights, typed, scope, named)

    def _scope(self, typed: Typed, *, slipped: bool) -> tuple[Mask | None, Likely | None]:
        """Return the communes to search for a reading, and those that it names."""
        scope = scope_of(self.index, typed.parts, slipped=slipped)
        if scope is None:
            return self.within, self._half(typed.half)
        communes, named = self._long(scope.communes), self._long(scope.named)
        return (communes if self.within is None else communes & self.within), named

    def _half(self, prefix: str) -> Likely | None:
        """Return the likelihood of communes for a text that is also a prefix of a kind."""
        return self._long(self.index.likely(prefix)) if len(prefix) > 1 else None

    def _units(self, typed: Typed, scope: Mask | None, *, slipped: bool) -> Iterator[Place]:
        """Yield the likeliest units, each once."""
        if typed.key.isdigit():
            return  # a house or a numbered street; many former wards had numbers, too
        alone = self.index.of_kind(typed.name)
        if len(alone):
            weights = _WEIGHT_LEVEL[self.index.level[alone]]
            yield from self._likely_units(alone, None, weights, scope)
        for found in self.index.starting(typed.name, slipped=slipped):
            if typed.exact and len(typed.key) < _SHORTEST_UNIT and not found.whole.any():
                continue  # `ch la` is a street of Hà Nội rather than any unit with the prefix Ch
            weights = _WEIGHT_LEVEL[self.index.level[found.units]] + _WEIGHT_WHOLE * found.whole
            weights += _WEIGHT_FORMER * found.former
            yield from self._likely_units(found.units, found.names, weights, scope)

    def _likely_units(
        self,
        units: NDArray[np.int32],
        names: NDArray[np.intp] | None,
        weights: NDArray[np.float64],
        scope: Mask | None,
    ) -> Iterator[Place]:
        weights = weights + self.towns[units]
        if self.near is not None:
            weights += _WEIGHT_NEAR * self.near[units]
        if scope is not None:
            weights = np.where(scope[units], weights, -np.inf)
        order = np.argsort(-weights, kind="stable")
        seen: set[int] = set()
        for at in order[: _LINES_A_UNIT * self.limit].tolist():
            unit_id = int(units[at])
            if unit_id not in seen and weights[at] > -np.inf:
                seen.add(unit_id)
                name = None if names is None else self.index.names[int(names[at])]
                yield Place(float(weights[at]), self.gazetteer.units[unit_id], unit_name=name)

    def _names(
        self, names: Names, key: str, typed: Typed, scope: Mask | None, named: Likely | None
    ) -> Iterator[_Name]:
        """Yield the likeliest names with the prefix `key`."""
        span = names.with_prefix(key)
        whole = names.with_key(key)
        if whole and typed.named:
            span = whole
        if not span or (typed.exact and not whole):
            return
        first, end = names.starts[span.start], names.starts[span.stop]
        weights = self._weights(
            names.commonness[span.start : span.stop],
            names.units[first:end],
            names.starts[span.start : span.stop] - first,
            scope,
        )
        if whole:
            weights[: len(whole)] += _WEIGHT_WHOLE
        at = np.arange(span.start, span.stop, dtype=np.int32)
        yield from self._likeliest_names(names, at, weights, typed, scope, named)

    def _likeliest_names(
        self,
        names: Names,
        at: NDArray[np.int32],
        weights: NDArray[np.float64],
        typed: Typed,
        scope: Mask | None,
        named: Likely | None,
    ) -> Iterator[_Name]:
        kept = min(self.limit, len(at))
        for place in np.argpartition(-weights, kept - 1)[:kept].tolist():
            if np.isfinite(weights[place]):
                yield _Name(float(weights[place]), names, int(at[place]), typed, scope, named)

    def _weights(
        self,
        commonness: NDArray[np.float64],
        units: NDArray[np.int32],
        cuts: NDArray[np.int64],
        scope: Mask | None,
    ) -> NDArray[np.float64]:
        """Return the weight of each name, by the number of its places and the nearest of them.

        `units` are the communes of all places; those of each name start at one of the `cuts`.
        """
        weights = commonness.copy()
        if scope is None and self.near is None:
            return weights
        near = None if self.near is None else self.near[units]
        if scope is not None:
            inside = scope[units].astype(np.float64)
            counts = np.add.reduceat(inside, cuts)
            weights = np.where(counts > 0, np.log2(1 + counts), -np.inf)
            near = None if near is None else near * inside
        if near is not None:
            weights += _WEIGHT_NEAR * np.maximum.reduceat(near, cuts)
        return weights

    # Places of the names

    def _formerly(self, parts: tuple[str, ...], unit_id: int) -> UnitName | None:
        """Return the typed unit around the commune, if it is one of an old map only."""
        if not parts:
            return None
        if parts not in self._former_names:
            self._former_names[parts] = self.index.formerly(parts)
        known = self._former_names[parts]
        at = int(known[unit_id]) if unit_id < len(known) else -1
        return None if at < 0 else self.index.names[at]

    def _expanded(self, found: list[_Name], lines: list[Place]) -> Sought:
        """Turn the names, the likeliest first, into lines and places of the number."""
        sought = Sought(lines, somewhere=self.near is not None)
        enough = len(lines) + self.limit + SPARE
        left = dict(LOOKED_IN)
        for name in found:
            class_, known = name.names.class_, len(sought.doors)
            numbered = name.typed.number is not None and left[class_] > 0
            if len(lines) < enough or numbered:
                self._add(sought, name, line=len(lines) < enough, most=left[class_])
                left[class_] -= len(sought.doors) - known
        lines.sort(key=lambda place: -place.weight)
        return sought

    def _add(self, sought: Sought, name: _Name, *, line: bool, most: int) -> None:
        """Add the name itself if it is in many communes, and its places that are worth a line."""
        names, typed = name.names, name.typed
        span = names.places(name.at)
        units, ids, merged = names.units[span], names.ids[span], names.merged[span]
        if name.scope is not None:
            inside = name.scope[units]
            units, ids, merged = units[inside], ids[inside], merged[inside]
        communes = 1 + int(np.count_nonzero(units[1:] != units[:-1]))
        shown = self.limit + SPARE if line else 0
        if communes > _FEW_PLACES and not (typed.named or typed.number):
            # With a point, the two nearest places come before the name, which includes all others.
            shown = 2 if self.near is not None else 0
            behind = name.weight - 0.5 * (self.near is not None)
            sought.lines.append(Place(behind, names=names, name=name.at, communes=communes))
        if not shown and typed.number is None:
            return
        order = self._likeliest(units, name.named)[: LOOKED_IN[names.class_]]
        units, ids, merged = units[order], ids[order], merged[order]
        sought.lines += self._places(name, units, ids, merged, shown)
        if typed.number is not None:
            sought.number = typed.number
            sought.somewhere = sought.somewhere or bool(typed.parts)
            # A merged street had numbers of its own.
            own = ~merged
            places = zip(units[own][:most].tolist(), ids[own][:most].tolist(), strict=True)
            for unit_id, place_id in places:
                key = (names.class_, place_id)
                if key not in sought.doors:
                    sought.doors[key] = self._place(name, unit_id)

    def _likeliest(self, units: NDArray[np.int32], named: Likely | None) -> NDArray[np.intp]:
        """Return the order of places: in named communes, then near ones, then towns."""
        likely = self.likely[units]
        if named is not None:
            likely += _WEIGHT_NAMED * named[units]
        return np.argsort(-likely, kind="stable")

    def _places(
        self,
        name: _Name,
        units: NDArray[np.int32],
        ids: NDArray[np.int64],
        merged: NDArray[np.bool_],
        shown: int,
    ) -> Iterator[Place]:
        """Yield the first of a name's places, one per commune; buildings individually."""
        number = name.typed.number
        each = name.names.class_ == BUILDING
        first = dict.fromkeys((ids if each else units)[: 4 * shown].tolist())
        for rank, one in enumerate(list(first)[:shown]):
            here = ids == one if each else units == one
            unit_id = int(units[here][0])
            yield replace(
                self._place(name, unit_id),
                weight=name.weight - rank / 1000,
                ids=tuple(ids[here].tolist()),
                number=None if merged[here].any() else number,
                numbered=number is not None,
            )

    def _place(self, name: _Name, unit_id: int) -> Place:
        return Place(
            name.weight,
            self.gazetteer.units.get(unit_id),
            names=name.names,
            name=name.at,
            unit_name=self._formerly(name.typed.parts, unit_id),
        )


def _keys(names: Names, typed: Typed, *, slipped: bool) -> Iterator[str]:
    """Yield the prefixes of keys to look up; a locality also without its kind."""
    own = {
        "street": typed.street_keys,
        "locality": typed.locality_keys,
        BUILDING: typed.building_keys,
    }[names.class_]
    if slipped and not any(map(names.with_prefix, own)):
        yield from dict.fromkeys(chain.from_iterable(slips(names.squeezed, key) for key in own))
        return
    yield from own
    if names.class_ == "locality" and len(typed.key) > 2 and not typed.key.isdigit():
        yield from (f"{kind} {typed.key}" for kind in names.kind_keys)
