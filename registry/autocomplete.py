"""Suggestions while an address is being typed: street, locality, commune, then house number.

First names, then the places of a name, then the numbers of a place, as DAWA does: a name that many
communes have is one suggestion until the commune is typed. A point brings near places forward.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.label import LabelParts, label
from registry.errors import InvalidInputError
from registry.gazetteer import Gazetteer, Unit, today
from registry.place_names import Names
from registry.reads import Reads
from registry.records import wording
from registry.reverse import check_point
from registry.search.areas import communes_of
from registry.suggested_doors import KnownPlace, NumberedDoor, doors_numbered, known_places
from registry.typed import Typed, readings, with_tail
from registry.unit_index import scope_of, unit_index
from registry.units import unit_by_code

MAX_TEXT: Final = 200
DEFAULT_LIMIT: Final = 8
MAX_LIMIT: Final = 20
_FEW_PLACES: Final = 3
_NEAR_KM: Final = 3.0
_SPARE: Final = 4
"""Lines beyond the limit, for those that turn out to have no door."""
_LOOKED_IN: Final = 300
"""Places in which a number is looked for."""
# A name in 500 communes weighs 9, in one 1, and next door 12 more: streets come before communes
# that begin as well, and provinces before both.
_WEIGHT_NEAR: Final = 12.0
_WEIGHT_WHOLE: Final = 5.0
_WEIGHT_UNIT: Final = {"province": 9.0, "commune": 0.9}


@dataclass(frozen=True, slots=True)
class Typing:
    """What has been typed, and what is known of where."""

    text: str
    limit: int = DEFAULT_LIMIT
    within: str | None = None
    """Code of a unit of any map; nothing outside it is suggested."""
    near: tuple[float, float] | None = None
    """(lon, lat): what is near comes first."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of the list."""

    type: str
    """door | street | locality | commune | province."""
    label: str
    """To be shown."""
    text: str
    """To be put in place of what was typed; ends in a comma and a space where more is needed."""
    code: str | None
    """Of a door."""
    places: int
    """Communes that have a street or locality of that name, where it is not known which."""
    commune: Unit | None
    province: Unit | None
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class _Item:
    """A unit, a name, or a name in one commune, weighed."""

    weight: float
    unit: Unit | None = None
    names: Names | None = None
    name: int = 0
    ids: tuple[int, ...] = ()
    """The places of the name in the unit: several where former communes had one each."""
    communes: int = 1
    number: str | None = None


def autocomplete(
    gazetteer: Gazetteer, reads: Reads, names: tuple[Names, ...], typing: Typing
) -> list[Suggestion]:
    """At most `limit` suggestions, the likeliest first; empty below two letters or digits.

    `names` are those of `registry.place_names`. Raises InvalidInputError for a text that is too
    long or holds a NUL, and what `unit_by_code` and `check_point` raise.
    """
    if len(typing.text) > MAX_TEXT or "\0" in typing.text:
        raise InvalidInputError.of_field("q", "text_too_long", f"more than {MAX_TEXT} characters")
    if typing.near is not None:
        check_point(lon=typing.near[0], lat=typing.near[1])
    if sum(map(str.isalnum, typing.text)) < 2:
        return []
    return _Completer(gazetteer, reads, names, typing, today()).suggestions()


