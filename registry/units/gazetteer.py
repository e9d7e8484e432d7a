"""All units of all maps in memory: what a code or a name meant on a day, and its successors.

About 15,000 units. `registry.units.gazetteer_loading` copies them from the database, and
`registry.units.gazetteer_cache` keeps a server's copy up to date.

A copy is as of a day, without announced changes: until the effective date a unit has no end, no
other name and no successor, and a future unit does not exist. So callers interested in the present
need not consider the future, which is in `Gazetteer.coming`.
"""

import datetime
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from geo.admin import LEVELS, full_name, full_name_en, name_key, parse_name
from geo.text import accent_key
from geo.words import ROMAN
from registry.units.one_map import doubt
from registry.units.unit_days import seen_on, turning_days

VIET_NAM: Final = datetime.timezone(datetime.timedelta(hours=7))
_AHEAD_S: Final = 7 * 3_600
_ROMAN_OF: Final = {digits: letters for letters, digits in ROMAN.items()}


def today() -> datetime.date:
    """Return the date in Viet Nam, which has one time zone and no summer time."""
    return _day(int((time.time() + _AHEAD_S) // 86_400))


@lru_cache(maxsize=2)
def _day(since_1970: int) -> datetime.date:
    # Called several times per request; creating a date costs more than looking up a name.
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=since_1970)


def seconds_until(day: datetime.date) -> int:
    """Return the seconds until `day` begins in Viet Nam; negative if it has begun."""
    return (day - datetime.date(1970, 1, 1)).days * 86_400 - _AHEAD_S - int(time.time())


@dataclass(frozen=True, slots=True)
class UnitVersion:
    """Name, kind and parents of a unit over [valid_from, valid_to); None is an open end."""

    name: str
    name_en: str
    kind: str
    province_id: int | None
    district_id: int | None
    valid_from: datetime.date | None
    valid_to: datetime.date | None
    legal_basis: str | None
    date_basis: str

    @property
    def full_name(self) -> str:
        """Official wording: `Phường Ba Đình`."""
        return full_name(self.kind, self.name)

    @property
    def full_name_en(self) -> str:
        """Wording for readers of English: `Ba Dinh Ward`."""
        return full_name_en(self.kind, self.name_en)

    def covers(self, day: datetime.date) -> bool:
        """Whether it is valid on `day`."""
        return _within(day, self.valid_from, self.valid_to)


UnitIds = dict[str, str]
"""Scheme → its identifier of a unit."""


class UnitRef(TypedDict):
    """A unit in short."""

    code: str
    name: Annotated[str, Field(examples=["Phường Ba Đình"])]
    ids: NotRequired[UnitIds]
    """Scheme → what it calls the unit that day; only with `ids`"""


UnitLevel = Literal["province", "district", "commune"]


@dataclass(frozen=True, slots=True)
class UnitIdentifier:
    """A unit's identifier in a scheme other than the official code, over [first, end)."""

    scheme: str
    value: str
    first: datetime.date | None
    end: datetime.date | None


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with all its names, over [born, ended)."""

    id: int
    level: UnitLevel
    code: str
    born: datetime.date | None
    ended: datetime.date | None
    lon: float | None
    lat: float | None
    area_km2: float | None
    versions: tuple[UnitVersion, ...]
    aliases: tuple[tuple[str, str], ...]
    """(kind, alias): kind is name, code, abbreviation, english or former."""
    signed: tuple[UnitVersion, ...] = ()
    """Decided changes with an unknown effective date; not part of any day's map."""
    identifiers: tuple[UnitIdentifier, ...] = field(default=(), compare=False)
    """Sorted by scheme and day; at most one per scheme and day."""

    def alive_on(self, day: datetime.date) -> bool:
        """Whether it exists on `day`."""
        born, ended = (
            self.born,
            self.ended,
        )  # called several times per row: a function call would double the time
        return (born is None or born <= day) and (ended is None or day < ended)

    def version_on(self, day: datetime.date) -> UnitVersion:
        """Return its version on `day`, or the nearest one if it did not exist that day."""
        for version in self.versions:
            if version.covers(day):
                return version
        early = self.versions[0].valid_from
        return self.versions[0] if early is not None and day < early else self.versions[-1]

    def identifiers_on(self, day: datetime.date) -> dict[str, str]:
        """Map schemes to the unit's identifiers on `day`."""
        return {i.scheme: i.value for i in self.identifiers if _within(day, i.first, i.end)}

    def identifier(self, scheme: str, day: datetime.date) -> str | None:
        """Return its identifier in a scheme on `day`; None if unknown."""
        for each in self.identifiers:
            if each.scheme == scheme and _within(day, each.first, each.end):
                return each.value
        return None


Extent = Literal["full", "partial"]
"""Extent of a succession: all or a part of the predecessor."""


@dataclass(frozen=True, slots=True)
class Succession:
    """One step from a unit to a successor."""

    predecessor: Unit
    successor: Unit
    extent: Extent
    effective_on: datetime.date


@dataclass(frozen=True, slots=True)
class UnitName:
    """One name of a unit, of any day, with the two keys for comparison."""

    unit: Unit
    name: str
    kind: str | None
    """Its kind under that name; None for an alias, which has none."""
    key: str
    accents: str


def _within(day: datetime.date, first: datetime.date | None, end: datetime.date | None) -> bool:
    return (first is None or first <= day) and (end is None or day < end)


class Units(dict[int, Unit]):
    """Units by id; looking up an unknown id marks the answer as doubtful: the copy may be old."""

    def get(self, key: int, default: Any = None) -> Any:
        """Return the unit; 0 is never an id."""
        found = super().get(key, default)
        if found is None and key:
            doubt()
        return found

    def __contains__(self, key: object) -> bool:
        found = super().__contains__(key)
        if not found:
            doubt()
        return found

    def __missing__(self, key: int) -> Unit:
        doubt()
        raise KeyError(key)


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """An immutable copy of all units. Lookups of unknown values return None or empty."""

    version: int
    units: dict[int, Unit]
    steps: tuple[Succession, ...]
    coming: "Gazetteer | None" = field(default=None, repr=False)
    """The copy with announced changes; None if there are none."""
    turned_on: datetime.date | None = None
    """The latest day, up to the copy's, on which a unit changed."""
    turns_on: datetime.date | None = None
    """The day of the next announced change, from which another copy is needed."""
    _by_code: dict[str, list[Unit]] = field(init=False, default_factory=dict)
    _forward: dict[int, list[Succession]] = field(init=False, default_factory=dict)
    _backward: dict[int, list[Succession]] = field(init=False, default_factory=dict)
    _members: dict[int, list[Unit]] = field(init=False, default_factory=dict)
    _holders: dict[int, dict[int, int]] = field(init=False, default_factory=dict)
    _same_holders: dict[tuple[tuple[int, int], ...], dict[int, int]] = field(
        init=False, default_factory=dict
    )
    remembered: dict[object, Any] = field(init=False, default_factory=dict, repr=False)
    """Values computed from it by callers, see `registry.units.remembered`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", Units(self.units))
        by_code, members = defaultdict(list), defaultdict(list)
        for unit in self.units.values():
            by_code[unit.code].append(unit)
            for kind, alias in unit.aliases:
                if kind == "code" and alias != unit.code:
                    by_code[alias].append(unit)
            for parent in set(_parents(unit)):
                members[parent].append(unit)
        self._by_code.update(by_code)
        self._members.update(members)
        forward, backward = defaultdict(list), defaultdict(list)
        for step in self.steps:
            forward[step.predecessor.id].append(step)
            backward[step.successor.id].append(step)
        self._forward.update(forward)
        self._backward.update(backward)

    def of_day(self, day: datetime.date) -> "Gazetteer":
        """Return the copy of `day`: itself until the next announced change."""
        started = self.turned_on is None or self.turned_on <= day  # clocks may be set back
        if started and (self.turns_on is None or day < self.turns_on):
            return self
        whole = self.coming or self
        return copy_of(day, self.version, whole.units, whole.steps)

    def knowing(self, day: datetime.date) -> "Gazetteer":
        """Return the copy with the map of `day`, which for a future day has announced changes."""
        later = self.turns_on is not None and self.turns_on <= day
        return self.coming if later and self.coming is not None else self

    def with_code(self, code: str) -> list[Unit]:
        """Return all units that have or had `code`, the latest first."""
        found = self._by_code.get(code, [])
        return sorted(found, key=lambda u: (u.code == code, u.born or datetime.date.min))[::-1]

    def identified(self, scheme: str, value: str, day: datetime.date) -> list[Unit]:
        """Return the units of `day` with this identifier in a scheme, by level and code."""
        found = self.ever_identified(scheme, value)
        return [u for u in found if u.alive_on(day) and u.identifier(scheme, day) == value]

    def ever_identified(self, scheme: str, value: str) -> Sequence[Unit]:
        """Return the units that have or had this identifier in a scheme."""
        return self._by_identifier.get((scheme, value), ())

    def alive(self, day: datetime.date, *, level: str | None = None) -> Iterator[Unit]:
        """Yield units that exist on `day`, by level and code."""
        for unit in self._in_order:
            if unit.alive_on(day) and level in (None, unit.level):
                yield unit

    def named(self, key: str) -> list[UnitName]:
        """Return the names of any unit of any map with the `name_key` `key`."""
        return self._by_name[0].get(key, [])

    def names_of(self, unit: Unit) -> tuple[UnitName, ...]:
        """Return all current and former names of `unit`."""
        return self._by_name[1][unit.id]

    def successors(self, unit: Unit) -> list[Succession]:
        """Return the steps from `unit`, by code."""
        return self._forward.get(unit.id, [])

    def predecessors(self, unit: Unit) -> list[Succession]:
        """Return the steps to `unit`, by code."""
        return self._backward.get(unit.id, [])

    def members(self, unit: Unit, day: datetime.date) -> list[Unit]:
        """Return the units in the province or district `unit` on `day`, unordered."""
        return [
            member
            for member in self._members.get(unit.id, ())
            if member.alive_on(day) and unit.id in _parent_ids(member.version_on(day))
        ]

    def holders(self, unit: Unit) -> dict[int, int]:
        """Map ids of provinces and districts around `unit` to 2 if it was in them, 1 if its land
        was by one reform, 0 if by several.

        Across any number of reforms: an old province with a new ward, or a new province with an
        old one, is common in addresses.
        """
        known = self._holders.get(unit.id)
        if known is None:
            far = chain(_along(unit, self._onward), _along(unit, self._back))
            known = dict.fromkeys((i for relative in far for i in _parents(relative)), 0)
            near = chain(self._onward(unit), self._back(unit))
            known.update(dict.fromkeys((i for relative in near for i in _parents(relative)), 1))
            known.update(dict.fromkeys(_parents(unit), 2))
            # Shared with neighbours, which have the same.
            known = self._same_holders.setdefault(tuple(known.items()), known)
            self._holders[unit.id] = known
        return known

    def _onward(self, unit: Unit) -> Iterator[Unit]:
        return (step.successor for step in self.successors(unit))

    def _back(self, unit: Unit) -> Iterator[Unit]:
        return (step.predecessor for step in self.predecessors(unit))

    def province_of(self, unit: Unit, day: datetime.date) -> Unit | None:
        """Return the province of `unit` on `day`; None for a province."""
        return self.units.get(unit.version_on(day).province_id or 0)

    def district_of(self, unit: Unit, day: datetime.date) -> Unit | None:
        """Return the district of `unit` on `day`; None since July 2025."""
        return self.units.get(unit.version_on(day).district_id or 0)

    @cached_property
    def _by_name(self) -> tuple[dict[str, list[UnitName]], dict[int, tuple[UnitName, ...]]]:
        """Names by key and by unit, built on first use: a file of codes never needs them."""
        by_key: dict[str, list[UnitName]] = defaultdict(list)
        names = {unit.id: tuple(_names(unit)) for unit in self.units.values()}
        for of_unit in names.values():
            for name in of_unit:
                by_key[name.key].append(name)
        return dict(by_key), names

    @cached_property
    def schemes(self) -> tuple[tuple[str, UnitLevel], ...]:
        """Return each scheme with the levels of its units, of any map."""
        return tuple(sorted({(i.scheme, u.level) for u in self._in_order for i in u.identifiers}))

    @cached_property
    def _by_identifier(self) -> dict[tuple[str, str], list[Unit]]:
        found: dict[tuple[str, str], list[Unit]] = defaultdict(list)
        for unit in self._in_order:
            for key in dict.fromkeys((each.scheme, each.value) for each in unit.identifiers):
                found[key].append(unit)
        return dict(found)

    @cached_property
    def _in_order(self) -> list[Unit]:
        return sorted(
            self.units.values(),
            key=lambda u: (LEVELS.index(u.level), u.code, u.born or datetime.date.min),
        )


def copy_of(
    day: datetime.date, version: int, units: dict[int, Unit], steps: tuple[Succession, ...]
) -> Gazetteer:
    """Return the copy of `day`."""
    turned_on, turns_on = turning_days(day, units.values(), steps)
    if turns_on is None:
        return Gazetteer(version, units, steps, turned_on=turned_on)
    coming = Gazetteer(version, units, steps)
    return Gazetteer(version, *seen_on(day, units, steps), coming, turned_on, turns_on)


def _along(unit: Unit, near: Callable[[Unit], Iterable[Unit]]) -> Iterator[Unit]:
    """Yield all units reachable from `unit`, each once, without itself."""
    waiting, seen = [unit], {unit.id}
    while waiting:
        for one in near(waiting.pop()):
            if one.id not in seen:
                seen.add(one.id)
                waiting.append(one)
                yield one


def _parents(unit: Unit) -> Iterator[int]:
    for version in unit.versions:
        yield from (i for i in _parent_ids(version) if i is not None)


def _parent_ids(version: UnitVersion) -> tuple[int | None, int | None]:
    return version.province_id, version.district_id


def _names(unit: Unit) -> Iterator[UnitName]:
    """Yield each name once: three versions with one name and kind are one hit."""
    seen = set()
    for version in unit.versions:
        if (version.name, version.kind) not in seen:
            seen.add((version.name, version.kind))
            yield _name(unit, version.name, version.kind)
            for writing in _other_writings(version.name):
                yield _name(unit, writing, version.kind)
    for kind, alias in unit.aliases:
        if kind != "code":
            yield _name(unit, alias, None)
        if kind == "former" and unit.level == "district":
            yield from _former_alone(unit, alias, {name for name, _ in seen})


def _former_alone(unit: Unit, alias: str, known: set[str]) -> Iterator[UnitName]:
    """Yield a former name without its kind: `Huyện Tĩnh Gia`, today Nghi Sơn, as `Tĩnh Gia`."""
    former = parse_name(alias)[0]
    if former.kinds and not former.key.isdigit() and former.name not in known:
        yield UnitName(unit, former.name, former.kinds[0], former.key, accent_key(former.name))


def _other_writings(name: str) -> Iterator[str]:
    """Yield other spellings: Cư M'gar is often written Cư Mgar, Krông A Na Krông Ana, Hải Châu I as
    Hải Châu 1, and Mỹ Đình 2 as Mỹ Đình II.
    """
    if "'" in name:
        yield name.replace("'", "")
    if " A " in name:
        joined, _, behind = name.partition(" A ")
        yield f"{joined} A{behind.lower()}"
    front, _, number = name.rpartition(" ")
    if front and (other := ROMAN.get(number) or _ROMAN_OF.get(number)):
        yield f"{front} {other}"


def _name(unit: Unit, name: str, kind: str | None) -> UnitName:
    return UnitName(unit, name, kind, name_key(name), accent_key(name))
