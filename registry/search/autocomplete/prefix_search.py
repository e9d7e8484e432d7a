"""What begins as a text that is being typed: units, names, and the places and doors of a name."""

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
"""By commune."""

SPARE: Final = 4
"""Lines beyond the limit, for those that turn out to have no door."""
LOOKED_IN: Final = {"street": 400, "locality": 100, BUILDING: 30}
"""Places in which a number is looked for: so many only where it is rare."""
_FEW_PLACES: Final = 3
_SHORTEST_UNIT: Final = 4
"""Letters of a unit that is begun where its end was supposed."""
_SHORTEST_INSIDE: Final = 4
"""Letters of a word inside a name."""
_NEAR_KM: Final = 3.0
# A name in 500 communes weighs 9, in one 1, and next door 12 more: streets come before communes
# that begin as well, and provinces before both. What a former unit leads to comes last.
_WEIGHT_NEAR: Final = 12.0
_WEIGHT_WHOLE: Final = 5.0
_WEIGHT_LEVEL: Final = np.array([-np.inf, 0.9, 9.0])
_WEIGHT_FORMER: Final = -4.0
_WEIGHT_NAMED: Final = 9.0
_LINES_A_UNIT: Final = 6
"""How often a unit may come among the likeliest before others are missed."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name that begins as a reading of the text, weighed."""

    weight: float
    names: Names
    at: int
    typed: Typed
    scope: Mask | None
    """Communes in which it is looked for."""
    named: Likely | None
    """Communes that the text names themselves, or may be on the way to."""


@dataclass(slots=True)
class Sought:
    """What may be shown, the likeliest first."""

    lines: list[Place]
    number: str | None = None
    doors: dict[tuple[str, int], Place] = field(default_factory=dict)
    """Places in which the number is looked for, by table and identity."""
    somewhere: bool = False
    """Whether it is known where, so that numbers are completed in the likeliest of many places."""