class _Completer:
    def __init__(
        self,
        gazetteer: Gazetteer,
        reads: Reads,
        names: tuple[Names, ...],
        typing: Typing,
        day: datetime.date,
    ) -> None:
        self.gazetteer = gazetteer
        self.reads = reads
        self.names = names
        self.typing = typing
        self.day = day
        self.index = unit_index(gazetteer)
        self.within: frozenset[int] | None = None
        if typing.within is not None:
            unit = unit_by_code(gazetteer, typing.within, None)
            self.within = communes_of(gazetteer, day, unit)
        near = typing.near
        self.named: frozenset[int] = frozenset()
        """Communes that the reading at hand names themselves."""
        self.near = self.index.nearness(near[0], near[1], _NEAR_KM) if near else None

    def suggestions(self) -> list[Suggestion]:
        """The list."""
        understood = readings(self.typing.text)
        items = [item for typed in understood for item in self._items(typed)]
        tails = (tail for typed in understood if not typed.named for tail in with_tail(typed))
        while not items and (tail := next(tails, None)) is not None:
            items = self._items(tail)
        items.sort(key=lambda item: -item.weight)
        return self._shown(items)

    # What begins so

    def _items(self, typed: Typed) -> list[_Item]:
        scope = scope_of(self.gazetteer, self.day, typed.parts)
        communes = None if scope is None else scope.communes
        if self.within is not None:
            communes = self.within if communes is None else communes & self.within
        if communes is not None and not communes:
            return []
        self.named = scope.named if scope else frozenset()
        items = list(self._units(typed, communes)) if not (typed.parts or typed.number) else []
        mask = None if communes is None else self._mask(communes)
        for names in self.names:
            for key in _keys(names, typed):
                items += self._of_names(names, key, typed, mask)
        return items

    def _mask(self, scope: frozenset[int]) -> NDArray[np.bool_]:
        mask = np.zeros(self.index.size, dtype=np.bool_)
        mask[[unit for unit in scope if unit < self.index.size]] = True
        return mask

    def _units(self, typed: Typed, scope: frozenset[int] | None) -> Iterator[_Item]:
        seen: set[int] = set()
        for unit, whole in self.index.beginning(typed.name):
            weight = _WEIGHT_UNIT.get(unit.level)
            if weight is None or unit.id in seen or not unit.alive_on(self.day):
                continue
            if scope is not None and unit.id not in scope:
                continue
            seen.add(unit.id)
            near = float(self.near[unit.id]) * _WEIGHT_NEAR if self.near is not None else 0
            yield _Item(weight + near + _WEIGHT_WHOLE * whole, unit=unit)

    def _of_names(
        self, names: Names, key: str, typed: Typed, mask: NDArray[np.bool_] | None
    ) -> Iterator[_Item]:
        """The likeliest names that begin with `key`, and their places."""
        span = names.beginning(key)
        whole = bool(span) and names.keys[span.start] == key
        if whole and typed.named:
            span = range(span.start, span.start + 1)
        if not span or (typed.exact and not whole):
            return
        weights = self._weights(names, span, mask)
        if whole:
            weights[0] += _WEIGHT_WHOLE
        kept = min(self.typing.limit, len(span))
        for at in np.argpartition(-weights, kept - 1)[:kept]:
            if np.isfinite(weights[at]):
                yield from self._of_name(
                    names, span.start + int(at), float(weights[at]), typed, mask
                )

    def _weights(
        self, names: Names, span: range, mask: NDArray[np.bool_] | None
    ) -> NDArray[np.float64]:
        """Of each name: in how many places it stands, and how near the nearest is."""
        first, end = names.starts[span.start], names.starts[span.stop]
        units = names.units[first:end]
        cuts = (names.starts[span.start : span.stop] - first).astype(np.intp)
        inside = np.ones(len(units)) if mask is None else mask[units].astype(np.float64)
        counts = np.add.reduceat(inside, cuts)
        weights: NDArray[np.float64] = np.where(counts > 0, np.log2(1 + counts), -np.inf)
        if self.near is not None:
            nearest = np.maximum.reduceat(self.near[units] * inside, cuts)
            weights += _WEIGHT_NEAR * nearest
        return weights

    def _of_name(
        self, names: Names, name: int, weight: float, typed: Typed, mask: NDArray[np.bool_] | None
    ) -> Iterator[_Item]:
        """The name by itself where it is in many communes, and those of its places worth a line."""
        span = names.places(name)
        units, ids = names.units[span], names.ids[span]
        if mask is not None:
            inside = mask[units]
            units, ids = units[inside], ids[inside]
        communes = np.unique(units)
        shown = len(communes)
        if len(communes) > _FEW_PLACES and not (typed.named or typed.number):
            # With a point the two nearest come before the name, which leads to all others.
            shown = 2 if self.near is not None else 0
            behind = weight - 0.5 * (self.near is not None)
            yield _Item(behind, names=names, name=name, communes=len(communes))
        for rank, unit_id in enumerate(self._likeliest(communes, shown)):
            yield _Item(
                weight - rank / 1000,
                unit=self.gazetteer.units.get(int(unit_id)),
                names=names,
                name=name,
                ids=tuple(ids[units == unit_id].tolist()),
                number=typed.number,
            )

    def _likeliest(self, communes: NDArray[np.int32], count: int) -> NDArray[np.int32]:
        """Communes that were named first, then near ones, then those with many names: towns."""
        if not count:
            return communes[:0]
        order = -self._towns[communes]
        if self.near is not None:
            order = order - self.near[communes]
        if self.named:
            order = order - 9 * np.isin(communes, list(self.named))
        return communes[np.argsort(order, kind="stable")][: min(count, _LOOKED_IN)]

    @cached_property
    def _towns(self) -> NDArray[np.float64]:
        """By commune: its streets and localities, as a share so small that it only breaks ties."""
        counts = np.zeros(self.index.size)
        for names in self.names:
            known = names.per_unit[: self.index.size]
            counts[: len(known)] += known
        return counts / 1e6

    # What is shown

    def _shown(self, items: list[_Item]) -> list[Suggestion]:
        lines = list(self._doors([item for item in items if item.number is not None]))
        # Where a number is registered, the street without it is no answer.
        rest = [item for item in items if item.number is None or not lines]
        rest = rest[: self.typing.limit + _SPARE]
        known = self._known(rest)
        lines += [(item.weight, line) for item in rest for line in self._lines(item, known)]
        lines.sort(key=lambda line: -line[0])
        shown = {line.label: line for _, line in reversed(lines)}
        return list(shown.values())[::-1][: self.typing.limit]

    def _known(self, items: list[_Item]) -> dict[tuple[str, int], KnownPlace]:
        found: dict[tuple[str, int], KnownPlace] = {}
        for names in self.names:
            ids = [i for item in items if item.names is names for i in item.ids]
            places = known_places(self.reads, names.table, ids)
            found.update({(names.table, i): place for i, place in places.items()})
        return found

    def _lines(self, item: _Item, known: dict[tuple[str, int], KnownPlace]) -> Iterator[Suggestion]:
        if item.names is None:
            yield self._of_unit(item)
        elif item.unit is None:
            yield _of_many(item)
        else:
            table = item.names.table
            place = next((known[table, i] for i in item.ids if (table, i) in known), None)
            if place is not None:
                yield self._of_place(item, place)

    def _of_unit(self, item: _Item) -> Suggestion:
        unit = item.unit
        words = wording(self.gazetteer, self.day, LabelParts(), unit)
        return Suggestion(
            type=unit.level if unit else "",
            label=words.label,
            text=words.label,
            code=None,
            places=1,
            commune=words.commune,
            province=words.province,
            lon=unit.lon if unit else None,
            lat=unit.lat if unit else None,
        )

    def _of_place(self, item: _Item, place: KnownPlace) -> Suggestion:
        parts = _parts(item.names, place.kind, place.name)
        words = wording(self.gazetteer, self.day, parts, item.unit)
        typed = wording(self.gazetteer, self.day, replace(parts, number_key=item.number), item.unit)
        return Suggestion(
            type="street" if parts.street_name else "locality",
            label=words.label,
            text=typed.label,
            code=None,
            places=1,
            commune=words.commune,
            province=words.province,
            lon=place.lon,
            lat=place.lat,
        )

    def _doors(self, items: list[_Item]) -> Iterator[tuple[float, Suggestion]]:
        """Doors whose number begins as typed, weighed as their places; the number itself first."""
        for names in self.names:
            for number in dict.fromkeys(item.number or "" for item in items):
                here = [i for i in items if i.names is names and i.number == number]
                item_of = {i: item for item in here[:_LOOKED_IN] for i in item.ids}
                ids = list(item_of)[:_LOOKED_IN]
                doors = doors_numbered(self.reads, names.table, ids, number)
                doors.sort(key=lambda d: (d.number != number, -item_of[d.place_id].weight))
                doors = doors[: self.typing.limit]
                known = known_places(self.reads, names.table, [d.place_id for d in doors])
                for rank, door in enumerate(doors):
                    item = item_of[door.place_id]
                    weight = here[0].weight - rank / 10_000
                    yield weight, self._of_door(door, item, known[door.place_id])

    def _of_door(self, door: NumberedDoor, item: _Item, place: KnownPlace) -> Suggestion:
        parts = _parts(item.names, place.kind, place.name)
        parts = replace(parts, number_key=door.number)
        words = wording(self.gazetteer, self.day, parts, item.unit)
        return Suggestion(
            type="door",
            label=words.label,
            text=words.label,
            code=door.code,
            places=1,
            commune=words.commune,
            province=words.province,
            lon=door.lon,
            lat=door.lat,
        )


def _keys(names: Names, typed: Typed) -> Iterator[str]:
    """What keys of the table may begin with; a locality is also known by its bare name."""
    if names.table == "thoroughfare":
        yield from typed.street_keys
        return
    yield from typed.locality_keys
    bare = typed.locality_keys[-1]
    if len(bare) > 2 and not bare.isdigit():
        yield from (f"{kind} {bare}" for kind in names.kind_keys)


def _parts(names: Names | None, kind: str, name: str) -> LabelParts:
    if names is not None and names.table == "locality":
        return LabelParts(localities=((kind, name),))
    return LabelParts(street_kind=kind, street_name=name)


def _of_many(item: _Item) -> Suggestion:
    """A name that several communes have; typing goes on with the commune."""
    names, at = item.names, item.name
    if names is None:
        raise ValueError("a name is needed")
    words = label(_parts(names, names.kinds[at], names.names[at]), ())
    return Suggestion(
        type="street" if names.table == "thoroughfare" else "locality",
        label=words,
        text=f"{words}, ",
        code=None,
        places=item.communes,
        commune=None,
        province=None,
        lon=None,
        lat=None,
    )
