"""A household as it is shown: its columns, its names, its wording of today and of the old map."""

import datetime
from typing import Final, NamedTuple

from geo.label import LabelParts, alley_word, door_words
from geo.values import value
from registry.gazetteer import Gazetteer, Unit
from registry.remembered import Remembered
from registry.units import LAST_DAY_OF_OLD_MAP

PLACES: Final = ("thoroughfare", "locality")
"""Tables of what leads to a door."""
OPEN: Final = "h.status = 'active' AND NOT h.restricted"
"""SQL: whether the household `h` may be shown to everybody."""

# The way up from a locality and the way on from a retired code are walked only where there is one.
_OUTER: Final = """CASE WHEN l.parent_id IS NOT NULL THEN (
        WITH RECURSIVE up AS (
            SELECT p.kind, p.name, p.parent_id, 1 AS step FROM locality p WHERE p.id = l.parent_id
            UNION ALL
            SELECT p.kind, p.name, p.parent_id, up.step + 1
            FROM up JOIN locality p ON p.id = up.parent_id WHERE up.step < 9
        ) SELECT array_agg(ARRAY[up.kind, up.name] ORDER BY up.step) FROM up
    ) END"""
_SUCCESSORS: Final = """CASE WHEN h.status = 'retired' THEN (
        WITH RECURSIVE onward AS (
            SELECT s.new_code FROM succession_link s
            WHERE s.old_code = h.code AND s.ended_by_event_id IS NULL
            UNION
            SELECT s.new_code FROM onward o JOIN succession_link s
                ON s.old_code = o.new_code AND s.ended_by_event_id IS NULL
        ) SELECT array_agg(n.code ORDER BY n.code)
        FROM onward o JOIN household n ON n.code = o.new_code
        WHERE n.status <> 'retired' AND NOT n.restricted
    ) END"""


def columns(
    *,
    street: str = "t.kind, t.name, t.key",
    locality: str = "l.kind, l.name, l.key",
    outer: str = _OUTER,
    successors: str = _SUCCESSORS,
) -> str:
    """The columns of a `Record` in its order, of the household `h`.

    What a statement knows otherwise, or does not ask for, it need not look up: a part of it that is
    never walked is made ready all the same.
    """
    return f"""
    h.code, h.kind, h.status, h.restricted, h.unit_id, h.former_unit_id, h.thoroughfare_id,
    h.locality_id, {street}, {locality}, {outer},
    h.house_number_key, h.house_number, h.building_name, h.building_key, h.floor, h.unit_number,
    h.parent_code, h.households_count, ST_X(h.point), ST_Y(h.point), h.position_method,
    h.position_accuracy_m,
    h.verified_on, h.delivery_hint, {successors}, h.event_id
"""


COLUMNS: Final = columns()
"""All of a `Record`; `t` and `l` come with JOINS."""
JOINS: Final = """
    LEFT JOIN thoroughfare t ON t.id = h.thoroughfare_id
    LEFT JOIN locality l ON l.id = h.locality_id
"""


class Record(NamedTuple):
    """A household or building; the fields are those of `columns` in their order.

    A tuple, made of a row in a fraction of the time that setting its fields one by one takes.
    """

    code: str
    kind: str
    status: str
    restricted: bool
    unit_id: int | None
    former_unit_id: int | None
    thoroughfare_id: int | None
    locality_id: int | None
    street_kind: str | None
    street_name: str | None
    street_key: str | None
    locality_kind: str | None
    locality_name: str | None
    locality_key: str | None
    outer_localities: list[list[str]] | None
    """[kind, name] of what holds the locality, the smaller first."""
    number_key: str | None
    number_written: str | None
    building: str | None
    building_key: str | None
    floor: str | None
    unit_number: str | None
    parent_code: str | None
    households_count: int
    lon: float | None
    lat: float | None
    position_method: str | None
    accuracy_m: float | None
    verified_on: datetime.date | None
    delivery_hint: str | None
    successors: list[str] | None
    """Codes that continue a retired one, through any number of steps; none that is retired."""
    event_id: int
    """The event that wrote this state: no two states of a record have the same."""

    @property
    def localities(self) -> tuple[tuple[str, str], ...]:
        """(kind, name) of each locality around it, the smallest first."""
        if self.locality_kind is None or self.locality_name is None:
            return ()
        outer = ((kind, name) for kind, name in self.outer_localities or ())
        return ((self.locality_kind, self.locality_name), *outer)

    @property
    def label_parts(self) -> LabelParts:
        """What its wording is made of."""
        return LabelParts(
            self.unit_number,
            self.floor,
            self.building,
            self.number_key,
            self.number_written,
            self.street_kind,
            self.street_name,
            self.localities,
        )