class Finder:
    """Finds what begins so, for one question."""

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
        """Nothing outside of it is found."""
        if within is not None:
            self.within = np.zeros(self.size, dtype=np.bool_)
            self.within[[unit for unit in within if unit < self.size]] = True

    def inside(self, unit_id: int | None) -> bool:
        """Whether a unit lies where is looked."""
        return self.within is None or (unit_id is not None and bool(self.within[unit_id]))

    @cached_property
    def near(self) -> NDArray[np.float64] | None:
        """By commune: 1 at the point, falling with the distance from it."""
        if self.point is None:
            return None
        return self._long(self.index.nearness(*self.point, _NEAR_KM))

    @cached_property
    def towns(self) -> NDArray[np.float64]:
        """By commune: a little for each place in it."""
        return self._long(self.names[0].towns)

    def _long(self, by_unit: NDArray[_Value]) -> NDArray[_Value]:
        """As long as the newest unit needs it: names and units are read at different times."""
        missing = self.size - len(by_unit)
        return np.pad(by_unit, (0, missing)) if missing else by_unit

    @cached_property
    def likely(self) -> NDArray[np.float64]:
        """By commune, to put places of one name in order: near ones, then towns."""
        return self.towns if self.near is None else self.towns + self.near

    def sought(self, understood: Iterable[Typed], *, slipped: bool = False) -> Sought:
        """What begins as one of the readings; with `slipped`, what is a slip away from it."""
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
        """The names among which what was typed is looked for."""
        return (names for names in self.names if names.class_ == BUILDING or not typed.flat)

    def begun_inside(self, understood: Iterable[Typed]) -> Sought:
        """Names of which a word behind the first begins so: `pegasus` of The Pegasus Plaza."""
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
        """Names of which the words begin as typed, in units of which they do: `ng tr ba d`."""
        understood = list(understood)
        scopes: dict[str, tuple[Mask, Mask]] = {}
        found = self._all_shortened(understood, scopes, apart=False)
        found = found or self._all_shortened(understood, scopes, apart=True)
        found.sort(key=lambda name: -name.weight)
        return self._expanded(found, [])

    def _all_shortened(
        self, understood: list[Typed], scopes: dict[str, tuple[Mask, Mask]], *, apart: bool
    ) -> list[_Name]:
        found: list[_Name] = []
        for typed in understood:
            for begun, parts in ways(typed.name, typed.parts, apart=apart):
                scope, named = self._shortened_scope(parts, scopes)
                if scope is not None and not scope.any():
                    continue
                meant = replace(typed, parts=parts, named=typed.named or bool(parts))
                for names in self._meant(typed):
                    found += self._shortened_names(names, begun, meant, scope, named)
        return found

    def _shortened_scope(
        self, parts: tuple[str, ...], known: dict[str, tuple[Mask, Mask]]
    ) -> tuple[Mask | None, Mask | None]:
        """Communes in a unit that each of the parts begins, whole or by its words."""
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
        begun: Beginnings,
        typed: Typed,
        scope: Mask | None,
        named: Likely | None,
    ) -> Iterator[_Name]:
        """The likeliest names of which the words begin so."""
        at, whole = names.shortened.find(begun)
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
        """The likeliest of names that stand apart from each other."""
        where, cuts = gathered(names.starts, at)
        weights = self._weights(names.commonness[at], names.units[where], cuts, scope)
        weights += _WEIGHT_WHOLE * whole
        yield from self._likeliest_names(names, at, weights, typed, scope, named)

    def _scope(self, typed: Typed, *, slipped: bool) -> tuple[Mask | None, Likely | None]:
        """Where a reading is looked for, and the communes that it names themselves."""
        scope = scope_of(self.index, typed.parts, slipped=slipped)
        if scope is None:
            return self.within, self._half(typed.half)
        communes, named = self._long(scope.communes), self._long(scope.named)
        return (communes if self.within is None else communes & self.within), named

    def _half(self, begun: str) -> Likely | None:
        """Communes that may be meant by what is as well the beginning of a kind's name."""
        return self._long(self.index.likely(begun)) if len(begun) > 1 else None

    def _units(self, typed: Typed, scope: Mask | None, *, slipped: bool) -> Iterator[Place]:
        """The likeliest units, each once."""
        if typed.key.isdigit():
            return  # a house, a street of that number: many an old ward was called so, too
        alone = self.index.of_kind(typed.name)
        if len(alone):
            weights = _WEIGHT_LEVEL[self.index.level[alone]]
            yield from self._likely_units(alone, None, weights, scope)
        for begun in self.index.begun(typed.name, slipped=slipped):
            if typed.exact and len(typed.key) < _SHORTEST_UNIT and not begun.whole.any():
                continue  # `ch la` is a street of Hà Nội rather than anything that begins with Ch
            weights = _WEIGHT_LEVEL[self.index.level[begun.units]] + _WEIGHT_WHOLE * begun.whole
            weights += _WEIGHT_FORMER * begun.former
            yield from self._likely_units(begun.units, begun.names, weights, scope)

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
        """The likeliest names that begin with `key`."""
        span = names.beginning(key)
        whole = names.called(key)
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
        """Of each name: in how many places it stands, and how near the nearest is.

        `units` are the communes of all their places, those of each name from one of the `cuts` on.
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

    # Where that is

    def _formerly(self, parts: tuple[str, ...], unit_id: int) -> UnitName | None:
        """What was typed of where the commune lies, where only an old map has it so."""
        if not parts:
            return None
        if parts not in self._former_names:
            self._former_names[parts] = self.index.formerly(parts)
        known = self._former_names[parts]
        at = int(known[unit_id]) if unit_id < len(known) else -1
        return None if at < 0 else self.index.names[at]

    def _expanded(self, found: list[_Name], lines: list[Place]) -> Sought:
        """The names, the likeliest first, as lines and as places of the number."""
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
        """The name by itself where it is in many communes, and those of its places worth a line."""
        names, typed = name.names, name.typed
        span = names.places(name.at)
        units, ids, merged = names.units[span], names.ids[span], names.merged[span]
        if name.scope is not None:
            inside = name.scope[units]
            units, ids, merged = units[inside], ids[inside], merged[inside]
        communes = 1 + int(np.count_nonzero(units[1:] != units[:-1]))
        shown = self.limit + SPARE if line else 0
        if communes > _FEW_PLACES and not (typed.named or typed.number):
            # With a point the two nearest come before the name, which leads to all others.
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
            # A street that was merged into another had numbers of its own.
            own = ~merged
            places = zip(units[own][:most].tolist(), ids[own][:most].tolist(), strict=True)
            for unit_id, place_id in places:
                key = (names.class_, place_id)
                if key not in sought.doors:
                    sought.doors[key] = self._place(name, unit_id)

    def _likeliest(self, units: NDArray[np.int32], named: Likely | None) -> NDArray[np.intp]:
        """The order of places: in communes that were named, then near ones, then towns."""
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
        """The first of a name's places, one a commune; of buildings each by itself."""
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
    """What keys of the table may begin with; a locality is also known by its bare name."""
    own = {
        "street": typed.street_keys,
        "locality": typed.locality_keys,
        BUILDING: typed.building_keys,
    }[names.class_]
    if slipped and not any(map(names.beginning, own)):
        yield from dict.fromkeys(chain.from_iterable(slips(names.squeezed, key) for key in own))
        return
    yield from own
    if names.class_ == "locality" and len(typed.key) > 2 and not typed.key.isdigit():
        yield from (f"{kind} {typed.key}" for kind in names.kind_keys)