@value(frozen=True, slots=True)
class Span:
    """Days from `first` to before `end`; None is open."""

    first: datetime.date | None
    end: datetime.date | None


@value(frozen=True, slots=True)
class Wording:
    """A place in words: of today, and of the map before July 2025 where that is known."""

    label: str
    before_2025_07: str | None
    commune: Unit | None
    province: Unit | None
    map: Span
    """On which days the units have borne these names together."""
    former_district: str | None = None
    """That of the former commune, which none of today has."""


@value(frozen=True, slots=True)
class _UnitWords:
    """How a unit is written behind a door."""

    names: tuple[str, ...]
    district: Unit | None
    province: Unit | None
    map: Span


_words: Final = Remembered[tuple[int, datetime.date], _UnitWords](32_768)


def wording(
    gazetteer: Gazetteer,
    day: datetime.date,
    parts: LabelParts,
    unit: Unit | None,
    former: Unit | None = None,
) -> Wording:
    """The wording of a door in `unit`, a commune or province, as the map of `day` has it."""
    if unit is None:
        return Wording(", ".join(door_words(parts)), None, None, None, Span(None, None))
    words = _unit_words(gazetteer, unit, day)
    door = door_words(parts, alley_word(words.names[-1]))
    before = district = None
    if former is not None and former.level == "commune":
        last = last_day(former)
        then = _unit_words(gazetteer, former, last)
        before = ", ".join((*door, *then.names))
        district = then.district.version_on(last).full_name if then.district else None
    commune = unit if unit.level == "commune" else None
    province = words.province if commune else unit
    label = ", ".join((*door, *words.names))
    return Wording(label, before, commune, province, words.map, district)


def _unit_words(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> _UnitWords:
    known = _words.of(gazetteer)
    found = known.get((unit.id, day))
    if found is None:
        district, province = gazetteer.district_of(unit, day), gazetteer.province_of(unit, day)
        held = (unit, district, province)
        names = unit_names(unit, day, district, province)
        found = _UnitWords(names, district, province, map_of(held, day))
        _words.keep(known, (unit.id, day), found)
    return found


def last_day(former: Unit) -> datetime.date:
    """The last day of the map with districts, or of a former unit if that came first."""
    if former.ended is None:
        return LAST_DAY_OF_OLD_MAP
    return min(LAST_DAY_OF_OLD_MAP, former.ended - datetime.timedelta(days=1))


def record_wording(gazetteer: Gazetteer, day: datetime.date, record: Record) -> Wording:
    """The wording of a record."""
    units = gazetteer.units
    unit = units.get(record.unit_id) if record.unit_id else None
    former = units.get(record.former_unit_id) if record.former_unit_id else None
    return wording(gazetteer, day, record.label_parts, unit, former)


def unit_names(unit: Unit, day: datetime.date, *holders: Unit | None) -> tuple[str, ...]:
    """Full names on `day`, the smallest unit first."""
    return tuple(u.version_on(day).full_name for u in (unit, *holders) if u is not None)


def map_of(units: tuple[Unit | None, ...], day: datetime.date) -> Span:
    """The days around `day` on which all these units are called as they are then."""
    versions = [unit.version_on(day) for unit in units if unit is not None]
    firsts = [version.valid_from for version in versions if version.valid_from is not None]
    ends = [version.valid_to for version in versions if version.valid_to is not None]
    return Span(max(firsts, default=None), min(ends, default=None))
